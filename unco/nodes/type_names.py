"""What the usual names of types stand for, in full and in the languages that models fall into."""

from collections.abc import Mapping, Sequence

_MISCELLANEOUS = (
    *("misc", "miscellaneous", "other", "others"),
    *("其他", "其它", "杂项", "その他", "기타", "другое", "прочее", "sonstiges", "sonstige", "verschiedenes"),
    *("divers", "autre", "otro", "otros", "outro", "outros", "altro", "diğer", "lainnya", "khác", "أخرى"),
)

IN_FULL: Mapping[str, Sequence[str]] = {
    "PER": (
        *("person", "persons", "people"),
        *("人", "人物", "人名", "個人", "인물", "사람", "человек", "персона", "личность"),
        *("personne", "persona", "pessoa", "persoon", "osoba", "kişi", "orang", "người", "شخص"),
    ),
    "LOC": (
        *("location", "locations", "place", "places"),
        *("地点", "地點", "地名", "位置", "场所", "場所", "장소", "위치", "지역", "место", "локация", "местоположение"),
        *("ort", "lieu", "lugar", "ubicación", "localização", "luogo", "plaats", "yer", "konum", "lokasi"),
        *("địa điểm", "موقع", "مكان"),
    ),
    "ORG": (
        *("organization", "organizations", "organisation", "organisations"),
        *("组织", "組織", "机构", "機構", "组织机构", "組織機構", "団体", "조직", "기관", "단체", "организация"),
        *("organización", "organização", "organizzazione", "organisatie", "organizacja", "kuruluş", "organisasi"),
        *("tổ chức", "منظمة"),
    ),
    "MISC": _MISCELLANEOUS,
    "OTHER": _MISCELLANEOUS,
}
"""By the name of a label, as schemes spell it. Only what means the same: a company or a city is no name of a type."""
