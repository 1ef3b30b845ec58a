"""A memory in the graph: what was decided about a name changes whether a later mention is asked about."""

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.store.base import BaseStore, Op, Result
from langgraph.store.memory import InMemoryStore
from langgraph.types import Command
from typing_extensions import TypedDict

from tests.scripted import OWLS, TOKENS, ScriptedLlm, account, doubt, kind, says
from tests.tiny import extraction
from unco.context import Context
from unco.errors import SettingsError
from unco.graph import PostGraph, build_graph
from unco.tools.extraction.tool import small_model_tool
from unco.tools.memory.memory import Memory
from unco.types import Extraction, Post, Uncertainty

MINE = Context(memory="mine")


class Around(TypedDict, total=False):
    """State of a graph that the post graph is a node of."""

    text: list[str]
    entities: list[dict[str, Any]]


SLIGHT = Uncertainty(span=0.1, type=0.34, region=0.1)
"""Above the threshold of a type, 0.3, and below it after one decision that agrees: 0.286."""


def small_model(uncertainty: Uncertainty = SLIGHT) -> Any:
    """Say of each post that its words 5 and 6 are an ORG."""

    def extractor(post: Post) -> Extraction:
        words = post.text if isinstance(post.text, tuple) else tuple(post.text.split())
        return extraction(words, [(OWLS, "ORG", None, uncertainty)])

    return extractor


def post(place: int, **fields: Any) -> dict[str, Any]:
    return {"text": [*TOKENS[:-1], f"town {place}"], **fields}


def graph_with(llm: ScriptedLlm, store: BaseStore | None, uncertainty: Uncertainty = SLIGHT, **more: Any) -> PostGraph:
    return build_graph(small_model_tool(small_model(uncertainty)), llm, store=store, **more)


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return [account(result, "type")["outcome"] for result in results]


@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_name_that_was_confirmed_is_asked_about_less(is_awaited: bool) -> None:
    graph, results = graph_with(ScriptedLlm(), InMemoryStore()), []
    for place in range(20):
        run = asyncio.run(graph.ainvoke(post(place), context=MINE)) if is_awaited else None
        results.append(run or graph.invoke(post(place), context=MINE))
    assert outcomes(results)[0] == "kept"
    assert 15 <= outcomes(results).count("skipped") < 19  # some are asked about all the same
    skipped = next(result for result in results if account(result, "type")["outcome"] == "skipped")
    note = account(skipped, "type")
    assert note["detail"].startswith("memory: 1 decisions agree, 0 do not; uncertainty 0.340")
    assert note["uncertainty"] == pytest.approx(0.2863, abs=1e-4)


def test_a_name_that_was_corrected_is_asked_about_where_it_was_sure() -> None:
    store, sure = InMemoryStore(), Uncertainty(0.1, 0.26, 0.1)
    llm = ScriptedLlm({("type", "Blue Owls"): kind("PER")})
    first = graph_with(llm, store).invoke(post(1), context=MINE)
    later = graph_with(llm, store, sure).invoke(post(2), context=MINE)
    assert outcomes([first, later]) == ["changed", "changed"]
    assert outcomes([graph_with(llm, store, sure).invoke(post(3))]) == ["skipped"]  # a run without the memory


def test_nothing_is_kept_unless_it_is_chosen_and_private_posts_never() -> None:
    store = InMemoryStore()
    graph = graph_with(ScriptedLlm(), store)
    graph.invoke(post(1))
    graph.invoke(post(2, private=True), context=MINE)
    assert list(Memory(store, "mine").all()) == []
    graph.invoke(post(3), context=MINE)
    assert len(list(Memory(store, "mine").all())) == 1
    assert store.search(("unco_memory", "yours")) == []


def test_a_memory_needs_a_store_and_says_so_before_anything_is_paid() -> None:
    llm = ScriptedLlm()
    with pytest.raises(SettingsError, match="a memory needs a store"):
        graph_with(llm, None).invoke(post(1), context=MINE)
    with pytest.raises(SettingsError, match="memory must be a string"):
        Context(memory=3)  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="1 to 100 characters"):
        graph_with(llm, InMemoryStore()).invoke(post(1), context=Context(memory=""))
    assert llm.asked == []


