"""Gold as rows: one dialect of each kind, read alike from JSON, JSON Lines, CSV and tables, by every command."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from unco.errors import DataError
from unco.evals.formats.detect_format import read_gold
from unco.evals.simulation.gold import read_gold as read_simulated
from unco.types import Box, GoldEntity, GoldPost, Span

TOKENS = ["Ann", "Lee's", "\u00a0"]
TAGGED: dict[str, Any] = {"id": 7, "tokens": TOKENS, "ner_tags": ["B-PER", "I-PER", "O"]}
OURS: dict[str, Any] = {
    "id": "7",
    "text": "Ann Lee's cat",
    "entities": [{"start": 0, "stop": 2, "type": "PER", "boxes": [[1, 2, 30, 40]]}],
    "width": 64,
    "height": 48,
}
OFFICIAL: dict[str, Any] = {
    "image_id": "7.jpg",
    "tokens": TOKENS,
    "gt_entities": [{"start": 0, "end": 1, "entity_type": "PER", "region_box": [1, 2, 30, 40]}],
}


def write_csv(path: Path, row: dict[str, Any], cell: Any) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(row)
        writer.writerow([value if isinstance(value, str) else cell(value) for value in row.values()])


def both(path: Path) -> list[GoldPost]:
    """Gold as `unco evaluate` reads it and the others; and as the simulated MLLM does."""
    found = read_gold(path)
    assert read_simulated(path) == found
    return found


@pytest.mark.parametrize("row", [TAGGED, OURS, OFFICIAL], ids=["tags", "ours", "official"])
def test_json_and_its_lines(row: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "gold.json"
    texts = (json.dumps([row]), json.dumps([row], indent=1), json.dumps(row) + "\n", json.dumps(row, indent=1))
    for text in texts:
        path.write_text(text)
        [post] = both(path)
        assert (post.id, post.entities[0].span, post.entities[0].type) == ("7", Span(0, 2), "PER")
        assert bool(post.entities[0].boxes) == ("ner_tags" not in row)


def test_several_objects_over_many_lines(tmp_path: Path) -> None:
    """As jq prints them."""
    path = tmp_path / "gold.json"
    rows = [{**OURS, "id": name} for name in "abc"]
    path.write_text("\ufeff" + "\n".join(json.dumps(row, indent=2) for row in rows).replace("\n", "\r\n"))
    assert [post.id for post in both(path)] == ["a", "b", "c"]
    path.write_text("\n".join(json.dumps(row, indent=2) for row in [*rows, {**OURS, "id": "d", "label": 1}]))
    told = r"object 4: unknown key 'label'; known are id, tokens, text, entities, width, height"
    with pytest.raises(DataError, match=told):
        read_gold(path)
    path.write_text(path.read_text()[:-5])
    with pytest.raises(DataError, match="cut off in the middle"):
        read_gold(path)


@pytest.mark.parametrize("width", [64.0, float("nan"), None])
def test_a_table_whose_numbers_became_floats(width: float | None, tmp_path: Path) -> None:
    """As pandas makes them where one is missing."""
    parquet = pytest.importorskip("pyarrow.parquet")
    arrow = pytest.importorskip("pyarrow")
    row = {**OURS, "width": width, "height": None if width is None else width * 0.75}
    parquet.write_table(arrow.Table.from_pylist([row]), tmp_path / "gold.parquet")
    [post] = read_gold(tmp_path / "gold.parquet")
    assert post.size == ((64, 48) if width == 64 else None)


def test_cells_of_csv(tmp_path: Path) -> None:
    """As JSON, and as pandas writes lists: those of Python, and arrays of NumPy."""
    path = tmp_path / "gold.csv"
    entity = GoldEntity(Span(0, 2), "PER", ())
    for cell in (json.dumps, repr, lambda value: repr(value).replace("', ", "'\n ")):
        write_csv(path, TAGGED | {"likes": 3, "text": "Ann Lee's"}, cell)
        assert both(path) == [GoldPost("7", tuple(TOKENS), (entity,), None)]
    write_csv(path, OURS, json.dumps)
    boxed = GoldEntity(Span(0, 2), "PER", (Box(1, 2, 30, 40),))
    assert both(path) == [GoldPost("7", ("Ann", "Lee's", "cat"), (boxed,), (64, 48))]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("tokens,ner_tags\n\"['Ann']\",O O\n", "row 1: 1 tokens, but 2 ner_tags"),
        ("tokens,ner_tags\nAnn,O\n", "line 2: tokens is not written as JSON"),
        ("tokens,ner_tags\n['Ann',O\n", "is not written as JSON"),
        ("tokens,ner_tags\n[Ann Lee],O O\n", "line 2: tokens is not written as JSON"),
        ("tokens,ner_tags\n['Ann'],PERSON\n", "row 1: 'PERSON' is no tag"),
        ("text\nAnn\n", "row 1: entities is missing"),
        ('text,entities\nAnn,"[{}]"\n', "row 1: entities"),
        ("words,tags\nAnn,O\n", "no column `text` or `tokens` among words, tags"),
    ],
)
def test_what_is_odd_is_named_with_its_place(text: str, told: str, tmp_path: Path) -> None:
    (tmp_path / "gold.csv").write_text(text)
    with pytest.raises(DataError, match=told):
        read_gold(tmp_path / "gold.csv")
