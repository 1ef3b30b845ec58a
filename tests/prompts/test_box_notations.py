"""Boxes in the notations of the model families; what holds no box, or two of them, stays unreadable."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unco.errors import ReplyError
from unco.prompts import CandidateAnswer, EntitiesAnswer, OneShotAnswer, RegionAnswer, parse_answer
from unco.prompts.box_notations import read_written_box, tagged_box
from unco.prompts.other_names import BOX_KEYS, CORNER_KEYS, SIZE_KEYS

BOX = (12.0, 34.0, 560.0, 780.0)


@pytest.mark.parametrize(
    "value",
    [
        {"bbox_2d": [12, 34, 560, 780]},
        {"bbox_2d": [12, 34, 560, 780], "label": "Mia", "confidence": 0.9},
        [{"bbox_2d": [12, 34, 560, 780], "label": "Mia"}],
        [[{"box_2d": [12, 34, 560, 780]}]],
        {"box_2d": [12, 34, 560, 780], "mask": "..."},
        {"Bounding Box": "[12, 34, 560, 780]"},
        {"boundingBox": [12, 34, 560, 780]},
        {"bbox": {"box": [[12, 34, 560, 780]]}},
        {"bboxes": [[12, 34, 560, 780]], "labels": ["Mia"]},
        {"objects": [{"box": [12, 34, 560, 780]}]},
        [{"bbox": [12, 34, 560, 780]}, {"bbox": [12.0, 34, 560, 780]}],
        [[12, 34], [560, 780]],
        [[[12, 34], [560, 780]]],
        [[[12, 34, 560, 780]]],
        "(12, 34), (560, 780)",
        "[[12, 34], [560, 780]]",
        "[[012, 034, 560, 780]]",
        ["[12, 34, 560, 780]"],
        '{"bbox_2d": [12, 34, 560, 780]}',
        '[{"bbox_2d": [12, 34, 560, 780], "label": "Mia"}]',
        "```json\n[12, 34, 560, 780]\n```",
        '```json\n[{"bbox_2d": [12, 34, 560, 780]}]\n```',
        "<box>[[12, 34, 560, 780]]</box>",
        "<ref>Mia</ref><box>[[12, 34, 560, 780]]</box>",
        "<box>(12,34),(560,780)</box>",
        "<box>12 34 560 780</box>",
        "<bbox>12 34 560 780</bbox>",
        "<|object_ref_start|>Mia<|object_ref_end|><|box_start|>(12,34),(560,780)<|box_end|>",
        "<|ref|>Mia<|/ref|><|det|>[[12, 34, 560, 780]]<|/det|>",
        "She stands at <|begin_of_box|>[[12,34,560,780]]<|end_of_box|>.",
        "<|begin_of_box|>[12,34,560,780]<|end_of_box|>",
        {"coordinates": [12, 34, 560, 780]},
        {"bounding_box_2d": [12, 34, 560, 780]},
        {"top_left": [12, 34], "bottom_right": [560, 780]},
        [[12, 34], [560, 34], [560, 780], [12, 780]],
        "bbox: [12, 34, 560, 780]",
        "[12, 34, 560, 780].",
        "（12，34，560，780）",
    ],
)
def test_notations_without_names_keep_the_order_of_the_frame(value: object) -> None:
    written = read_written_box(value)
    assert (written.corners, written.named, written.tokens) == (BOX, False, "")


@pytest.mark.parametrize("names", CORNER_KEYS)
def test_named_corners(names: tuple[str, ...]) -> None:
    found = dict(zip(names, BOX, strict=True)) | {"label": "Mia"}
    assert read_written_box(found) == read_written_box([{"bbox_2d": found}])
    assert (read_written_box(found).corners, read_written_box(found).named) == (BOX, True)


def test_names_may_have_blanks_and_underscores() -> None:
    assert read_written_box({"x_min": 12, "Y Min": 34, "x-max": 560, "yMax": 780}).corners == BOX


@pytest.mark.parametrize("names", SIZE_KEYS)
def test_a_size_counts_only_by_its_name(names: tuple[str, ...]) -> None:
    found = read_written_box(dict(zip(names, (12, 34, 548, 746), strict=True)))
    assert (found.corners, found.named) == (BOX, True)


@pytest.mark.parametrize(
    ("text", "corners", "tokens"),
    [
        ("<loc0012><loc0034><loc0560><loc0780> Mia", BOX, "loc"),
        ("Mia<loc_12><loc_34><loc_560><loc_780>", BOX, "loc_"),
        ("<box><loc_12><loc_34><loc_560><loc_780></box>", BOX, "loc_"),
        (
            "<phrase>Mia</phrase><object><patch_index_0033><patch_index_0170></object>",
            (1.5 / 32, 1.5 / 32, 10.5 / 32, 5.5 / 32),
            "patch_index",
        ),
        ("<patch_index_0033><patch_index_0034>", (1 / 32, 1 / 32, 3 / 32, 2 / 32), "patch_index"),
    ],
)
def test_location_tokens_say_which_they_are(text: str, corners: tuple[float, ...], tokens: str) -> None:
    written = read_written_box(text)
    assert (written.corners, written.tokens) == (corners, tokens)


@pytest.mark.parametrize(
    "value",
    [
        [{"bbox_2d": [12, 34, 560, 780]}, {"bbox_2d": [1, 2, 30, 40]}],
        {"bbox": [12, 34, 560, 780], "box": [1, 2, 30, 40]},
        "<box>[[12, 34, 560, 780]]</box> or <box>[[1, 2, 30, 40]]</box>",
        "<box>[[12, 34, 560, 780], [1, 2, 30, 40]]</box>",
        "<box>[[12, 34, 560, 7",
        "<box>12 34 560</box>",
        "<box>left</box>",
        "<box></box>",
        "<loc0012><loc0034><loc0560>",
        "<patch_index_0033>",
        "<patch_index_1024><patch_index_0001>",
        {"bbox_2d": [12, 34, 560]},
        {"point_2d": [12, 34]},
        {"label": "Mia"},
        [{"label": "Mia"}],
        {"objects": []},
        {"x": 12, "y": 34, "width": 0, "height": 5},
        {"x": 12, "y": 34},
        [[12, 34], [560]],
        [[12], [34], [560], [780]],
        ["Mia", "Lindqvist"],
        "12 34 560 780",
        "{" * 3000,
        '{"bbox": ' * 900 + "1" + "}" * 900,
        "<box>" * 20_000,
        "1" + " " * 50_000,
    ],
)
def test_what_is_not_one_box_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"a box|one box"):
        read_written_box(value)


def region(text: str, answer: Any = "region") -> RegionAnswer:
    found = parse_answer(text, "stop", answer)
    assert isinstance(found, RegionAnswer)
    return found


@pytest.mark.parametrize(
    "text",
    [
        '{"bbox_2d": [12, 34, 560, 780]}',
        '[{"bbox_2d": [12, 34, 560, 780], "label": "Mia"}]',
        '```json\n[\n\t{"bbox_2d": [12, 34, 560, 780], "label": "Mia"}\n]\n```',
        '{"reasoning_process": "r", "box_2d": [12, 34, 560, 780]}',
        '{"reasoning_process": "r", "Corrected Bbox": [12, 34, 560, 780]}',
        '{"reasoning_process": "r", "correctedBoundingBox": [12, 34, 560, 780]}',
        '{"reasoning_process": "r", "corrected_bounding_box": [{"box": [12, 34, 560, 780]}]}',
        "{'box_2d': [12, 34, 560, 780],}",
        '{"objects": [{"x_min": 12, "y_min": 34, "x_max": 560, "y_max": 780}]}',
        "<ref>Mia</ref><box>[[12, 34, 560, 780]]</box>",
        "<think><box>[[1, 2, 30, 40]]</box>?</think><box>[[12, 34, 560, 780]]</box>",
        '<|begin_of_box|>{"corrected_bounding_box": [12, 34, 560, 780]}<|end_of_box|>',
        '{"corrected_bounding_box": "<|box_start|>(12,34),(560,780)<|box_end|>"}',
    ],
)
def test_whole_replies(text: str) -> None:
    assert region(text).corrected_bounding_box == BOX
    found = region(text, "candidate")
    assert isinstance(found, CandidateAnswer)
    assert (found.corrected_bounding_box, found.candidate) == (BOX, None)


@pytest.mark.parametrize("text", ['{"bbox_2d": null}', '{"box": "none"}', '[{"bbox_2d": []}]'])
def test_null_under_another_key_is_null(text: str) -> None:
    assert region(text).corrected_bounding_box is None


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning_process": "not there"}',
        '{"label": "Mia"}',
        '{"objects": []}',
        "[]",
        "null",
        "[12, 34, 560, 780]",
        '[{"bbox_2d": [12, 34, 560, 780]}, {"bbox_2d": [1, 2, 30, 40]}]',
        "<box>[[12, 34, 560, 780]]</box><box>[[1, 2, 30, 40]]</box>",
        "<box>[[12, 34, 560, 780",
        '{"bbox_2d": [ }',
        '{"bbox_2d": [,]}',
        '[{"bbox_2d": [12, 34, 560, 78',
        '{"reasoning_process": "{so}", "bbox_2d": [12, 34, 560, 78',
        '{"reasoning_process": "<box>[[12, 34, 560, 780]]</box>"}',
    ],
)
def test_a_reply_without_one_box_is_unreadable_and_never_null(text: str) -> None:
    with pytest.raises(ReplyError):
        region(text)


@pytest.mark.parametrize("answer", ["span", "type", "one_shot", "entities"])
def test_a_box_in_tags_answers_no_other_question(answer: Any) -> None:
    with pytest.raises(ReplyError, match="no JSON object"):
        parse_answer("<box>[[12, 34, 560, 780]]</box>", "stop", answer)


def test_other_answers_read_their_boxes_in_the_same_way() -> None:
    whole = parse_answer(
        '{"corrected_entity": "Mia", "corrected_type": "PER", "bbox_2d": [12,34,560,780]}', "", "one_shot"
    )
    assert isinstance(whole, OneShotAnswer)
    assert whole.corrected_bounding_box == BOX
    listed = parse_answer(
        '{"entities": [{"entity": "Mia", "type": "PER", "box_2d": [12, 34, 560, 780]},'
        ' {"entity": "Bo", "type": "PER", "bbox": {"x": 12, "y": 34, "width": 548, "height": 746}}]}',
        "stop",
        "entities",
    )
    assert isinstance(listed, EntitiesAnswer)
    assert [found.bounding_box for found in listed.entities] == [BOX, BOX]
    assert [found.named_corners for found in listed.entities] == [False, True]


def test_a_number_and_a_box_under_another_key() -> None:
    found = region('{"candidate": 2, "bbox_2d": [12, 34, 560, 780]}', "candidate")
    assert isinstance(found, CandidateAnswer)
    assert (found.candidate, found.corrected_bounding_box) == (2, BOX)


numbers = st.integers(0, 999)


@settings(deadline=None)
@given(st.tuples(numbers, numbers, numbers, numbers), st.sampled_from(sorted(BOX_KEYS)))
def test_any_box_under_any_key(corners: tuple[int, ...], key: str) -> None:
    assert read_written_box([{key: list(corners), "label": "x"}]).corners == corners


@settings(deadline=None)
@given(st.text("<>/|box_start[](), 019det"))
def test_any_text_is_one_box_or_none_or_refused(text: str) -> None:
    try:
        found = tagged_box(text)
    except ValueError:
        return
    assert found is None or found.corners is not None
