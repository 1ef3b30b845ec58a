"""Answers of more than one attribute, answers by number, and the schemas that an endpoint can be given."""

from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.prompts.by_id import prompt_of
from unco.errors import ReplyError
from unco.prompts import (
    AnswerName,
    CandidateAnswer,
    EntitiesAnswer,
    OneShotAnswer,
    available_prompts,
    parse_answer,
    response_schema,
)

ONE_SHOT = (
    '{"reasoning_process": "A city.", "corrected_entity": "New Oslo", "corrected_type": "LOC", '
    '"corrected_bounding_box": [1, 2, 3, 4]}'
)
ENTITIES = (
    '{"reasoning_process": "Two names.", "entities": ['
    '{"entity": "New Oslo", "type": "LOC", "bounding_box": [1, 2, 3, 4]}, '
    '{"entity": "Ann", "type": "PER", "bounding_box": null}]}'
)


def candidate(text: str) -> tuple[int | None, Any]:
    answer = parse_answer(text, "stop", "candidate")
    assert isinstance(answer, CandidateAnswer)
    return answer.candidate, answer.corrected_bounding_box


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"candidate": 3, "corrected_bounding_box": null}', (3, None)),
        ('{"candidate": null, "corrected_bounding_box": [1, 2, 3, 4]}', (None, (1, 2, 3, 4))),
        ('{"candidate": null, "corrected_bounding_box": null}', (None, None)),
        ('{"corrected_bounding_box": null}', (None, None)),
        ('{"candidate": 3}', (3, None)),
        ('{"candidate": "3"}', (3, None)),
        ('{"candidate": "#3"}', (3, None)),
        ('{"candidate": 3.0}', (3, None)),
        ('{"candidate": 0}', (0, None)),
        ('{"Candidate": "none", "corrected_bounding_box": [1, 2, 3, 4]}', (None, (1, 2, 3, 4))),
        ("{'candidate': 3,}", (3, None)),
    ],
)
def test_a_box_or_a_number(text: str, read: tuple[int | None, Any]) -> None:
    assert candidate(text) == read


@pytest.mark.parametrize(
    "text",
    [
        '{"candidate": null}',
        '{"candidate": 2.5}',
        '{"candidate": true}',
        '{"candidate": "the left one"}',
        '{"candidate": [3]}',
        '{"candidate": 3, "corrected_bounding_box": "left"}',
        '{"reasoning_process": "it is {2}", "candidate": 1',
        '{"reasoning_process": "no key for either"}',
    ],
)
def test_what_is_neither_is_unreadable(text: str) -> None:
    with pytest.raises(ReplyError):
        candidate(text)


def test_all_three_at_once() -> None:
    answer = parse_answer(ONE_SHOT, "stop", "one_shot")
    assert isinstance(answer, OneShotAnswer)
    read = (answer.corrected_entity, answer.corrected_type, answer.corrected_bounding_box, answer.reasoning_process)
    assert read == ("New Oslo", "LOC", (1, 2, 3, 4), "A city.")


@pytest.mark.parametrize("key", ["corrected_entity", "corrected_type", "corrected_bounding_box"])
def test_two_of_three_are_not_an_answer(key: str) -> None:
    with pytest.raises(ReplyError, match=key):
        parse_answer(ONE_SHOT.replace(key, "other"), "stop", "one_shot")


def entities(text: str) -> list[tuple[str, str, Any]]:
    answer = parse_answer(text, "stop", "entities")
    assert isinstance(answer, EntitiesAnswer)
    return [(found.entity, found.type, found.bounding_box) for found in answer.entities]


@pytest.mark.parametrize(
    "text",
    [
        ENTITIES,
        f"```json\n{ENTITIES}\n```",
        ENTITIES.replace('"', "'"),
        ENTITIES.replace("null}]}", "null},]}"),
        ENTITIES.replace("[1, 2, 3, 4]", '{"x1": 1, "y1": 2, "x2": 3, "y2": 4}'),
    ],
)
def test_a_list_of_entities(text: str) -> None:
    assert entities(text) == [("New Oslo", "LOC", (1, 2, 3, 4)), ("Ann", "PER", None)]


@pytest.mark.parametrize(
    "text", ['{"entities": []}', "{'entities': [],}", '{"reasoning_process": "x", "entities": []}']
)
def test_a_list_may_be_empty(text: str) -> None:
    assert entities(text) == []


@pytest.mark.parametrize(
    "text",
    [
        '{"reasoning_process": "nothing there"}',
        '{"entities": null}',
        '{"entities": [,]}',
        '{"entities": [{"entity": "Ann", "type": "PER"}]}',
        '{"entities": [{"entity": "", "type": "PER", "bounding_box": null}]}',
        '{"entities": [{"entity": "Ann", "type": "PER", "bounding_box": [,]}]}',
        '{"entities": ["Ann"]}',
        ENTITIES.replace("[1, 2, 3, 4]", "[1, 2, 3]"),
    ],
)
def test_what_is_no_list_of_entities_is_unreadable(text: str) -> None:
    with pytest.raises(ReplyError):
        entities(text)


@settings(deadline=None)
@given(st.integers(0, len(ENTITIES) - 1))
def test_no_beginning_of_a_list_is_a_list(length: int) -> None:
    with pytest.raises(ReplyError):
        entities(ENTITIES[:length])


@settings(deadline=None)
@given(st.integers(0, len(ONE_SHOT) - 1))
def test_no_beginning_of_a_one_shot_answer_is_one(length: int) -> None:
    with pytest.raises(ReplyError):
        parse_answer(ONE_SHOT[:length], "stop", "one_shot")


def objects(schema: Any) -> list[dict[str, Any]]:
    """Collect every object's schema within a schema."""
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    own = [schema] if isinstance(schema, dict) and schema.get("type") == "object" else []
    return own + [found for part in inner for found in objects(part)]


@pytest.mark.parametrize("name", get_args(AnswerName))
def test_schemas_are_strict(name: AnswerName) -> None:
    schema = response_schema(name)
    assert list(schema["properties"])[0] == "reasoning_process"
    for found in objects(schema):
        assert found["additionalProperties"] is False
        assert found["required"] == list(found["properties"])
    assert len(objects(schema)) == (2 if name == "entities" else 1)


@pytest.mark.parametrize("prompt_id", available_prompts())
def test_a_prompt_and_its_schema_name_the_same_keys_in_the_same_order(prompt_id: str) -> None:
    prompt = prompt_of(prompt_id)
    keys = prompt.schema["required"]
    places = [prompt.system.index(f'"{key}"') for key in keys]
    assert places == sorted(places)
    assert (keys[0] == "reasoning_process") == prompt.reasoning == ("no-cot" not in prompt_id)
