"""Corners as points, in a text or about a centre; and the many words for "not in the picture", which no others are."""

import pytest

from unco.prompts import CandidateAnswer, parse_answer
from unco.prompts.box_notations import read_written_box
from unco.prompts.other_names import CENTRE_KEYS

BOX = (12.0, 34.0, 560.0, 780.0)


@pytest.mark.parametrize(
    "value",
    [
        {"topLeft": {"x": 12, "y": 34}, "bottomRight": {"x": 560, "y": 780}},
        {"min": {"y": 34, "x": 12}, "max": {"x": 560, "y": 780}},
        [{"x": 12, "y": 34}, {"x": 560, "y": 780}],
        {"xyxy": [12, 34, 560, 780]},
        {"xywh": [12, 34, 548, 746]},
        {"cxcywh": [286, 407, 548, 746]},
        [{"x": 12, "y": 34}, {"x": 560, "y": 34}, {"x": 560, "y": 780}, {"x": 12, "y": 780}],
        {"vertices": [{"x": 12, "y": 34}, {"x": 560, "y": 34}, {"x": 560, "y": 780}, {"x": 12, "y": 780}]},
        "x1=12, y1=34, x2=560, y2=780",
        "ymin: 34, xmin: 12, ymax: 780, xmax: 560",
        "(left: 12; top: 34; right: 560; bottom: 780)",
        "x=12 y=34 width=548 height=746",
    ],
)
def test_corners_may_be_named_as_points_and_in_a_text(value: object) -> None:
    assert (read_written_box(value).corners, read_written_box(value).named) == (BOX, True)


@pytest.mark.parametrize("value", ["<12, 34, 560, 780>", "<[12, 34, 560, 780]>", '<{"bbox": [12, 34, 560, 780]}>'])
def test_a_box_may_stand_in_the_brackets_of_the_prompts_example(value: str) -> None:
    assert read_written_box(value).corners == BOX


@pytest.mark.parametrize(
    ("written", "candidate", "box"),
    [("<3>", 3, "<null>"), ("< null >", None, "<[12, 34, 560, 780]>"), ("<null>", None, "<null>")],
)
def test_so_may_numbers_and_null_that_are_no_json(written: str, candidate: int | None, box: str) -> None:
    text = f'{{"reasoning_process": "r", "candidate": {written}, "corrected_bounding_box": {box}}}'
    found = parse_answer(text, "stop", "candidate")
    assert isinstance(found, CandidateAnswer)
    assert (found.candidate, found.corrected_bounding_box) == (candidate, None if "null" in box else BOX)


@pytest.mark.parametrize("names", CENTRE_KEYS)
def test_a_centre_counts_only_by_its_name(names: tuple[str, ...]) -> None:
    found = read_written_box(dict(zip(names, (286, 407, 548, 746), strict=True)))
    assert (found.corners, found.named) == (BOX, True)


@pytest.mark.parametrize(
    "value",
    [
        "N/A",
        "<null>",
        "<not in the picture>",
        "nil",
        "Not in the picture.",
        "not visible",
        "It is not visible in the image",
        "the entity is not shown",
        "none (not visible)",
        "null (not in the picture)",
        "no bounding box",
        "absent",
        "不在图片中",
        "图中没有",
        "无",
        "[null]",
        [None, None, None, None],
        {"x1": None, "y1": None, "x2": None, "y2": None},
        {"bbox_2d": "not visible"},
    ],
)
def test_words_that_say_not_in_the_picture_are_null(value: object) -> None:
    assert read_written_box(value).corners is None


@pytest.mark.parametrize(
    "value",
    [
        "unknown",
        "not sure",
        "maybe not visible",
        "not visible enough to say",
        "not in the left half",
        "none (candidate 3)",
        "no",
        "?",
        [None, 1, 2, 3],
        {"x1": None, "y1": 1, "x2": 2, "y2": 3},
        {"top_left": [12, 34], "bottom_right": [560]},
        {"top_left": [12, 34]},
        [[12, 34], [560, 34], [560, 780], [13, 780]],
        [[12, 34], [560, 34], [560, 780], [560, 780]],
        "x1=12, y1=34, x2=560, x2=780",
        "x1=12, y1=34, x2=560",
    ],
)
def test_other_words_and_half_boxes_are_no_answer(value: object) -> None:
    with pytest.raises(ValueError, match="a box"):
        read_written_box(value)
