"""Label schemes: Twitter-GMNER's 4 types, Twitter-FMNERG's 51 in 8 coarse ones, or a user's own.

The descriptions are ours, written after looking at what the annotators put under each name.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from unco.errors import DataError, SettingsError
from unco.plain_yaml import read_yaml
from unco.small_model.config import GMNER_LABELS, Scheme
from unco.types import GoldPost, Label

_SCHEME: dict[str, dict[str, str]] = {
    "person": {
        "politician": "A person who holds, held or seeks political office, or a monarch or royal.",
        "musician": "A singer, rapper, composer, DJ or member of a band, named as a person.",
        "actor": "A person who acts in films, series or on stage, or is famous for appearing on television.",
        "athlete": "A person who competes in a sport, also when retired.",
        "artist": "A person in visual art, fashion, modelling or dance: painters, designers, photographers, models.",
        "author": "A person known for writing books, poems or comics.",
        "journalist": "A person who reports, comments or presents for news or sports media.",
        "coach": "A person who trains or manages a sports team or an athlete.",
        "director": "A person who directs or produces films, series or plays.",
        "intellectual": "A scientist, scholar, philosopher, teacher or doctor, known for knowledge.",
        "businessman": "A person who founds, owns or runs a company, a club or a league.",
        "character": "An invented or legendary being with a name: from films, books, games, comics or myths.",
        "person_other": "A person whose work is none of the other kinds or cannot be told, private people among them.",
    },
    "organization": {
        "company": "A business: makers, shops, banks, airlines, chains; meant as the firm, not as its product.",
        "educational_institution": "A school, college or university.",
        "band": "A group of musicians under one name.",
        "government_agency": "An organ of a state: ministries, parliaments, courts, police, space and health agencies.",
        "news_agency": "A news organisation: newspapers, broadcasters, channels, press agencies, online news media.",
        "organization_other": "A group of none of the other kinds: armed forces and their units, choirs, crews.",
        "political_party": "A political party or a group named by it, such as its members.",
        "social_organization": "A group formed for a cause: charities, unions, movements, alliances, militant groups.",
        "sports_league": "A league or governing body in which teams compete, such as NBA or Serie A.",
        "sports_team": "A club or team that plays a sport, also when named only by its city or country.",
    },
    "location": {
        "city": "A city, town or village, or a nickname of one.",
        "continent": "A continent or a part of the world as large, also as an adjective.",
        "country": "A sovereign state, also as an adjective or as the name of its people.",
        "state": "A part of a country with its own government: states, provinces, counties.",
        "location_other": "Any other place: seas, rivers, islands, mountains, regions, planets.",
        "park": "A park, square, garden, zoo or reserve, or a district or neighbourhood of a city.",
        "road": "A street, avenue, motorway, trail or bridge road.",
    },
    "building": {
        "building_other": "A building of none of the other kinds: towers, town halls, hospitals, stations, airports.",
        "cultural_place": "A building for culture or worship: museums, galleries, theatres, libraries, churches.",
        "entertainment_place": "A place to eat, drink, stay or play: restaurants, bars, hotels, theme parks.",
        "sports_facility": "A place where sport is played: stadiums, arenas, courts, race tracks.",
    },
    "event": {
        "sports_event": "A sports competition held at a time: a cup, final, tournament, race or Games.",
        "festival": "A holiday, festival, concert, gala or show that people attend or celebrate.",
        "event_other": "Any other named happening: wars, disasters, conferences, campaigns, trials.",
    },
    "art": {
        "art_other": "Any other work of art: paintings, sculptures, photographs, exhibitions, comics.",
        "film_and_television_works": "A film, series, television programme or online show.",
        "magazine": "A magazine or journal, meant as the publication; also a newspaper meant as its printed issue.",
        "music": "A song, album, piece of music or concert tour.",
        "written_work": "A book, poem, play, report or other text with a title.",
    },
    "product": {
        "brand_name_products": "A thing for sale under a brand or model name: phones, cars, clothes, drinks, devices.",
        "game": "A game with a name: video games, board games, mobile games.",
        "product_other": "Any other made thing: vehicles, ships, spacecraft, weapons, dishes, flags, materials.",
        "software": "A program, app, operating system or computing service, meant as software.",
    },
    "other": {
        "animal": "An animal with a name of its own, or a named breed or species.",
        "award": "A prize, medal, trophy or title that is given to winners.",
        "medical_thing": "A disease, drug, therapy or other medical term.",
        "ordinance": "A law, treaty, bill, programme or policy.",
        "website": "A website or online platform, meant as a place on the web.",
    },
}

FMNERG_LABELS: tuple[Label, ...] = tuple(
    Label(name, description) for group in _SCHEME.values() for name, description in group.items()
)
"""The 51 fine types, grouped by coarse type."""

COARSE_OF: dict[str, str] = {name: coarse for coarse, group in _SCHEME.items() for name in group}
"""Fine type -> one of person, organization, location, building, event, art, product, other."""

_GMNER_OF_COARSE = {"person": "PER", "organization": "ORG", "location": "LOC", "building": "LOC"}

GMNER_OF: dict[str, str] = {name: _GMNER_OF_COARSE.get(coarse, "OTHER") for name, coarse in COARSE_OF.items()}
"""Fine type -> PER, LOC, ORG or OTHER; without exception on all tweets of the two data sets."""

PERSON_TYPES: frozenset[str] = frozenset({"PER", "person", *_SCHEME["person"]})
"""Person types of our schemes."""

COARSE_LABELS = (
    Label("person", "A person or a named character."),
    Label("organization", "A group that acts as one: companies, teams, leagues, bands, schools, agencies, parties."),
    Label("location", "A place that is no building: countries, cities, roads, parks, natural sites."),
    Label("building", "A building: stadiums, restaurants, museums, stations, towers."),
    Label("event", "A happening with a name: festivals, holidays, competitions, wars."),
    Label("art", "A work of art or entertainment: films, series, songs, books, magazines."),
    Label("product", "A thing that is made or sold: brands, games, software, vehicles."),
    Label("other", "Any other name: animals, awards, laws, medical terms, websites."),
)
"""Twitter-FMNERG's 8 coarse types."""


