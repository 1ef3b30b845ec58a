"""Readers of Twitter-GMNER and -FMNERG: the format on small files, the counts of the paper's Table 4 on real ones."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unco.errors import DataError
from unco.evals.data.twitter_gmner import bio_spans, read_captions, read_fmnerg, read_gmner
from unco.evals.data.voc import read_boxes
from unco.evals.formats.detect_format import read_gold
from unco.small_model.label_schemes import COARSE_OF, GMNER_OF
from unco.types import Box, Span

XML = """<annotation><size><width>200</width><height>100</height><depth>3</depth></size>
<object><name>Ann Lee</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>
<object><name>Ann Lee</name><bndbox><xmin>50</xmin><ymin>2</ymin><xmax>90</xmax><ymax>40</ymax></bndbox></object>
</annotation>"""


def write(folder: Path, text: str) -> Path:
    (folder / "txt").mkdir()
    (folder / "xml").mkdir()
    (folder / "txt" / "dev.txt").write_text(text, "utf-8", newline="")
    (folder / "xml" / "17.xml").write_text(XML, "utf-8")
    return folder


def test_posts_with_boxes_odd_tokens_and_adjacent_entities(tmp_path: Path) -> None:
    text = "IMGID:17\nAnn\tB-PER\nLee\tI-PER\nBo\tB-PER\n\u200b\tO\n\x85\tO\n\nIMGID:18\nhi\tO\n\n"
    first, second = read_gmner(write(tmp_path, text), "dev")
    assert first.tokens == ("Ann", "Lee", "Bo", "\u200b", "\x85")
    assert [(entity.span, entity.type) for entity in first.entities] == [(Span(0, 2), "PER"), (Span(2, 3), "PER")]
    assert first.entities[0].boxes == (Box(1, 2, 30, 40), Box(50, 2, 90, 40))
    assert first.entities[1].boxes == ()
    assert first.size == (200, 100)
    assert (second.id, second.entities, second.size) == ("18", (), None)


def test_a_name_that_stands_twice_has_all_its_boxes_both_times(tmp_path: Path) -> None:
    text = "IMGID:17\nAnn\tB-PER\nLee\tI-PER\nann\tB-PER\nlee\tI-PER\nAnn\tB-ORG\nLee\tI-ORG\n"
    (post,) = read_gmner(write(tmp_path, text), "dev")
    assert [(entity.span, entity.type, len(entity.boxes)) for entity in post.entities] == [
        (Span(0, 2), "PER", 2),
        (Span(2, 4), "PER", 0),
        (Span(4, 6), "ORG", 2),
    ]


ODD = st.text(st.characters(exclude_characters="\n\t", exclude_categories=["Cs"]), min_size=1, max_size=6)
TAG = st.sampled_from(["O", "B-PER", "I-PER", "B-LOC"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(st.lists(st.tuples(ODD, TAG), min_size=1, max_size=8), min_size=1, max_size=4))
def test_any_token_survives(tmp_path: Path, posts: list[list[tuple[str, str]]]) -> None:
    """Carriage returns, Unicode line ends, blanks and signs without a width are tokens like any other."""
    lines = [
        f"IMGID:{index}\n" + "".join(f"{token}\t{tag}\n" for token, tag in rows) for index, rows in enumerate(posts)
    ]
    (tmp_path / "txt").mkdir(exist_ok=True)
    (tmp_path / "txt" / "dev.txt").write_bytes("\n".join(lines).encode())
    read = read_gmner(tmp_path, "dev")
    assert [post.tokens for post in read] == [tuple(token for token, _ in rows) for rows in posts]
    assert [[entity.span for entity in post.entities] for post in read] == [
        [span for span, _ in bio_spans([tag for _, tag in rows])] for rows in posts
    ]


def write_fmnerg(folder: Path, text: str) -> tuple[Path, Path]:
    write(folder, "")
    (folder / "txt" / "dev.txt").write_text(text, "utf-8", newline="")
    return folder / "txt", folder / "xml"


def test_fine_types_with_the_boxes_of_the_other_data_set(tmp_path: Path) -> None:
    text = "IMGID:17\nAnn\tB-person\tB-actor\nLee\tI-person\tI-actor\nOslo\tB-location\tB-city\n,\tO\tO\n\n"
    (post,) = read_fmnerg(*write_fmnerg(tmp_path, text), "dev")
    assert [(entity.span, entity.type, len(entity.boxes)) for entity in post.entities] == [
        (Span(0, 2), "actor", 2),
        (Span(2, 3), "city", 0),
    ]


@pytest.mark.parametrize(
    "line",
    ["Ann\tB-PER", "Ann\tB-person\tB-city", "Ann\tB-person\tI-actor", "Ann\tO\tB-actor", "Ann\tB-person\tB-diva"],
)
def test_tags_that_do_not_belong_together_are_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"dev\.txt:2: expected `token<TAB>coarse tag<TAB>fine tag`"):
        read_fmnerg(*write_fmnerg(tmp_path, f"IMGID:17\n{line}\n"), "dev")


def test_missing_folders_of_the_fine_data_set_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no file of posts"):
        read_fmnerg(tmp_path, tmp_path, "dev")
    (tmp_path / "dev.txt").write_text("")
    with pytest.raises(DataError, match="xml folder of Twitter-GMNER"):
        read_fmnerg(tmp_path, tmp_path / "xml", "dev")


def test_captions_of_several_lines(tmp_path: Path) -> None:
    path = tmp_path / "dev.txt"
    unix = "imgid:17###A man.\n\nHe says: imgid:3###no.\nimgid:O_2###\u2028 A ### sign. \n"
    for text in (unix, "\ufeff" + unix.replace("\n", "\r\n").replace("17#", "17.jpg#")):
        path.write_bytes(text.encode())
        assert read_captions(path) == {"17": "A man.\n\nHe says: imgid:3###no.", "O_2": "A ### sign."}


@pytest.mark.parametrize("text", ["A man.", "imgid:17 A man.", "imgid:1###A\nimgid:1###B"])
def test_captions_in_another_format_are_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "dev.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=r"dev\.txt:[12]: expected `imgid:<id>###<text>`"):
        read_captions(path)
    path.write_bytes(b"imgid:1###\xff")
    with pytest.raises(DataError, match=r"dev\.txt is not UTF-8"):
        read_captions(path)
    with pytest.raises(DataError, match=r"none\.txt is missing"):
        read_captions(tmp_path / "none.txt")


@pytest.mark.parametrize("line", ["no tab here", "three\tO\tO", "Ann\tPER", "Ann\tX-PER", "Ann\t", "Ann"])
def test_a_line_in_another_format_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"dev\.txt:(3:| line 3) "):
        read_gmner(write(tmp_path, f"IMGID:17\nhi\tO\n{line}\n"), "dev")


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no file of posts"):
        read_gmner(tmp_path, "dev")
    with pytest.raises(DataError, match="holds txt/ and xml/"):
        read_gmner(tmp_path / "none", "dev")
    broken = tmp_path / "1.xml"
    broken.write_text("<annotation>")
    with pytest.raises(DataError, match="1.xml"):
        read_boxes(broken)


def test_the_tag_is_the_last_column_and_ids_may_be_missing(tmp_path: Path) -> None:
    text = "-DOCSTART- -X- -X- O\n\nNASA NNP I-NP I-ORG\nESA NNP I-NP B-ORG\nflies VBZ I-VP O\n\nBob NNP I-NP I-PER\n"
    path = tmp_path / "dev.conll"
    path.write_text(text)
    for posts in (read_gmner(tmp_path, "dev"), read_gold(path), read_gold(tmp_path, "dev")):
        assert [(post.id, post.tokens, [(e.span, e.type) for e in post.entities]) for post in posts] == [
            ("1", ("NASA", "ESA", "flies"), [(Span(0, 1), "ORG"), (Span(1, 2), "ORG")]),
            ("2", ("Bob",), [(Span(0, 1), "PER")]),
        ]
    path.write_text("IMGID:1\nNASA\tB-ORG\n\nflies\tO\n")
    with pytest.raises(DataError, match=r"dev\.conll:4: a post without an IMGID line"):
        read_gmner(tmp_path, "dev")


@pytest.mark.parametrize("text", ["1\tNASA\tB-ORG\tO\n2\tflies\tO\tO\n", "NASA B-NP B-ORG\nflies B-VP O\n"])
def test_of_two_tags_none_is_guessed(text: str, tmp_path: Path) -> None:
    (tmp_path / "dev.conll").write_text(text)
    with pytest.raises(DataError, match=r"dev\.conll:1: two tags, B-.*: leave one column"):
        read_gold(tmp_path, "dev")


def test_blanks_around_a_tag_are_no_part_of_it(tmp_path: Path) -> None:
    (post,) = read_gmner(write(tmp_path, "IMGID:17\nAnn\t B-PER \n \tO\nflies\t  O\n"), "dev")
    assert (post.tokens, post.entities[0].type) == (("Ann", " ", "flies"), "PER")


@pytest.mark.parametrize("tag", ["B-ORG|O", "B-ORG|B-LOC", "B-ORG,I-LOC", "B-ORG+I-LOC"])
def test_nested_tags_are_no_type(tag: str, tmp_path: Path) -> None:
    (tmp_path / "dev.conll").write_text(f"Chicago\t{tag}\n")
    with pytest.raises(DataError, match=r"dev\.conll:1: expected 2 columns, the last one a tag"):
        read_gold(tmp_path, "dev")
    (tmp_path / "a.jsonl").write_text(json.dumps({"tokens": ["Chicago"], "ner_tags": [tag]}))
    with pytest.raises(DataError, match="is no tag as B-PER, I-PER or O"):
        read_gold(tmp_path / "a.jsonl")


@pytest.mark.parametrize("identity", ["../xml/17", "..\\17", ".", "a\0b"])
def test_an_id_leads_to_no_other_boxes(identity: str, tmp_path: Path) -> None:
    (post,) = read_gmner(write(tmp_path, f"IMGID:{identity}\nAnn\tB-PER\nLee\tI-PER\n"), "dev")
    assert post.entities[0].boxes == ()


def test_an_id_that_is_too_long_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="File name too long"):
        read_gmner(write(tmp_path, f"IMGID:{'x' * 5000}\nAnn\tB-PER\n"), "dev")


@pytest.mark.parametrize(
    "tags",
    [
        "B-PER I-PER B-PER O B-LOC",
        "B-PER E-PER S-PER O S-LOC",
        "B-PER L-PER U-PER O U-LOC",
        "B-PER E-PER W-PER O W-LOC",
        "I-PER I-PER B-PER O I-LOC",
        "B-PER I-PER U-PER O S-LOC",
    ],
)
def test_schemes_of_tags(tags: str) -> None:
    assert bio_spans(tags.split()) == [(Span(0, 2), "PER"), (Span(2, 3), "PER"), (Span(4, 5), "LOC")]


def test_a_stray_inside_tag_opens_a_span() -> None:
    assert bio_spans(["I-PER", "I-PER", "I-LOC", "O", "B-LOC", "B-LOC"]) == [
        (Span(0, 2), "PER"),
        (Span(2, 3), "LOC"),
        (Span(4, 5), "LOC"),
        (Span(5, 6), "LOC"),
    ]


@given(st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=30))
def test_spans_cover_exactly_what_is_tagged(tags: list[str]) -> None:
    covered = [index for span, _ in bio_spans(tags) for index in range(span.start, span.stop)]
    assert covered == [index for index, tag in enumerate(tags) if tag != "O"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("twitter-gmner-v1", {"train": (11782, 4694, 5680), "dev": (2453, 986, 1166), "test": (2543, 1036, 1244)}),
        ("twitter-gmner", {"train": (11779, 4733, 5723), "dev": (2450, 991, 1171), "test": (2543, 1046, 1254)}),
    ],
)
def test_table_4_of_the_paper(shared: Path, folder: str, counts: dict[str, tuple[int, int, int]]) -> None:
    """Entities, groundable entities, boxes: v1 is the paper's Twitter-GMNER column, v2.0 its Twitter-FMNERG column.

    The paper counts names letter by letter; v1 has names in other case or spacing, which are read here.
    """
    more = {"train": (11, 15), "test": (2, 2)} if folder.endswith("v1") else {}
    for split, (mentions, groundable, boxes) in counts.items():
        posts = read_gmner(shared / "data" / folder, split)
        found = [entity.boxes for post in posts for entity in post.entities]
        read_too = more.get(split, (0, 0))
        assert len(found) == mentions
        assert (sum(map(bool, found)), sum(map(len, found))) == (groundable + read_too[0], boxes + read_too[1])


SPLITS = {"train": 7000, "dev": 1500, "test": 1500}


@pytest.mark.slow
def test_the_fine_data_set_is_the_coarse_one_with_finer_types(shared: Path) -> None:
    """Table 4's Twitter-FMNERG column is v2.0's, so it is enough that all but the types is equal."""
    data, mentions = shared / "data", Counter[str]()
    for split, tweets in SPLITS.items():
        fine = read_fmnerg(data / "twitter-fmnerg" / "txt", data / "twitter-gmner" / "xml", split)
        coarse = read_gmner(data / "twitter-gmner", split)
        assert len(fine) == tweets
        for one, other in zip(fine, coarse, strict=True):
            assert (one.id, one.tokens, one.size) == (other.id, other.tokens, other.size)
            assert [(entity.span, GMNER_OF[entity.type], entity.boxes) for entity in one.entities] == [
                (entity.span, entity.type, entity.boxes) for entity in other.entities
            ]
            mentions.update(entity.type for entity in one.entities)
    assert mentions.keys() == COARSE_OF.keys()
    assert (mentions["athlete"], mentions["continent"], mentions["medical_thing"]) == (1761, 34, 37)


@pytest.mark.slow
def test_real_tokens_are_kept_as_they_are(shared: Path) -> None:
    tokens = Counter[str]()
    adjacent = 0
    for split in SPLITS:
        for post in read_gmner(shared / "data" / "twitter-gmner", split):
            tokens.update(post.tokens)
            spans = [entity.span for entity in post.entities]
            adjacent += sum(one.stop == other.start for one, other in zip(spans, spans[1:], strict=False))
    assert (tokens["\u200b"], tokens["\u200d"], tokens["\x92"]) == (5, 4, 2)
    assert tokens.total() == 112_542 + 24_199 + 23_738
    assert adjacent == 120 + 28 + 47


@pytest.mark.slow
def test_every_post_but_one_of_each_split_has_a_caption(shared: Path) -> None:
    for split, without in {"train": "8778", "dev": "555663", "test": "15772"}.items():
        captions = read_captions(shared / "data" / "captions" / f"{split}.txt")
        posts = read_gmner(shared / "data" / "twitter-gmner", split)
        assert {post.id for post in posts} - captions.keys() == {without}
        assert captions.keys() <= {post.id for post in posts}
        assert min(map(len, captions.values())) > 100
