"""The post graph: extract, ask for missed entities if wanted, send uncertain ones to the entity graph, collect."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langchain_core.tools import BaseTool
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.store.base import BaseStore
from langgraph.types import Checkpointer
from pydantic import BaseModel

from unco.context import Context
from unco.graph.entity import build_entity_graph
from unco.graph.in_a_chain import InOnePiece
from unco.graph.routes import route_entities, route_extracted, route_review
from unco.graph.run_input import check_context, check_input, is_node, own_fields, with_choices, without_saver
from unco.graph.state_version import check_saved, config_of_run, saver_of
from unco.nodes.collect import collect
from unco.nodes.extract import ExtractNode
from unco.nodes.find_entities import find_entities
from unco.nodes.remember import RememberNode
from unco.nodes.review.node import review
from unco.state import PostInput, PostOutput, PostState
from unco.tools.extraction.tool import ExtractArgs
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search
from unco.tools.tool_for_models import ToolForModels
from unco.types import Thresholds


class PostGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph that checks what it is given: LangGraph drops a misspelt key of a post in silence."""

    def stream(
        self, input: Any, config: RunnableConfig | None = None, *, context: Any = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Check input and context, then stream as LangGraph does; `invoke` and `batch` go through here too.

        Raises:
            DataError: it would go on from a checkpoint of another version of unco.
            PostError: the input is not a post; names the field. Or there is no run that could go on.
            SettingsError: the context holds what is no setting.
        """
        checked, post = check_context(context), own_fields(input, config)
        known = config_of_run(self.config, config)
        if (saver := saver_of(post, known, self.checkpointer)) is not None:
            check_saved(saver.get_tuple(known), post, known)
        return super().stream(
            check_input(post), self._own(config, checked), context=checked, **self._as_node(config, kwargs)
        )

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, *, context: Any = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Check input and context, then stream as LangGraph does; `ainvoke` and `abatch` go through here too."""
        checked, post = check_context(context), own_fields(input, config)
        known = config_of_run(self.config, config)
        if (saver := saver_of(post, known, self.checkpointer)) is not None:
            check_saved(await saver.aget_tuple(known), post, known)
        post = await asyncio.to_thread(check_input, post)
        options = self._as_node(config, kwargs)
        async for chunk in super().astream(post, self._own(config, checked), context=checked, **options):
            yield chunk

    def transform(self, input: Iterator[Any], config: RunnableConfig | None = None, **kwargs: Any) -> Iterator[Any]:
        """Give the next step of a chain the result, as `invoke` does; the steps, where `stream_mode` asks for them."""
        chosen: Runnable[Any, Any] = super() if kwargs.get("stream_mode") else InOnePiece(self)  # type: ignore[assignment]
        yield from chosen.transform(input, config, **kwargs)

    async def atransform(
        self, input: AsyncIterator[Any], config: RunnableConfig | None = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Give it the result, awaiting it."""
        chosen: Runnable[Any, Any] = super() if kwargs.get("stream_mode") else InOnePiece(self)  # type: ignore[assignment]
        async for chunk in chosen.atransform(input, config, **kwargs):
            yield chunk

    def __deepcopy__(self, memo: dict[int, Any]) -> "PostGraph":
        """Copy the graph; network, connections and budget are shared, as two of them would not be one budget."""
        return self.copy()

    def _own(self, config: RunnableConfig | None, context: Context | None) -> RunnableConfig | None:
        """Return the config of a run of this graph: with its choices, and a checkpointer only where it wants one."""
        return with_choices(without_saver(config) if self.checkpointer is False else config, context)

    def _as_node(self, config: RunnableConfig | None, options: dict[str, Any]) -> dict[str, Any]:
        """Have a node give its result alone to the graph around, as `invoke` does, also when events are streamed.

        LangGraph then streams its nodes with no mode named, and writes what comes last to the state around.
        """
        if not is_node(config) or options.get("stream_mode") is not None:
            return options
        return options | {"output_keys": options.get("output_keys") or self.output_channels}

    def as_tool(
        self,
        args_schema: type[BaseModel] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        arg_types: dict[str, type] | None = None,
    ) -> BaseTool:
        """Make a tool for an agent, with the arguments and a description that a model can use."""
        made = super().as_tool(
            args_schema or ExtractArgs,
            name=name or "find_entities",
            description=description or ABOUT,
            arg_types=arg_types,
        )
        return ToolForModels(**dict(made))


ABOUT = (
    "Finds the named entities of a post and where they are in its picture. Each has its words, its type, its box in "
    "pixels or null, and what became of doubtful values: an MLLM is asked about them where one is configured."
)
"""What a model reads of the graph as a tool."""


def build_graph(
    tool: BaseTool,
    llm: Mllm,
    *,
    knowledge: Search | None = None,
    thresholds: Thresholds | None = None,
    checkpointer: Checkpointer = None,
    store: BaseStore | None = None,
) -> PostGraph:
    """Compile the whole state machine.

    Args:
        tool: the small model, see `unco.tools.extraction.tool`.
        llm: the MLLM that is asked; both are bound here, so that state and context hold plain values only.
        knowledge: facts for the type corrector, for versions of its prompt that quote them; None = there are none.
        thresholds: fixed ones, whatever checkpoint and context say; None = theirs.
        checkpointer: where LangGraph keeps a run's steps, so that it can be taken up. None = where a graph around this
            one keeps its own, else nowhere. False = nowhere. True = as None, but its state stays from run to run, so
            not for several posts at once.
        store: LangGraph's store, for memories and for nodes that you add; None = none.
    """
    graph = StateGraph(PostState, Context, input_schema=PostInput, output_schema=PostOutput)
    graph.add_node("extract", ExtractNode(tool, llm, knowledge, thresholds), input_schema=PostInput)
    graph.add_node("recall", find_entities(llm, "recall"))
    graph.add_node("correct_entity", build_entity_graph(llm, knowledge))
    graph.add_edge(START, "extract")
    graph.add_conditional_edges("extract", route_extracted, ["recall", "correct_entity", "collect"])
    graph.add_conditional_edges("recall", route_entities, ["correct_entity", "collect"])
    graph.add_edge("correct_entity", "collect")
    return compile_post_graph(graph, "unco", checkpointer, store)


def compile_post_graph(
    graph: StateGraph[Any, Any, Any, Any],
    name: str,
    checkpointer: Checkpointer = None,
    store: BaseStore | None = None,
) -> PostGraph:
    """Add the ending, which all have in common, to a graph that takes a post and gives a result; and compile it."""
    graph.add_node(collect)
    graph.add_node(review)
    graph.add_node("remember", RememberNode())
    graph.add_conditional_edges("collect", route_review)
    graph.add_conditional_edges("review", route_review)
    return PostGraph(**vars(graph.compile(checkpointer, store=store, name=name)))
