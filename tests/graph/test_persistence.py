"""A run that ends in the middle goes on from its checkpoint: what was answered is not asked again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from tests.scripted import ANN, FACE, OWLS, TOKENS, Asked, ScriptedLlm, doubt, drawing, kind, region, says, span
from unco.graph import PostGraph, build_graph
from unco.tools.extraction.tool import small_model_tool

TEXT = " ".join(TOKENS)
SCRIPT = {
    ("span", "Ann"): span("Ann Lee"),
    ("type", "Ann Lee"): kind("PER"),
    ("region", "Ann Lee"): region(20, 10, 70, 90),
    ("type", "Blue Owls"): kind("ORG"),
}
THREAD: RunnableConfig = {"configurable": {"thread_id": "1"}}


class Killed(BaseException):
    """What ends a process in the middle, as far as a graph can see."""


def graph_with(saver: BaseCheckpointSaver[Any] | None, llm: ScriptedLlm) -> PostGraph:
    small = says((ANN, "ORG", FACE, doubt("span type region")), (OWLS, "PER", None, doubt("type")))
    return build_graph(small_model_tool(small), llm, checkpointer=saver)


def killed_at(*question: str) -> ScriptedLlm:
    def kill(asked: Asked) -> float:
        if asked.key == question:
            raise Killed
        return 0.0

    llm = ScriptedLlm(SCRIPT)
    llm.delay = kill
    return llm


@contextmanager
def memory(_: Path) -> Iterator[BaseCheckpointSaver[Any]]:
    yield InMemorySaver()


@contextmanager
def sqlite(folder: Path) -> Iterator[BaseCheckpointSaver[Any]]:
    with SqliteSaver.from_conn_string(str(folder / "runs.sqlite")) as saver:
        yield saver


@pytest.mark.parametrize("opened", [memory, sqlite])
@pytest.mark.parametrize(
    ("question", "left"),
    [
        (("type", "Ann Lee"), {("type", "Ann Lee"), ("region", "Ann Lee")}),
        (("region", "Ann Lee"), {("region", "Ann Lee")}),
    ],
)
def test_a_run_that_was_killed_between_two_correctors_goes_on(
    tmp_path: Path, opened: Any, question: tuple[str, str], left: set[tuple[str, str]]
) -> None:
    post = {"text": TEXT, "image": drawing(tmp_path)}
    expected = graph_with(None, ScriptedLlm(SCRIPT)).invoke(post)
    with opened(tmp_path) as saver:
        with pytest.raises(Killed):
            graph_with(saver, killed_at(*question)).invoke(post, THREAD)
        again = ScriptedLlm(SCRIPT)
        result = graph_with(saver, again).invoke(None, THREAD)
    assert set(again.keys) - {("type", "Blue Owls")} == left  # the other entity may have been cut off, too
    assert result == expected


async def test_the_same_awaited(tmp_path: Path) -> None:
    post = {"text": TEXT, "image": drawing(tmp_path)}
    expected = graph_with(None, ScriptedLlm(SCRIPT)).invoke(post)
    async with AsyncSqliteSaver.from_conn_string(str(tmp_path / "runs.sqlite")) as saver:
        with pytest.raises(Killed):
            await graph_with(saver, killed_at("region", "Ann Lee")).ainvoke(post, THREAD)
        again = ScriptedLlm(SCRIPT)
        assert await graph_with(saver, again).ainvoke(None, THREAD) == expected
    assert set(again.keys) - {("type", "Blue Owls")} == {("region", "Ann Lee")}


def test_a_run_can_be_taken_up_before_the_correctors_again() -> None:
    """Time travel: from the checkpoint after the small model, everything is asked anew, and the result is the same."""
    saver, llm = InMemorySaver(), ScriptedLlm(SCRIPT)
    graph = graph_with(saver, llm)
    first = graph.invoke({"text": TEXT}, THREAD)
    asked = sorted(llm.keys)
    before = next(state for state in graph.get_state_history(THREAD) if set(state.next) == {"correct_entity"})
    assert graph.invoke(None, before.config) == first
    assert sorted(llm.keys) == sorted(asked * 2)


@pytest.mark.parametrize("named", [None, "extract"])
async def test_what_the_small_model_said_can_be_edited_before_the_correctors_run(named: str | None) -> None:
    """`update_state` routes anew from what was edited: here the second entity is taken out."""
    graph = graph_with(InMemorySaver(), llm := ScriptedLlm(SCRIPT))
    graph.invoke({"text": TEXT}, THREAD, interrupt_after=["extract"])
    for awaited in (False, True):
        found = graph.get_state(THREAD).values["extraction"]
        edit = {"extraction": {**found, "entities": found["entities"][:1]}}
        if awaited:
            await graph.aupdate_state(THREAD, edit, as_node=named)
        else:
            graph.update_state(THREAD, edit, as_node=named)
    assert graph.get_state(THREAD).next == ("correct_entity",)
    assert [entity["text"] for entity in graph.invoke(None, THREAD)["entities"]] == ["Ann Lee"]
    assert ("type", "Blue Owls") not in llm.keys
