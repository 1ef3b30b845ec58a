"""Answers under other keys, and within other objects, are read where they can mean one thing."""

import json
from typing import Any

import pytest

from unco.errors import ReplyError
from unco.prompts import parse_answer
from unco.prompts.answer_place import place_of_value
from unco.prompts.other_names import OTHER_NAMES
from unco.prompts.specs import AnswerName
from unco.types import Attribute

KINDS: dict[str, tuple[AnswerName, Any]] = {
    "corrected_entity": ("span", "Oslo"),
    "corrected_type": ("type", "LOC"),
    "corrected_bounding_box": ("region", None),
    "candidate": ("candidate", 3),
    "chosen": ("choice", "second"),
    "entities": ("entities", []),
}
TYPE: dict[str, Any] = {"reasoning_process": "r", "corrected_type": "LOC"}


def value(found: Any, answer: AnswerName, key: str) -> Any:
    return getattr(parse_answer(json.dumps(found), "stop", answer), key)


@pytest.mark.parametrize(("key", "names"), OTHER_NAMES.items())
def test_other_names_of_a_key_are_read(key: str, names: tuple[str, ...]) -> None:
    kind, said = KINDS[key]
    for name in names:
        assert value({"reasoning_process": "r", name: said}, kind, key) == (said or [])


@pytest.mark.parametrize("key", [r"corrected\_type", "corrected-type", "Corrected-Type", r"final\_type"])
def test_a_key_may_be_written_with_hyphens_or_escapes(key: str) -> None:
    assert value({r"reasoning\_process": "r", key: "LOC"}, "type", "corrected_type") == "LOC"
    assert parse_answer(f'{{"reasoning\\_process": "r", "{key}": "LOC"}}', "stop", "type").reasoning_process == "r"


@pytest.mark.parametrize("name", ["answer", "Final answer"])
def test_a_plain_answer_is_read_where_one_value_is_asked_for(name: str) -> None:
    for key in ("corrected_entity", "corrected_type", "chosen"):
        kind, said = KINDS[key]
        assert value({"reasoning_process": "r", name: said}, kind, key) == said
    assert value({name: [1, 2, 30, 40]}, "region", "corrected_bounding_box") == (1, 2, 30, 40)
    for kind in ("candidate", "one_shot"):
        with pytest.raises(ReplyError):
            value({name: 2}, kind, "candidate")


def test_names_in_a_list_of_entities() -> None:
    for entity in ("entity", "text", "name", "mention"):
        for label in ("type", "label", "entity_type"):
            item = {entity: "Ann", label: "PER", "bbox": None}
            for found in ({"entities": [item]}, [item], {"result": {"named_entities": [item]}}):
                [read] = value(found, "entities", "entities")
                assert (read.entity, read.type, read.bounding_box) == ("Ann", "PER", None)
    with pytest.raises(ReplyError):
        value({"entities": [{"name": "Ann", "text": "Bo", "type": "PER", "bbox": None}]}, "entities", "entities")


@pytest.mark.parametrize("said", ["Candidate 2", "#2", "box 2", "no. 2", "2.", "candidate #2"])
def test_a_candidate_may_be_named_with_a_word(said: str) -> None:
    assert value({"candidate": said}, "candidate", "candidate") == 2


@pytest.mark.parametrize(
    "name", ["corrected_region", "final_bounding_box", "bounding_box_2d", "coordinates", "correctedBoundingBoxes"]
)
def test_boxes_have_other_names_too(name: str) -> None:
    assert value({"reasoning_process": "r", name: [1, 2, 30, 40]}, "region", "corrected_bounding_box") == (1, 2, 30, 40)


@pytest.mark.parametrize(
    "found",
    [
        {"type": "LOC"},
        {"entity": "Oslo", "entity_type": "LOC"},
        {"corrected_label": "LOC", "final_type": "ORG"},
        {"answer": "LOC", "final_answer": "ORG"},
        {"corrected_entity": "Oslo"},
    ],
)
def test_what_may_repeat_the_question_or_differs_is_no_answer(found: dict[str, str]) -> None:
    with pytest.raises(ReplyError, match="corrected_type: Field required"):
        parse_answer(json.dumps({"reasoning_process": "r"} | found), "stop", "type")


def test_our_own_key_counts_before_others() -> None:
    assert value({"answer": "ORG", "corrected_label": "PER", **TYPE}, "type", "corrected_type") == "LOC"


@pytest.mark.parametrize(
    "found",
    [
        {"name": "answer", "arguments": TYPE},
        {"name": "answer", "arguments": json.dumps(TYPE)},
        {"answer": json.dumps(TYPE)},
        {"status": "ok", "result": TYPE, "confidence": 0.9},
        {"corrections": [TYPE]},
        {"reasoning_process": "r", "answer": {"corrected_type": "LOC"}},
        {"type": "object", "properties": TYPE, "required": ["reasoning_process", "corrected_type"]},
        {"corrected_type": {"name": "LOC", "confidence": 0.9}},
        {"corrected_type": {"label": "LOC", "start": 0, "end": 3}},
    ],
)
def test_the_only_object_in_another_is_the_answer(found: dict[str, Any]) -> None:
    assert value(found, "type", "corrected_type") == "LOC"


def test_the_only_object_may_hold_a_familys_box() -> None:
    assert value({"result": {"bbox_2d": [1, 2, 30, 40]}}, "region", "corrected_bounding_box") == (1, 2, 30, 40)


@pytest.mark.parametrize(
    "found",
    [
        {"reasoning_process": {"corrected_type": "ORG"}},
        {"example": TYPE},
        {"draft": TYPE, "status": "thinking"},
        {"original_answer": TYPE},
        {"corrections": [TYPE, TYPE | {"corrected_type": "ORG"}]},
        {"Oslo": TYPE, "NASA": TYPE | {"corrected_type": "ORG"}},
        {"corrected_type": {"LOC": 0.9, "ORG": 0.1}},
        {"corrected_type": {"name": "LOC", "was": "ORG"}},
    ],
)
def test_several_or_others_are_none(found: dict[str, Any]) -> None:
    with pytest.raises(ReplyError):
        parse_answer(json.dumps(found), "stop", "type")


@pytest.mark.parametrize(("name", "attribute"), [("corrected_span", "span"), ("corrected_label", "type")])
def test_a_value_has_a_place_under_another_name_too(name: str, attribute: Attribute) -> None:
    text = json.dumps({name: "Oslo"})
    assert place_of_value(text, attribute) == (text.index("Oslo"), text.index("Oslo") + 4)


def test_a_plain_answer_beside_a_box_is_words_about_it() -> None:
    for said in (None, "Oslo", "yes"):
        found = {"reasoning_process": "r", "answer": said, "bbox_2d": [1, 2, 30, 40]}
        assert value(found, "region", "corrected_bounding_box") == (1, 2, 30, 40)


@pytest.mark.parametrize("key", ["given", "current_box", "Initial", "original", "input"])
def test_a_box_that_repeats_the_question_is_no_answer(key: str) -> None:
    with pytest.raises(ReplyError):
        value({"reasoning_process": "r", key: {"bounding_box": [1, 2, 30, 40]}}, "region", "corrected_bounding_box")


def test_a_value_that_is_said_to_be_wrong_is_no_answer() -> None:
    with pytest.raises(ReplyError):
        value({"corrected_type": {"original": "PER", "correct": False}}, "type", "corrected_type")
