"""What is around a review: kills, streams, choices, other graphs, and what reads a reviewed result."""

import runpy
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import Any, TypedDict

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command
from rich.console import Console

from tests.graph.test_review import EVERYTHING, POST, TEXT, THREAD, WRONG, edit, graph_with, post, requests_in, resumed
from tests.scripted import (
    ANN,
    FACE,
    ScriptedLlm,
    account,
    doubt,
    found,
    outcome,
    says,
)
from unco.context import Context
from unco.errors import PostError, SettingsError
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.metrics.correction_effects import was_asked
from unco.evals.review.queue import review_queue
from unco.graph import build_graph
from unco.show import show_result
from unco.state import PostState, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.types import Label, Result

__all__ = ["post"]


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


def test_a_graph_that_keeps_nothing_refuses_it_inside_of_another_too() -> None:
    """The graph around has a checkpointer, and this one does without: an answer would find no run to go on."""
    llm = ScriptedLlm(WRONG)
    around = StateGraph(PostState, Context)
    around.add_node("find", graph_with(False, llm))
    around.add_edge(START, "find")
    graph: Any = around.compile(InMemorySaver())
    with pytest.raises(SettingsError, match="checkpointer"):
        graph.invoke(POST, THREAD, context=EVERYTHING)
    assert llm.asked == []


def test_none_is_no_answer_and_leaves_the_review_open() -> None:
    graph = graph_with(InMemorySaver())
    graph.invoke(POST, THREAD, context=EVERYTHING)
    with pytest.raises(PostError, match="None is no answer"):
        graph.invoke(Command(resume=None), THREAD)
    assert len(graph.get_state(THREAD).interrupts) == 1


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
