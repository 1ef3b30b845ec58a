"""The schema that is sent lists the types; the one that the key is made of does not."""

import json
from typing import Any

import pytest

from tests.scripted import ANN, ARBOR, ScriptedLlm, doubt, graph_of, says
from unco.context import Context
from unco.prompts import AnswerName, response_schema
from unco.tools.llm.request import Request, request_key
from unco.tools.llm.request_shape import response_format

TEXT = "Ann Lee plays for the Blue Owls of Ann Arbor"
TYPES = ("PER", "LOC", "sports team")


def sent(answer: AnswerName, types: tuple[str, ...] = TYPES) -> Any:
    request = Request(model="m", system="s", user="u", schema=json.dumps(response_schema(answer)), types=types)
    form = response_format(request, "json_schema")
    assert form is not None
    return form["json_schema"]["schema"]


@pytest.mark.parametrize("answer", ["type", "one_shot"])
def test_a_type_is_one_of_the_list(answer: AnswerName) -> None:
    assert sent(answer)["properties"]["corrected_type"] == {"type": "string", "enum": list(TYPES)}


def test_so_is_that_of_each_entity_of_a_list() -> None:
    items = sent("entities")["properties"]["entities"]["items"]
    assert items["properties"]["type"] == {"type": "string", "enum": list(TYPES)}
    assert items["properties"]["entity"] == {"type": "string"}


@pytest.mark.parametrize("answer", ["span", "region", "candidate"])
def test_answers_without_a_type_have_no_list(answer: AnswerName) -> None:
    assert sent(answer) == response_schema(answer)


@pytest.mark.parametrize("answer", ["type", "one_shot", "entities"])
def test_without_types_the_schema_is_that_of_the_prompt(answer: AnswerName) -> None:
    assert sent(answer, ()) == response_schema(answer)


def test_a_question_brings_the_types_of_its_scheme_and_no_other_key() -> None:
    llm = ScriptedLlm()
    extraction = says((ANN, "PER", None, doubt("span type")), (ARBOR, "LOC", None, doubt()))
    graph_of(extraction, llm).invoke({"text": TEXT}, context=Context(type_prompt="v2"))
    asked = {one.attribute: one.request for one in llm.asked}
    assert asked["type"].types
    assert all(f"- {name}: " in asked["type"].system for name in asked["type"].types)
    assert asked["span"].types == ()  # span/v1 lists none
    bare = Request(**{name: getattr(asked["type"], name) for name in Request.__slots__ if name != "types"})
    assert request_key(bare) == request_key(asked["type"])
