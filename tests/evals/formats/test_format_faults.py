"""A file at fault is named with the place and the first thing that is wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tiny import gold_post
from unco.errors import DataError
from unco.evals.formats.checks import check_pairs
from unco.evals.formats.detect_format import read_gold, read_predictions
from unco.evals.formats.geometry import check_box
from unco.evals.formats.gold_lines import gold_to_dict
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.types import Box, Span

GOLD: dict[str, Any] = gold_to_dict(gold_post("a"))
SAID: dict[str, Any] = {"id": "a", "entities": [{"start": 0, "stop": 2, "type": "PER", "region": [1, 2, 3, 4]}]}


def entity(line: dict[str, Any], **changes: Any) -> str:
    """A line, its first entity changed."""
    first, *rest = line["entities"]
    return json.dumps({**line, "entities": [{**first, **changes}, *rest]})


GOLD_FAULTS: list[tuple[str, str]] = [
    (entity({**GOLD, "id": "b"}, boxes=[[0.1, 0.2, 0.5, 0.9]]), "smaller than a pixel: give pixels of the picture"),
    ("[1, 2", "cut off in the middle"),
    (json.dumps(GOLD)[:-30], "f:2: cut off in the middle, after"),
    (json.dumps({**GOLD, "id": "b", "x": 1}), "f:2: unknown key 'x'"),
    (entity(GOLD, end=3), r"f:2: unknown key 'entities\[0\].end'; known are start, stop, type, boxes"),
    ("[1]", r"f:2: it is no object, got \[1\]"),
    ("7", "f:2: it is no object, got 7"),
    (json.dumps({"id": "b", "tokens": []}), "f:2: entities is missing"),
    (entity({**GOLD, "id": "b"}, stop=9), r"post 'b': entities\[0\]: the span 0:9 lies outside the text of 8 tokens"),
    (entity({**GOLD, "id": "b"}, stop=0), r"f:2: entities\[0\]: a span needs 0 <= start < stop"),
    (entity({**GOLD, "id": "b"}, start=-1), r"f:2: entities\[0\]: a span needs"),
    (entity({**GOLD, "id": "b"}, start="0"), r"f:2: entities\[0\].start: .* got '0'"),
    (entity({**GOLD, "id": "b"}, boxes=[[5, 1, 4, 2]]), r"f:2: entities\[0\].boxes\[0\]: a box needs finite x1 < x2"),
    (entity({**GOLD, "id": "b"}, boxes=[[1, 2, 3]]), r"entities\[0\].boxes\[0\]: a box is \[x1, y1, x2, y2\]"),
    (entity({**GOLD, "id": "b"}, boxes=[[1, 2, 3, float("nan")]]), r"entities\[0\].boxes\[0\]\[3\]: .*finite.*nan"),
    (entity({**GOLD, "id": "b"}, boxes=[[1, 2, 300, 4]]), "lies outside the picture of 200 x 100 pixels"),
    (entity({**GOLD, "id": "b"}, start=5, stop=7, type="ORG"), "stands there before"),
    (json.dumps({**GOLD, "id": "b", "width": None}), "give width and height, or neither"),
    (json.dumps(GOLD), "id 'a' stands twice, as post 1 and as post 2"),
    ('{"id": }', "f:2: not JSON at column 8"),
    ("[" * 100_000, "f:2: not JSON that can be read"),
]


@pytest.mark.parametrize(("line", "message"), GOLD_FAULTS)
def test_gold_lines_at_fault_are_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text(f"{json.dumps(GOLD)}\n{line}", "utf-8")
    with pytest.raises(DataError, match=message):
        read_gold(path)


SAID_FAULTS: list[tuple[str, str]] = [
    (json.dumps(SAID)[:40], "f:2: cut off in the middle, after"),
    (entity(SAID, boxes=[]), r"unknown key 'entities\[0\].boxes'"),
    (json.dumps({"id": "b", "entities": [{"start": 0, "stop": 1, "type": "PER"}]}), r"entities\[0\].region is missing"),
    (entity(SAID, region=[0.1, 0.2, 0.5, 0.9]), r"f:2: entities\[0\].region: the box .* is smaller than a pixel"),
    (entity(SAID, region=[3, 2, 1, 4]), r"f:2: entities\[0\].region: a box needs finite x1 < x2"),
    (entity(SAID, region=[-50, 2, 1, 4]), r"entities\[0\].region: the box \[-50, 2, 1, 4\] lies outside any picture"),
    (entity(SAID, region=[1, 2, 3, float("inf")]), r"entities\[0\].region\[3\]: "),
    (entity(SAID, uncertainty={"span": 0.1, "type": float("nan"), "region": 0}), r"uncertainty.type: .*finite"),
    (entity(SAID, uncertainty={"span": 0.1}), r"uncertainty.type is missing"),
    (json.dumps({**SAID, "tokens": ["Ann"]}), "the span 0:2 lies outside the text of 1 tokens"),
    (json.dumps(SAID), "id 'a' stands twice"),
    ('{"text": "Ann", "thresholds": {}}', "not a result: "),
    ("7", "got 7"),
]


@pytest.mark.parametrize(("line", "message"), SAID_FAULTS)
def test_prediction_lines_at_fault_are_named(line: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text(f"{json.dumps(SAID)}\n{line}", "utf-8")
    with pytest.raises(DataError, match=message):
        read_predictions(path)


ROW: dict[str, Any] = {"start": 0, "end": 1, "entity_type": "PER", "region_box": [1, 2, 3, 4]}
ITEM: dict[str, Any] = {"image_id": "a.jpg", "tokens": ["Ann", "Lee"]}


@pytest.mark.parametrize(
    ("items", "reader", "message"),
    [
        (
            [{**ITEM, "gt_entities": [{**ROW, "end": 2}]}],
            read_gold,
            r"item 0 \(a\): gt_entities\[0\]: the span 0:3 lies",
        ),
        (
            [{**ITEM, "gt_entities": [{**ROW, "phrase": "Ann"}]}],
            read_gold,
            "phrase is 'Ann', but words 0 to 1 are 'Ann L",
        ),
        ([{**ITEM, "gt_entities": [ROW, {**ROW, "region_box": []}]}], read_gold, "without a box and once more"),
        ([{**ITEM, "gt_entities": [{**ROW, "region_box": [1, 2]}]}], read_gold, "a box is"),
        ([{**ITEM, "gt_entities": []}] * 2, read_gold, "id 'a' stands twice"),
        ([{**ITEM, "pre_entities": []}], read_gold, "gt_entities is missing"),
        ([{**ITEM, "gt_entities": []}], read_predictions, "pre_entities is missing"),
        ([{"pre_entities": []}], read_predictions, "image_id is missing"),
        ([{**ITEM, "pre_entities": [{**ROW, "stop": 1}]}], read_predictions, r"unknown key 'pre_entities\[0\].stop'"),
        ([{**ITEM, "pre_entities": [{**ROW, "span_uncertainty": 1.0}]}], read_predictions, "give all of span_unc"),
    ],
)
def test_official_files_at_fault_are_named(
    items: list[Any], reader: Callable[[Path], object], message: str, tmp_path: Path
) -> None:
    (tmp_path / "f").write_text(json.dumps(items), "utf-8")
    with pytest.raises(DataError, match=message):
        reader(tmp_path / "f")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (b"\xff", "not UTF-8 text:.*save it as UTF-8"),
        (b"PK\x03\x04\xff", "unpack it"),
        (b'[{"image_id": "a.j', "cut off in the middle"),
    ],
)
def test_files_that_cannot_be_read(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(content)
    for reader in (read_gold, read_predictions):
        with pytest.raises(DataError, match=message):
            reader(tmp_path / "f")


def test_paths_that_are_no_file_of_ours(tmp_path: Path) -> None:
    (tmp_path / "dev.conll").write_text("Ann\tB-PER\n")
    with pytest.raises(DataError, match="nowhere is missing: give the folder of the VOC files with --boxes"):
        read_gold(tmp_path / "dev.conll", boxes=tmp_path / "nowhere")
    with pytest.raises(DataError, match="none cannot be read: No such file"):
        read_gold(tmp_path / "none")
    with pytest.raises(DataError, match="with --split"):
        read_gold(tmp_path)
    with pytest.raises(DataError, match="predictions are a file"):
        read_predictions(tmp_path)


def prediction(identity: str | None, *entities: Predicted, **more: Any) -> PredictedPost:
    return PredictedPost(identity, entities, **more)


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ([prediction("a")], "post 2 of gold .'b'. has no prediction: 2 gold posts, 1 predictions"),
        (
            [prediction("a"), prediction("b"), prediction("c")],
            "post 3 .'c'. is one more than gold has: 2 gold posts, 3",
        ),
        (
            [prediction("b"), prediction("a")],
            "post 1 is 'a' in gold, here it is 'b': gold has it as post 2, so the order differs",
        ),
        ([prediction("a"), prediction("x")], "post 2 is 'b' in gold, here it is 'x': which gold does not have"),
        (
            [prediction("a"), prediction(None, tokens=("Ann", "Leh"))],
            "post 2 .'b'.: token 1 is 'Lee' in gold, here it is 'Leh'",
        ),
        ([prediction("a", tokens=gold_post().tokens[:-1]), prediction("b")], "token 7 is '!' in gold, here it is None"),
        ([prediction("a", Predicted(Span(0, 9), "PER", None)), prediction("b")], "the span 0:9 lies outside"),
        (
            [prediction("a", Predicted(Span(0, 1), "PER", Box(0, 0, 202, 9))), prediction("b")],
            "lies outside the picture of 200 x",
        ),
        ([prediction("a", size=(100, 50)), prediction("b")], "predicted on a picture of"),
    ],
)
def test_predictions_that_are_not_of_the_gold_posts(predictions: list[PredictedPost], message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_pairs([gold_post("a"), gold_post("b")], predictions)


def test_predictions_that_are() -> None:
    near = Predicted(Span(0, 1), "PER", Box(-0.5, 0, 200.5, 100))
    check_pairs([gold_post("a"), gold_post("b")], [prediction("a", near), prediction(None, tokens=gold_post().tokens)])


def test_a_size_beyond_any_number_is_no_crash() -> None:
    check_box(Box(1, 2, 3, 4), (10**400, 5), "here")
    with pytest.raises(DataError, match="here: the box"):
        check_box(Box(1, 2, 3, 9), (10**400, 5), "here")
