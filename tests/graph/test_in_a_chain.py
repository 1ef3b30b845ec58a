"""The graph as a step of a chain: the next step gets the result, whichever way the chain is run."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableLambda, RunnableParallel, RunnablePassthrough
from langchain_core.tracers.log_stream import RunLog
from langgraph.graph import START, StateGraph

from tests.graph.test_as_a_part import TEXT, TYPES, Keys, types_of
from tests.graph.test_streams import graph_with
from unco.context import Context

PREPARE: Runnable[str, dict[str, Any]] = RunnableLambda(lambda text: {"text": text})

CHAINS: dict[str, Callable[[], Runnable[Any, Any]]] = {
    "between": lambda: PREPARE | graph_with(1) | types_of,
    "last": lambda: PREPARE | graph_with(1),
    "side by side": lambda: PREPARE | RunnableParallel(found=graph_with(1), again=graph_with(1)) | found_in,
    "beside its post": lambda: PREPARE | RunnablePassthrough.assign(found=graph_with(1)) | found_in,
    "one key of it": lambda: PREPARE | graph_with(1).pick("entities"),
    "with settings": lambda: PREPARE | graph_with(1).bind(context=Context()).with_retry() | types_of,
}

Way = Callable[[Runnable[Any, Any]], Awaitable[Any]]


def found_in(results: dict[str, Any]) -> list[str]:
    return types_of(results["found"])


async def by_stream(chain: Runnable[Any, Any]) -> Any:
    [only] = chain.stream(TEXT)
    return only


async def by_astream(chain: Runnable[Any, Any]) -> Any:
    [only] = [chunk async for chunk in chain.astream(TEXT)]
    return only


async def by_events(chain: Runnable[Any, Any]) -> Any:
    return [event async for event in chain.astream_events(TEXT, version="v2")][-1]["data"]["output"]


async def by_log(chain: Runnable[Any, Any]) -> Any:
    log = RunLog(state=None)  # type: ignore[arg-type]  # the patches begin with the whole state
    async for patch in chain.astream_log(TEXT):
        log = log + patch
    return log.state["final_output"]


@pytest.mark.filterwarnings("ignore:astream_:DeprecationWarning")
@pytest.mark.parametrize("way", [by_stream, by_astream, by_events, by_log])
@pytest.mark.parametrize("chain", CHAINS)
async def test_the_next_step_gets_the_result(chain: str, way: Way) -> None:
    expected = CHAINS[chain]().invoke(TEXT)
    assert await way(CHAINS[chain]()) == expected == await CHAINS[chain]().ainvoke(TEXT)


async def test_a_chain_with_it_is_a_node_too() -> None:
    around: Any = StateGraph(Keys)
    around.add_node("find", graph_with(1) | (lambda found: {"entities": found["entities"]}))
    around.add_edge(START, "find")
    events = [event async for event in around.compile().astream_events({"text": TEXT}, version="v2")]
    assert types_of(events[-1]["data"]["output"]) == TYPES


async def test_steps_are_streamed_where_they_are_asked_for() -> None:
    chain = graph_with(1) | list
    steps = list(chain.stream({"text": TEXT}, stream_mode="updates"))
    assert steps == [chunk async for chunk in chain.astream({"text": TEXT}, stream_mode="updates")] == [["collect"]]