@dataclass(frozen=True, slots=True)
class LabelScheme:
    """The labels that a network predicts, and the coarser schemes that they map to."""

    name: str
    labels: tuple[Label, ...]
    coarser: tuple[Scheme, ...] = ()
    people: tuple[str, ...] = ()
    """Labels of a user's own that are persons."""


@dataclass(frozen=True, slots=True)
class _OwnLabel:
    """One type of a user's YAML file."""

    name: str
    description: str
    person: bool = False


def label_scheme(name: str) -> LabelScheme:
    """Find a scheme by name (gmner, fmnerg), or read it from a YAML file: a list of `name` and `description`.

    A type of such a file with `person: true` is seen as people in pictures.

    Raises:
        SettingsError: there is no such scheme, or the file is not in the format.
    """
    if name == "gmner":
        return LabelScheme(name, GMNER_LABELS)
    if name == "fmnerg":
        coarse = (
            _coarser("gmner", GMNER_LABELS, GMNER_OF),
            _coarser("fmnerg_coarse", COARSE_LABELS, COARSE_OF),
        )
        return LabelScheme(name, FMNERG_LABELS, coarse)
    path = Path(name)
    try:
        labels = _read_own(path)
    except SettingsError as error:
        raise SettingsError(f"no label scheme {name!r}: choose gmner or fmnerg, or give a file: {error}") from error
    if path.stem in ("gmner", "fmnerg", "fmnerg_coarse"):
        raise SettingsError(f"{path}: {path.stem} is the name of a scheme of ours: give the file another")
    people = tuple(label.name for label in labels if label.person)
    return LabelScheme(path.stem, _as_labels(labels), people=people)


def read_labels(path: Path) -> tuple[Label, ...]:
    """Read types from a YAML file: a list of `name` and `description`.

    Raises:
        SettingsError: it cannot be read, is no such list, is empty, or has a name twice.
    """
    return _as_labels(_read_own(path))


def _as_labels(labels: Sequence[_OwnLabel]) -> tuple[Label, ...]:
    return tuple(Label(label.name, label.description) for label in labels)


def _read_own(path: Path) -> tuple[_OwnLabel, ...]:
    try:
        labels = TypeAdapter(tuple[_OwnLabel, ...]).validate_python(read_yaml(path))
    except (OSError, ValueError) as error:  # pydantic's is a ValueError
        raise SettingsError(f"{path} is no YAML file that is a list of `name` and `description`: {error}") from error
    names = [label.name for label in labels]
    if not labels or len(set(names)) < len(names):
        raise SettingsError(f"{path}: a label scheme needs labels, each name once; got {names}")
    return labels


def _coarser(name: str, labels: tuple[Label, ...], of: dict[str, str]) -> Scheme:
    names = [label.name for label in labels]
    return Scheme(name, labels, tuple(names.index(of[label.name]) for label in FMNERG_LABELS))


def check_types(posts: Sequence[GoldPost], types: Sequence[str]) -> None:
    """Check that a label scheme covers the data.

    Raises:
        DataError: an entity's type is not in the scheme; the first such entity is named.
    """
    for post in posts:
        for entity in post.entities:
            if entity.type not in types:
                name = " ".join(post.tokens[entity.span.start : entity.span.stop])
                raise DataError(
                    f"post {post.id}: {name!r} is a {entity.type!r}, which the label scheme lacks; it has "
                    f"{', '.join(types)}. Train with the data's own scheme: another --recipe, or --labels FILE of yours"
                )
