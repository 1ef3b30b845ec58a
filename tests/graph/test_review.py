"""A person in the loop: the run is interrupted once for what is open, and goes on with the answers."""

import json
import runpy
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from rich.console import Console

from tests.scripted import (
    ANN,
    FACE,
    OWLS,
    TOKENS,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    found,
    kind,
    outcome,
    region,
    says,
    span,
)
from unco.context import Context
from unco.errors import SettingsError
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.metrics.correction_effects import was_asked
from unco.evals.review.queue import review_queue
from unco.graph import PostGraph, build_graph
from unco.show import show_result
from unco.state import RESULT, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.types import Label, Result

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


def graph_with(
    saver: BaseCheckpointSaver[Any] | None, llm: Mllm | None = None, ann: str = "span type region"
) -> PostGraph:
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


@pytest.mark.parametrize("answers", [({"type": "accept"},) * 3, (edit("Ann Lee"), edit("PER"), edit(None))])
def test_killed_while_a_person_thinks(post: dict[str, Any], tmp_path: Path, answers: Sequence[Any]) -> None:
    """Another process goes on: a new saver on the same file, a new graph, no context; and no question is asked."""
    file = str(tmp_path / "runs.sqlite")
    with SqliteSaver.from_conn_string(file) as saver:
        first = graph_with(saver).invoke(post, THREAD, context=EVERYTHING)
    llm = ScriptedLlm(WRONG)
    with SqliteSaver.from_conn_string(file) as saver:
        graph = graph_with(saver, llm)
        assert list(graph.get_state(THREAD).interrupts) == first["__interrupt__"]
        result = resumed(graph, *answers)
    assert set(outcome(result).values()) == {"reviewed"}
    assert llm.keys == []
    assert result["usage"] == first["usage"]


async def test_the_same_awaited(post: dict[str, Any], tmp_path: Path) -> None:
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        graph = graph_with(saver)
        assert len(requests_in(await graph.ainvoke(post, THREAD, context=EVERYTHING))) == 3
        result = await graph.ainvoke(Command(resume=[{"type": "accept"}] * 3), THREAD)
    assert set(outcome(result).values()) == {"reviewed"}


async def test_streams_give_the_interrupt(post: dict[str, Any]) -> None:
    def config(name: str) -> RunnableConfig:
        return {"configurable": {"thread_id": name}}

    graph = graph_with(InMemorySaver())
    updates = list(graph.stream(post, config("a"), context=EVERYTHING, stream_mode="updates", subgraphs=True))
    assert len(updates[-1][1]["__interrupt__"][0].value) == 3
    events = [event async for event in graph.astream_events(post, config("b"), context=EVERYTHING, version="v2")]
    assert any("__interrupt__" in (event["data"].get("chunk") or {}) for event in events)
    for name in ("a", "b"):
        assert len(graph.get_state(config(name)).interrupts) == 1
    streamed = list(graph.stream(Command(resume=[{"type": "accept"}] * 3), config("a"), stream_mode="updates"))
    assert list(streamed[-1]) == ["review"]


@pytest.mark.parametrize(("outcomes", "asked"), [(("failed",), 0), (("rejected",), 1), (("unavailable",), 0)])
def test_the_context_says_which_outcomes_are_reviewed(outcomes: Any, asked: int) -> None:
    result = graph_with(InMemorySaver(), ann="type").invoke(POST, THREAD, context=Context(review=outcomes))
    assert len(result.get("__interrupt__", ())) == asked


def test_a_post_with_nothing_open_is_not_interrupted() -> None:
    saver = InMemorySaver()
    result = graph_with(saver, ann="").invoke(POST, THREAD, context=EVERYTHING)
    assert result == graph_with(None, ann="").invoke(POST)


def test_nobody_is_asked_for_a_box_where_there_is_no_picture() -> None:
    """The correctors could not ask either: the region is `unavailable`."""
    result = graph_with(InMemorySaver(), ann="region").invoke(POST, THREAD, context=EVERYTHING)
    assert outcome(result)["region"] == "unavailable"
    assert "__interrupt__" not in result


def test_no_endpoint_is_needed_nor_a_type_before() -> None:
    """Types of one's own that nobody could be asked about: there is none to accept."""
    graph = graph_with(InMemorySaver(), Mllm(), ann="")
    context = Context(review=("unavailable",), labels=(Label("person", "A person."), Label("club", "A club.")))
    first, second = requests_in(graph.invoke(POST, THREAD, context=context))
    assert first["action_request"]["args"]["value"] is None
    assert not first["config"]["allow_accept"]
    assert "Type of the small model's list:\n\n    ORG" in first["description"]
    [again] = requests_in(resumed(graph, {"type": "accept"}, edit("club")))
    assert "there is no type yet" in again["description"]
    result = resumed(graph, edit("person"))
    assert [entity["type"] for entity in result["entities"]] == ["person", "club"]


def test_what_recall_found_with_a_bad_box_is_open_too(post: dict[str, Any]) -> None:
    llm = ScriptedLlm({("recall", ""): found(("Blue Owls", "ORG", [900, 900, 990, 990]))})
    small = says((ANN, "PER", FACE, doubt()))
    graph = build_graph(small_model_tool(small), llm, checkpointer=InMemorySaver())
    [request] = requests_in(graph.invoke(post, THREAD, context=Context(recall=True, review=("rejected",))))
    assert request["action_request"]["args"] == {"entity": 1, "attribute": "region", "value": None}
    assert resumed(graph, edit([10, 10, 60, 90]))["entities"][1]["region"]["x2"] == 60


