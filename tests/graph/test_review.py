"""A person in the loop: the run is interrupted once for what is open, and goes on with the answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Checkpointer, Command

from tests.scripted import (
    ANN,
    FACE,
    OWLS,
    TOKENS,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    kind,
    outcome,
    region,
    says,
    span,
)
from unco.context import Context
from unco.graph import PostGraph, build_graph
from unco.state import RESULT, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm

TEXT = " ".join(TOKENS)
POST = {"text": TEXT}
EVERYTHING = Context(review=("rejected", "failed", "unavailable"))
THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}
WRONG = {
    ("span", "Ann"): span("Zoe"),
    ("type", "Ann"): kind("ANIMAL"),
    ("region", "Ann"): region(900, 900, 990, 990),
    ("type", "Blue Owls"): kind("ORG"),
}
"""Answers about Ann that cannot be true, and one about the owls that can."""


def graph_with(saver: Checkpointer, llm: Mllm | None = None, ann: str = "span type region") -> PostGraph:
    small = says((ANN, "ORG", FACE, doubt(ann)), (OWLS, "PER", None, doubt("type")))
    return build_graph(small_model_tool(small), llm or ScriptedLlm(WRONG), checkpointer=saver)


def requests_in(result: Any) -> list[dict[str, Any]]:
    [asked] = result["__interrupt__"]
    requests: list[dict[str, Any]] = asked.value
    return requests


def edit(value: Any, **more: Any) -> dict[str, Any]:
    return {"type": "edit", "args": {"action": "review", "args": {"value": value}}} | more


def resumed(graph: PostGraph, *answers: Any) -> dict[str, Any]:
    result: dict[str, Any] = graph.invoke(Command(resume=list(answers)), THREAD)
    return result


@pytest.fixture
def post(tmp_path: Path) -> dict[str, Any]:
    return {"text": TEXT, "image": drawing(tmp_path)}


def test_the_run_stops_once_with_a_request_for_each_open_attribute(post: dict[str, Any]) -> None:
    result = graph_with(InMemorySaver()).invoke(post, THREAD, context=EVERYTHING)
    requests = requests_in(result)
    assert [request["action_request"] for request in requests] == [
        {"action": "review span", "args": {"entity": 0, "attribute": "span", "value": "Ann"}},
        {"action": "review type", "args": {"entity": 0, "attribute": "type", "value": "ORG"}},
        {"action": "review region", "args": {"entity": 0, "attribute": "region", "value": [10.0, 10.0, 60.0, 90.0]}},
    ]
    can = {"allow_accept": True, "allow_edit": True, "allow_ignore": True, "allow_respond": True}
    assert all(request["config"] == can for request in requests)
    assert requests == json.loads(json.dumps(requests))
    about = requests[1]["description"]
    for words in ("ANIMAL", "By hand.", TEXT, post["image"], "200 x 100", "PER: A person.", "uncertainty 0.90"):
        assert words in about


ANSWERS = [
    ("span", {"type": "accept", "args": None}, {"outcome": "reviewed", "after": {"start": 0, "stop": 1}}),
    ("span", edit("Ann Lee"), {"outcome": "reviewed", "after": {"start": 0, "stop": 2}}),
    ("span", {"type": "ignore", "args": None}, {"outcome": "rejected", "after": {"start": 0, "stop": 1}}),
    ("span", {"type": "response", "args": "Look again."}, {"outcome": "rejected", "after": {"start": 0, "stop": 1}}),
    ("type", {"type": "accept", "args": {"action": "as shown", "args": {}}}, {"outcome": "reviewed", "after": "ORG"}),
    ("type", edit("per"), {"outcome": "reviewed", "after": "PER"}),
    ("type", {"type": "ignore"}, {"outcome": "rejected", "after": "ORG"}),
    ("type", {"type": "response", "args": "Look again."}, {"outcome": "rejected", "after": "ORG"}),
    ("region", {"type": "accept"}, {"outcome": "reviewed", "after": {"x1": 10.0, "y1": 10.0, "x2": 60.0, "y2": 90.0}}),
    (
        "region",
        edit([20, 10, 200, 100]),
        {"outcome": "reviewed", "after": {"x1": 20.0, "y1": 10.0, "x2": 200.0, "y2": 100.0}},
    ),
    (
        "region",
        edit("[20.5, 10, 70, 90]"),
        {"outcome": "reviewed", "after": {"x1": 20.5, "y1": 10.0, "x2": 70.0, "y2": 90.0}},
    ),
    ("region", edit(None), {"outcome": "reviewed", "after": None}),
    ("region", edit("null"), {"outcome": "reviewed", "after": None}),
    ("region", {"type": "ignore"}, {"outcome": "rejected"}),
    ("region", {"type": "response", "args": "Look again."}, {"outcome": "rejected"}),
]


@pytest.mark.parametrize(("attribute", "answer", "expected"), ANSWERS)
def test_an_answer_counts(
    post: dict[str, Any], attribute: str, answer: dict[str, Any], expected: dict[str, Any]
) -> None:
    llm = ScriptedLlm(WRONG)
    graph = graph_with(InMemorySaver(), llm, ann=attribute)
    assert len(requests_in(graph.invoke(post, THREAD, context=EVERYTHING))) == 1
    asked = list(llm.keys)
    result = resumed(graph, answer | {"by": "Kim"})
    note = account(result, attribute)
    assert expected.items() <= note.items()
    assert (note["by"], len(note["at"])) == ("Kim", len("2026-11-29T08:00:00+00:00"))
    assert ("Kim says: Look again." in note["detail"]) == (answer["type"] == "response")
    entity = read_result(result).entities[0]
    assert RESULT.dump_python(read_result(result), mode="json")["entities"][0][attribute] == note["after"]
    assert entity.text == TEXT[entity.start_char : entity.stop_char]
    assert llm.keys == asked
    assert graph.get_state(THREAD).next == ()


BAD = [
    ("span", edit("Zoe"), "does not stand in the post"),
    ("span", edit("Blue Owls"), "does not stand in the post within 3 words"),
    ("span", edit(""), "does not stand"),
    ("span", edit(7), "must be text"),
    ("type", edit("ANIMAL"), "there is PER, ORG"),
    ("type", edit(None), "must be text"),
    ("region", edit([150, 10, 201, 90]), "does not lie inside the picture of 200 x 100"),
    ("region", edit([60, 10, 20, 90]), "x1 < x2"),
    ("region", edit([1, 2, 3, 4]), "too small"),
    ("region", edit(f"[10, 10, 60, 1{'0' * 400}]"), "a box is"),
    ("region", edit([10, 10, 60, float("nan")]), "a box is"),
    ("region", edit("somewhere"), "a box is"),
    ("region", edit("[" * 100_000), "a box is"),
    ("region", edit({"x1": 1}), "a box is"),
    ("type", {"type": "edit", "args": None}, "an edit has args"),
    ("type", {"type": "edit", "args": {"action": "review"}}, "an edit has args"),
    ("type", {"type": "edit", "args": {"action": "", "args": {"value": "PER", "entity": 1}}}, "requests' order"),
    ("type", {"type": "response", "args": None}, "must be text"),
    ("type", {"type": "approve"}, "an answer is"),
    ("type", {"type": "accept", "by": 7}, "an answer is"),
    ("type", "yes", "an answer is"),
]


@pytest.mark.parametrize("attribute", ["span", "type", "region"])
def test_what_cannot_be_used_is_asked_for_again_with_the_reason(post: dict[str, Any], attribute: str) -> None:
    graph = graph_with(InMemorySaver(), ann=attribute)
    graph.invoke(post, THREAD, context=EVERYTHING)
    for answer, reason in [(answer, reason) for about, answer, reason in BAD if about == attribute]:
        [again] = requests_in(resumed(graph, answer))
        assert reason in again["description"].split("Entity:")[0]
    result = resumed(graph, {"type": "accept"})
    assert outcome(result)[attribute] == "reviewed"
    assert "__interrupt__" not in result


def test_a_bad_answer_loses_none_of_the_good_ones(post: dict[str, Any]) -> None:
    graph = graph_with(InMemorySaver())
    graph.invoke(post, THREAD, context=EVERYTHING)
    [again] = requests_in(resumed(graph, edit("Ann Lee", by="Kim"), edit("ANIMAL", by="Kim"), edit(None, by="Kim")))
    assert again["action_request"]["args"]["attribute"] == "type"
    assert "Ann Lee" in again["description"]
    result = resumed(graph, edit("PER", by="Lou"))
    entity = result["entities"][0]
    assert (entity["text"], entity["type"], entity["region"]) == ("Ann Lee", "PER", None)
    assert [note["by"] for note in entity["corrections"]] == ["Kim", "Lou", "Kim"]
    assert [note["attribute"] for note in entity["corrections"]] == ["span", "type", "region"]


@pytest.mark.parametrize("first", [[{"type": "accept"}], {"type": "accept"}])
def test_answers_may_come_one_by_one(post: dict[str, Any], first: Any) -> None:
    graph = graph_with(InMemorySaver())
    graph.invoke(post, THREAD, context=EVERYTHING)
    left = requests_in(graph.invoke(Command(resume=first), THREAD))
    assert [request["action_request"]["args"]["attribute"] for request in left] == ["type", "region"]
    assert outcome(resumed(graph, {"type": "accept"}, {"type": "ignore"})) == {
        "span": "reviewed",
        "type": "reviewed",
        "region": "rejected",
    }


def test_more_answers_than_requests_are_refused_as_a_whole() -> None:
    graph = graph_with(InMemorySaver(), ann="type")
    graph.invoke(POST, THREAD, context=EVERYTHING)
    [again] = requests_in(resumed(graph, edit("PER"), edit("ORG")))
    assert "a list of 2 came" in again["description"]
    assert account(resumed(graph, edit("PER")), "type")["after"] == "PER"


def test_a_span_may_not_take_words_of_an_entity_not_even_of_one_edited_just_now() -> None:
    small = says((ANN, "PER", None, doubt("span")), (OWLS, "ORG", None, doubt("span")))
    llm = ScriptedLlm({("span", "Ann"): span("Zoe"), ("span", "Blue Owls"): span("Zoe")})
    graph = build_graph(small_model_tool(small), llm, checkpointer=InMemorySaver())
    graph.invoke(POST, THREAD, context=EVERYTHING)
    [again] = requests_in(resumed(graph, edit("Ann Lee plays for"), edit("for the Blue Owls")))
    assert again["action_request"]["args"] == {"entity": 1, "attribute": "span", "value": "Blue Owls"}
    assert "shares words with another entity" in again["description"]
