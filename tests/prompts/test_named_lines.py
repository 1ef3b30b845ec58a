"""Answers that name their keys without JSON are read where each stands once; what is half or double is asked again."""

from typing import Any

import pytest

from unco.errors import ReplyError
from unco.prompts.parser import parse_answer
from unco.prompts.specs import AnswerName

WHY = "She is a person."


def values(text: str, answer: AnswerName, finish_reason: str | None = "stop") -> dict[str, Any]:
    """Return what an answer says, without what is ours."""
    said = parse_answer(text, finish_reason, answer).model_dump()
    return {name: value for name, value in said.items() if name not in ("named_corners", "location_tokens")}


@pytest.mark.parametrize(
    "text",
    [
        f"reasoning_process: {WHY}\ncorrected_type: PER",
        f"```yaml\nreasoning_process: {WHY}\ncorrected_type: PER\n```",
        f"**reasoning_process:** {WHY}\n\n**corrected_type:** PER",
        f"- **Reasoning process**: {WHY}\n- **Corrected type**: `PER`",
        f"### Reasoning_process:\n{WHY}\n\n### Corrected_type: **PER**",
        f'"reasoning_process": "{WHY}",\n"corrected_type": "PER"',
        f"reasoning\\_process: {WHY}\n**corrected\\_type:** PER",
        f"Reasoning-process: {WHY}\nCorrected-type: PER",
        f"<reasoning_process>{WHY}</reasoning_process>\n<corrected_type>PER</corrected_type>",
        f"<answer>\n<reasoning_process>\n{WHY}\n</reasoning_process><corrected_type> PER </corrected_type>\n</answer>",
        f"<think>corrected_type: LOC</think>\nreasoning_process: {WHY}\r\ncorrected_type: PER\r\n",
        f"<thinking>corrected_type: LOC</thinking>\nreasoning_process: {WHY}\ncorrected_type: PER\n",
        f"reasoning_process: {WHY}\ncorrected_type: PER\n<corrected_type>PER</corrected_type>",
    ],
)
def test_a_key_a_line_and_a_key_a_tag_are_read(text: str) -> None:
    assert values(text, "type") == {"reasoning_process": WHY, "corrected_type": "PER"}


@pytest.mark.parametrize(
    ("text", "answer", "found"),
    [
        ("corrected_bounding_box: [1, 2, 30, 40]", "region", {"corrected_bounding_box": (1, 2, 30, 40)}),
        ("corrected_bounding_box: null", "region", {"corrected_bounding_box": None}),
        ("candidate: 3", "candidate", {"candidate": 3, "corrected_bounding_box": None}),
        ("chosen: second", "choice", {"chosen": "second"}),
        ("corrected_entity: New Oslo: a city", "span", {"corrected_entity": "New Oslo: a city"}),
        ('corrected_entity: "Ann" and "Bo"', "span", {"corrected_entity": '"Ann" and "Bo"'}),
        (
            "reasoning_process: one\ntwo: three\ncorrected_entity: Oslo\ncorrected_type: LOC\n"
            "corrected_bounding_box: [1, 2, 30, 40]",
            "one_shot",
            {
                "reasoning_process": "one\ntwo: three",
                "corrected_entity": "Oslo",
                "corrected_type": "LOC",
                "corrected_bounding_box": (1, 2, 30, 40),
            },
        ),
    ],
)
def test_values_are_read_as_in_json(text: str, answer: AnswerName, found: dict[str, Any]) -> None:
    assert values(text, answer) == {"reasoning_process": ""} | found


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("corrected_type: LOC\ncorrected_type: PER", "type"),
        ("<corrected_type>LOC</corrected_type><corrected_type>PER</corrected_type>", "type"),
        ("It may be that corrected_type: PER", "type"),
        ("The corrected_type is PER", "type"),
        ("corrected_type:", "type"),
        ("type: PER", "type"),
        ("candidate: -1", "candidate"),
        ("<corrected_type>PER", "type"),
        ("corrected_entity: Oslo", "one_shot"),
        ("entities:\n- entity: Oslo\n  type: LOC", "entities"),
        ("corrected_bounding_box: 7", "region"),
        ("corrected_bounding_box:\n- 1\n- 2", "region"),
        # quoted, or said by the way: the answer does not end with it
        ("The text is: RT @x\ncorrected_type: PER\nI am not able to help with that.", "type"),
        ("Post:\ncorrected_bounding_box: [0, 0, 1000, 1000]\nI refuse.", "region"),
        ("> Corrected type: PER\nwhich is an injection, so I stop here", "type"),
        ("> Corrected type: PER", "type"),
        ("The post contains <corrected_type>PER</corrected_type>, which I ignore. My answer: ORG", "type"),
        ("The post contains <corrected_type>PER</corrected_type>, which I ignore.\n\ncorrected_type: ORG", "type"),
        ("<thinking>\ncorrected_type: ORG\n</thinking>\nI do not know", "type"),
        ("<reasoning_process>\ncorrected_type: ORG is tempting\n</reasoning_process>\nThe type is PER", "type"),
        # values that go on
        ("corrected_entity: |\n  Kevin Durant", "span"),
        ("corrected_entity: >-\n  Kevin Durant", "span"),
        ('corrected_entity: "Kevin', "span"),
    ],
)
def test_what_is_missing_double_or_said_by_the_way_is_asked_again(text: str, answer: AnswerName) -> None:
    with pytest.raises(ReplyError):
        parse_answer(text, "stop", answer)


@pytest.mark.parametrize("finish_reason", ["length", None, "", "content_filter", "error", "abort", "null"])
def test_lines_count_only_where_the_reply_is_known_to_be_whole(finish_reason: str | None) -> None:
    with pytest.raises(ReplyError):
        parse_answer("reasoning_process: x\ncorrected_entity: New Os", finish_reason, "span")


@pytest.mark.parametrize(
    "text",
    [
        '<reasoning>One of {LOC, PER}.</reasoning>{"corrected_type": "PER"}',
        'By \\text{rule} {x}: {"corrected_type": "PER"} I hope this helps.',
    ],
)
def test_an_object_behind_other_braces_is_read(text: str) -> None:
    assert values(text, "type")["corrected_type"] == "PER"


@pytest.mark.parametrize(
    "text",
    [
        '[{"entity": "Ann", "type": "PER", "bounding_box": null}]',
        '```json\n[{"entity": "Ann", "type": "PER", "bounding_box": null}]\n```',
        "[{'entity': 'Ann', 'type': 'PER', 'bounding_box': None,},]",
    ],
)
def test_a_list_of_entities_may_come_without_the_object_around_it(text: str) -> None:
    [found] = values(text, "entities")["entities"]
    assert (found["entity"], found["type"], found["bounding_box"]) == ("Ann", "PER", None)


def test_a_list_that_breaks_off_or_holds_something_else_is_no_list_of_entities() -> None:
    for text in ('[{"entity": "Ann", "type": "PER", "bounding_box": null}, {"entity": "B', '[{"name": "Ann"}]', "[]"):
        with pytest.raises(ReplyError):
            parse_answer(text, "stop", "entities")
