"""A checkpoint of another version of unco is refused by name where a run would go on from it."""

from typing import Any, get_type_hints

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import Command

from tests.graph.test_persistence import SCRIPT, TEXT, THREAD, Killed, graph_with, killed_at
from tests.graph.test_review import EVERYTHING, POST, requests_in
from tests.graph.test_review import graph_with as graph_to_review
from tests.scripted import ScriptedLlm
from unco.context import Context
from unco.errors import DataError, PostError
from unco.state import STATE_VERSION, EntityState, PostState, ReviewState, SharedState

AGES = [(STATE_VERSION - 1, "an older"), (STATE_VERSION + 1, "a newer")]


class Around(MessagesState):
    text: str
    entities: list[Any]


def written_by(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.nodes.extract.STATE_VERSION", version)


@pytest.mark.parametrize(("version", "age"), AGES)
async def test_a_run_of_another_version_does_not_go_on(version: int, age: str, monkeypatch: pytest.MonkeyPatch) -> None:
    saver = InMemorySaver()
    written_by(version, monkeypatch)
    with pytest.raises(Killed):
        graph_with(saver, killed_at("type", "Ann Lee")).invoke({"text": TEXT}, THREAD)
    graph = graph_with(saver, ScriptedLlm(SCRIPT))
    for _ in range(2):
        with pytest.raises(DataError, match=f"'1' was begun by {age} version of unco .* version {version}"):
            graph.invoke(None, THREAD)
        with pytest.raises(DataError, match="send the post again"):
            await graph.ainvoke(None, THREAD)
    written_by(STATE_VERSION, monkeypatch)
    assert len(graph.invoke({"text": TEXT}, THREAD)["entities"]) == 2  # sent again, in the same thread


def test_a_state_without_a_version_is_older(monkeypatch: pytest.MonkeyPatch) -> None:
    saver = InMemorySaver()
    with pytest.raises(Killed):
        graph_with(saver, killed_at("type", "Ann Lee")).invoke({"text": TEXT}, THREAD)
    for key in [key for key in saver.blobs if key[2] == "state_version"]:
        del saver.blobs[key]
    with pytest.raises(DataError, match="older"):
        graph_with(saver, ScriptedLlm(SCRIPT)).invoke(None, THREAD)


def test_a_run_that_was_killed_before_anything_was_done_goes_on() -> None:
    """Its checkpoint holds a post and nothing else."""
    saver = InMemorySaver()
    graph = graph_with(saver, ScriptedLlm(SCRIPT))
    graph.invoke({"text": TEXT}, THREAD, interrupt_before=["extract"])
    assert len(graph.invoke(None, THREAD)["entities"]) == 2


def test_a_thread_that_is_bound_to_the_graph_is_checked_too(monkeypatch: pytest.MonkeyPatch) -> None:
    saver = InMemorySaver()
    written_by(STATE_VERSION + 1, monkeypatch)
    with pytest.raises(Killed):
        graph_with(saver, killed_at("type", "Ann Lee")).invoke({"text": TEXT}, THREAD)
    with pytest.raises(DataError, match="newer"):
        graph_with(saver, ScriptedLlm(SCRIPT)).with_config(THREAD).invoke(None)


@pytest.mark.parametrize("given", [None, Command(resume=[{"type": "accept"}])])
async def test_what_was_never_begun_does_not_go_on(given: Any) -> None:
    """Such as an answer to a review in the wrong thread."""
    graph = graph_to_review(InMemorySaver())
    with pytest.raises(PostError, match="no run in thread '1' that could go on"):
        graph.invoke(given, THREAD)
    with pytest.raises(PostError, match="no run in thread '1' that could go on"):
        await graph.ainvoke(given, THREAD)


@pytest.mark.parametrize("called", [False, True])
def test_a_review_of_another_version_is_refused_inside_of_another_graph_too(
    called: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = graph_to_review(None, ann="type")
    outer = StateGraph(Around, Context)

    def call(state: Around) -> dict[str, Any]:
        return {"entities": inner.invoke({"text": state["text"]}, context=EVERYTHING)["entities"]}

    outer.add_node("find", call if called else inner)
    outer.add_edge(START, "find")
    graph: Any = outer.compile(InMemorySaver())
    written_by(STATE_VERSION + 1, monkeypatch)
    assert requests_in(graph.invoke({"messages": [], **POST}, THREAD, context=EVERYTHING))
    with pytest.raises(DataError, match="newer"):
        graph.invoke(Command(resume=[{"type": "accept"}]), THREAD, context=EVERYTHING)


def test_a_changed_state_has_another_version() -> None:
    """Where this fails: can a run of before go on? If it cannot, raise `STATE_VERSION`, then write it here."""
    keys = {
        state.__name__: sorted(get_type_hints(state)) for state in (PostState, EntityState, SharedState, ReviewState)
    }
    assert (STATE_VERSION, keys) == (
        1,
        {
            "PostState": [
                "calls", "caption", "corrected", "deadline", "dropped", "entities", "extraction", "grants", "id",
                "image", "memory", "model", "near_misses", "picture", "private", "questions", "regions", "remembered",
                "review_state", "state_version", "text", "thresholds", "tokens", "types", "usage", "warnings",
            ],
            "EntityState": ["corrected", "entity", "entity_grants", "neighbours", "post"],
            "SharedState": ["deadline", "extraction", "image", "private"],
            "ReviewState": ["faults", "outcomes"],
        },
    )  # fmt: skip
