"""Readers of Twitter-GMNER: the format on small files, the counts of the paper's Table 4 on the real ones."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.errors import DataError
from unco.evals.datasets import bio_spans, read_boxes, read_gmner
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


@pytest.mark.parametrize("line", ["no tab here", "three\tO\tO"])
def test_a_line_in_another_format_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"dev\.txt:2: expected"):
        read_gmner(write(tmp_path, f"IMGID:17\n{line}\n"), "dev")


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="holds txt/ and xml/"):
        read_gmner(tmp_path, "dev")
    broken = tmp_path / "1.xml"
    broken.write_text("<annotation>")
    with pytest.raises(DataError, match="1.xml"):
        read_boxes(broken)


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


@pytest.mark.parametrize(
    ("folder", "counts"),
    [
        ("twitter-gmner-v1", {"train": (11782, 4694, 5680), "dev": (2453, 986, 1166), "test": (2543, 1036, 1244)}),
        ("twitter-gmner", {"train": (11779, 4733, 5723), "dev": (2450, 991, 1171), "test": (2543, 1046, 1254)}),
    ],
)
def test_table_4_of_the_paper(shared: Path, folder: str, counts: dict[str, tuple[int, int, int]]) -> None:
    """Entities, groundable entities, boxes: v1 is the paper's Twitter-GMNER column, v2.0 its Twitter-FMNERG column."""
    for split, expected in counts.items():
        posts = read_gmner(shared / "data" / folder, split)
        entities = [entity for post in posts for entity in post.entities]
        boxes = sum(len(entity.boxes) for entity in entities)
        assert (len(entities), sum(bool(entity.boxes) for entity in entities), boxes) == expected