def test_without_a_checkpointer_it_is_refused_before_anything_is_asked() -> None:
    llm = ScriptedLlm(WRONG)
    graph = graph_with(None, llm)
    for config in (None, THREAD):
        with pytest.raises(SettingsError, match="checkpointer"):
            graph.invoke(POST, config, context=EVERYTHING)
    assert llm.asked == []


@pytest.mark.parametrize("given", ["rejected", ["changed"], True, [["rejected"]], None, {"rejected": 1}])
def test_a_setting_that_is_none_is_refused(given: Any) -> None:
    with pytest.raises(SettingsError, match="review must be a list of outcomes"):
        graph_with(InMemorySaver()).invoke(POST, THREAD, context={"review": given})


def test_a_json_client_sends_a_list() -> None:
    result = graph_with(InMemorySaver(), ann="type").invoke(POST, THREAD, context={"review": ["rejected"]})
    assert len(requests_in(result)) == 1


def test_a_thread_with_an_unanswered_review_takes_another_post() -> None:
    graph = graph_with(InMemorySaver(), ann="type")
    graph.invoke(POST, THREAD, context=EVERYTHING)
    resumed(graph, edit("ANIMAL"))
    [request] = requests_in(graph.invoke(POST, THREAD, context=EVERYTHING))
    assert "The last answer" not in request["description"]
    assert "__interrupt__" not in graph.invoke(POST, THREAD)


def test_text_of_a_post_is_no_markdown() -> None:
    words = ("Ann", "![x](http://evil.example/a.png)", "```", "\n\n# Click", "here")
    small = says((ANN, "ORG", None, doubt("type")), tokens=words)
    graph = build_graph(small_model_tool(small), Mllm(), checkpointer=InMemorySaver())
    [request] = requests_in(graph.invoke({"text": list(words)}, THREAD, context=EVERYTHING))
    for line in request["description"].splitlines():
        assert line.startswith("    ") or not any(word in line for word in ("evil", "```", "Click"))


def test_a_node_of_another_graph_is_interrupted_and_goes_on() -> None:
    class State(TypedDict, total=False):
        text: str
        entities: list[Any]

    llm = ScriptedLlm(WRONG)
    inner = graph_with(None, llm, ann="type")
    outer = StateGraph(State, Context)
    outer.add_node("found", inner)
    outer.add_node(
        "called", lambda state: {"entities": inner.invoke({"text": state["text"]}, context=EVERYTHING)["entities"]}
    )
    outer.add_edge(START, "found")
    outer.add_edge("found", "called")
    graph = outer.compile(InMemorySaver())
    graph.invoke({"text": TEXT}, THREAD, context=EVERYTHING)
    second = graph.invoke(Command(resume=[edit("PER")]), THREAD, context=EVERYTHING)
    assert second["entities"][0]["type"] == "PER"
    assert len(second["__interrupt__"]) == 1
    last = graph.invoke(Command(resume=[edit("PER", by="Kim")]), THREAD, context=EVERYTHING)
    assert account(last, "type")["by"] == "Kim"
    assert sorted(llm.keys) == sorted([("type", "Ann"), ("type", "Blue Owls")] * 2)


def test_what_a_person_settled_is_read_as_such_everywhere(post: dict[str, Any]) -> None:
    graph = graph_with(InMemorySaver())
    graph.invoke(post, THREAD, context=EVERYTHING)
    accept = {"type": "accept", "by": "Kim"}
    result = read_result(resumed(graph, edit("Ann Lee", by="Kim"), accept, {"type": "response", "args": "Blurred."}))
    assert Result.from_json(result.to_json()) == result
    moved, accepted, left = result.entities[0].corrections
    assert (moved.is_changed, accepted.is_changed, left.is_changed) == (True, False, False)
    assert not any(map(was_asked, (moved, accepted)))
    assert [item.attribute for item in review_queue([result])[0].items if item.reason == "unresolved"] == ["region"]
    assert predicted_of(result).entities[0].uncertainty is None
    console = Console(file=StringIO(), width=200)
    show_result(result, console)
    shown = console.file.getvalue()  # type: ignore[attr-defined]  # the StringIO above
    assert "span: reviewed 'Ann' -> 'Ann Lee' [Kim, 20" in shown
    assert "a person says: Blurred." in shown


@pytest.mark.slow
def test_the_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Killed at the first question, started again, answered: a value that is none is asked for again."""
    main = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "review_in_the_graph.py"))["main"]
    answers: Iterator[str] = iter(())
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "")
    with pytest.raises(StopIteration):
        main("Eileen Collins flew for NASA", tmp_path / "review.sqlite")
    answers = iter(["", "animal", "org"])
    main("Eileen Collins flew for NASA", tmp_path / "review.sqlite")
    assert "NASA ORG" in capsys.readouterr().out


def test_without_review_nothing_is_different() -> None:
    with_saver = graph_with(InMemorySaver())
    steps = [list(update) for update in with_saver.stream(POST, THREAD, stream_mode="updates")]
    assert steps[-1] == ["collect"]
    assert ["review"] not in steps
    note = account(with_saver.get_state(THREAD).values, "type")
    assert (note["outcome"], note["by"], note["at"]) == ("rejected", "", "")
