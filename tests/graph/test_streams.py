"""Every way to stream gives the result of `ainvoke`, for posts of which nothing, something and everything is asked."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, cast

import pytest
from langchain_core.tracers.log_stream import RunLog
from langgraph.types import StreamMode

from tests.scripted import ScriptedLlm, doubt, graph_of, kind, says, spoken
from unco.graph import PostGraph
from unco.graph.variants import build_variant
from unco.state import EntityState, PostOutput, PostState
from unco.tools.extraction.tool import small_model_tool
from unco.types import Span

WORDS = ("Ann", "Bo", "Cy", "Di", "Ed", "Flo", "and", "others")
POST = {"text": " ".join(WORDS), "id": "p1"}
MODES: tuple[StreamMode, ...] = ("values", "updates", "messages", "custom", "debug", "checkpoints", "tasks")

Way = Callable[[PostGraph], Awaitable[Any]]


def graph_with(routed: int) -> PostGraph:
    """A graph that asks for the types of so many of six names; each becomes an ORG."""
    entities = [(Span(at, at + 1), "PER", None, doubt("type" if at < routed else "")) for at in range(6)]
    script = {("type", WORDS[at]): kind("ORG") for at in range(routed)}
    return graph_of(says(*entities, tokens=WORDS), ScriptedLlm(script))


def last_values(parts: Iterable[Any]) -> Any:
    """The last state of the whole graph, of parts (namespace, mode, data)."""
    return [data for namespace, mode, data in parts if mode == "values" and not namespace][-1]


async def by_sync_stream(graph: PostGraph) -> Any:
    return list(graph.stream(POST, stream_mode="values"))[-1]


async def by_stream(graph: PostGraph) -> Any:
    return [state async for state in graph.astream(POST, stream_mode="values")][-1]


async def by_stream_of_every_mode(graph: PostGraph) -> Any:
    parts = [part async for part in graph.astream(POST, stream_mode=[*MODES], subgraphs=True)]
    return last_values(parts)


async def by_sync_stream_of_every_mode(graph: PostGraph) -> Any:
    return last_values(graph.stream(POST, stream_mode=[*MODES], subgraphs=True))


async def by_updates(graph: PostGraph) -> Any:
    updates = [update async for update in graph.astream(POST, stream_mode="updates")]
    return updates[-1]["collect"]


async def by_events_v1(graph: PostGraph) -> Any:
    return [event async for event in graph.astream_events(POST, version="v1")][-1]["data"]["output"]["collect"]


async def by_events_v2(graph: PostGraph) -> Any:
    return [event async for event in graph.astream_events(POST, version="v2")][-1]["data"]["output"]


async def by_events_v3(graph: PostGraph) -> Any:
    run = await graph.astream_events(POST, version="v3")
    return await run.output()


async def by_log(graph: PostGraph) -> Any:
    log: Any = RunLog(state=cast(Any, None))  # the patches begin with the whole state
    async for patch in graph.astream_log(POST):
        log = log + patch
    return log.state["final_output"]["collect"]


WAYS: tuple[Way, ...] = (
    by_sync_stream,
    by_stream,
    by_stream_of_every_mode,
    by_sync_stream_of_every_mode,
    by_updates,
    by_events_v1,
    by_events_v2,
    by_events_v3,
    by_log,
)


@pytest.mark.filterwarnings("ignore:astream_:DeprecationWarning", "ignore:The v3 streaming protocol:Warning")
@pytest.mark.parametrize("routed", [0, 1, 2, 5])
@pytest.mark.parametrize("way", WAYS)
async def test_every_stream_ends_with_the_same_result(way: Way, routed: int) -> None:
    expected = await graph_with(routed).ainvoke(POST)
    assert [entity["type"] for entity in expected["entities"]] == ["ORG"] * routed + ["PER"] * (6 - routed)
    last = await way(graph_with(routed))
    assert {name: last[name] for name in PostOutput.__annotations__} == expected


@pytest.mark.parametrize("mode", MODES)
async def test_each_mode_alone_runs_to_the_end(mode: StreamMode) -> None:
    graph = graph_with(2)
    awaited = [part async for part in graph.astream(POST, stream_mode=mode)]
    assert len(list(graph.stream(POST, stream_mode=mode))) == len(awaited)


@pytest.mark.parametrize("variant", ["one_shot", "correct_all", "small_only"])
async def test_variants_stream_events_too(variant: str) -> None:
    entities = [(Span(at, at + 1), "PER", None, doubt("type")) for at in range(2)]
    one_shot = spoken(corrected_entity="Ann", corrected_type="ORG", corrected_bounding_box=None)
    llm = ScriptedLlm({("one_shot", name): one_shot for name in WORDS[:2]})
    graph = build_variant(variant, small_model_tool(says(*entities, tokens=WORDS)), llm)
    expected = await graph.ainvoke(POST)
    last = await by_events_v2(graph)
    assert {name: last[name] for name in PostOutput.__annotations__} == expected


def test_the_entity_graph_shares_no_key_with_the_post_graph_but_its_result() -> None:
    """LangGraph writes the whole state of a subgraph to the state around it when events are streamed."""
    shared = set(PostState.__annotations__) & set(EntityState.__annotations__)
    assert shared == {"corrected"}