class Broken(InMemoryStore):
    """A store whose disk is full."""

    def batch(self, ops: Any) -> list[Result]:
        ops = list(ops)
        if self.fails(ops):
            raise OSError("no space left on device")
        return super().batch(ops)

    async def abatch(self, ops: Any) -> list[Result]:
        return self.batch(ops)

    def fails(self, ops: list[Op]) -> bool:
        return True


class Full(Broken):
    def fails(self, ops: list[Op]) -> bool:
        return any("PutOp" in type(op).__name__ for op in ops)


@pytest.mark.parametrize("is_awaited", [False, True])
def test_a_store_that_fails_costs_a_warning(is_awaited: bool) -> None:
    for store, done in ((Broken(), ["read", "written"]), (Full(), ["written"])):
        graph = graph_with(ScriptedLlm(), store)
        run = asyncio.run(graph.ainvoke(post(1), context=MINE)) if is_awaited else graph.invoke(post(1), context=MINE)
        assert outcomes([run]) == ["kept"]
        assert run["warnings"] == [f"the memory could not be {what}: OSError: no space left on device" for what in done]


def test_what_a_person_decides_is_kept_when_the_run_goes_on() -> None:
    store, thread = InMemoryStore(), RunnableConfig(configurable={"thread_id": "1"})
    llm = ScriptedLlm({("type", "Blue Owls"): kind("ANIMAL")})
    graph = graph_with(llm, store, checkpointer=InMemorySaver())
    graph.invoke(post(1), thread, context=Context(memory="mine", review=("rejected",)))
    assert list(Memory(store, "mine").all()) == []
    answer = {"type": "edit", "args": {"action": "review", "args": {"value": "PER"}}}
    graph.invoke(Command(resume=[answer]), thread)
    [kept] = Memory(store, "mine").all()
    assert (kept.decision.said, kept.decision.decided, kept.decision.by) == ("ORG", "PER", "review")


def test_a_run_that_goes_on_where_there_is_no_store_is_answered() -> None:
    """As of a service that was started again without `UNCO_MEMORY`."""
    saver, thread = InMemorySaver(), RunnableConfig(configurable={"thread_id": "1"})
    llm = ScriptedLlm({("type", "Blue Owls"): kind("ANIMAL")})
    context = Context(memory="mine", review=("rejected",))
    graph_with(llm, InMemoryStore(), checkpointer=saver).invoke(post(1), thread, context=context)
    edit = {"type": "edit", "args": {"args": {"value": "PER"}}}
    result = graph_with(llm, None, checkpointer=saver).invoke(Command(resume=[edit]), thread)
    assert outcomes([result]) == ["reviewed"]
    assert result["warnings"] == [
        "the memory could not be written: SettingsError: a memory needs a store: build the graph with "
        "build_graph(..., store=...), or set UNCO_MEMORY to a file; or leave `memory` out of the context"
    ]


def test_a_post_that_is_run_again_has_the_same_result() -> None:
    graph = graph_with(ScriptedLlm(), InMemoryStore())
    first, again = (graph.invoke(post(1), context=MINE) for _ in range(2))
    assert first == again


def test_a_graph_around_it_may_have_the_store() -> None:
    store = InMemoryStore()
    around = StateGraph(Around, Context)
    around.add_node("post", graph_with(ScriptedLlm(), None))
    around.add_edge(START, "post")
    around.compile(store=store).invoke(Around(text=post(1)["text"]), context=MINE)
    assert len(list(Memory(store, "mine").all())) == 1


def test_a_thread_that_is_used_again_carries_nothing_over() -> None:
    store, thread = InMemoryStore(), RunnableConfig(configurable={"thread_id": "1"})
    graph = graph_with(ScriptedLlm(), store, checkpointer=InMemorySaver())
    for place in range(4):
        graph.invoke(post(place), thread, context=MINE)
    before = len(list(Memory(store, "mine").all()))
    result = graph.invoke(post(9), thread)
    assert outcomes([result]) == ["kept"]
    assert len(list(Memory(store, "mine").all())) == before


def test_other_variants_remember_too() -> None:
    from unco.graph import build_variant

    store = InMemoryStore()
    small = says((OWLS, "ORG", None, doubt("type")))
    graph = build_variant("correct_all", small_model_tool(small), ScriptedLlm(), store=store)
    graph.invoke({"text": list(TOKENS)}, context=MINE)
    assert {kept.decision.attribute for kept in Memory(store, "mine").all()} == {"span", "type"}
