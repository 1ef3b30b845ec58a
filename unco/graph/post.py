"""The post graph: extract, ask for missed entities if wanted, send uncertain ones to the entity graph, collect."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import fields
from typing import Any

from langchain_core.runnables import RunnableConfig
from langchain_core.runnables.config import ensure_config
from langchain_core.tools import BaseTool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import START, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.store.base import BaseStore
from pydantic import BaseModel, ValidationError

from unco.context import Context
from unco.errors import PostError, SettingsError
from unco.graph.entity import build_entity_graph
from unco.graph.routes import route_entities, route_extracted, route_review
from unco.graph.state_version import check_version, saver_of
from unco.nodes.collect import collect
from unco.nodes.extract import ExtractNode
from unco.nodes.find_entities import find_entities
from unco.nodes.remember import RememberNode
from unco.nodes.review.node import review
from unco.state import PostInput, PostOutput, PostState
from unco.tools.extraction.tool import ExtractArgs
from unco.tools.llm.client import Mllm
from unco.tools.pictures.data_urls import as_reference
from unco.tools.pictures.load import scheme_of, store_inline
from unco.tools.search.search import Search
from unco.types import Label, Thresholds


class PostGraph(CompiledStateGraph[Any, Any, Any, Any]):
    """A compiled graph that checks what it is given: LangGraph drops a misspelt key of a post in silence."""

    def stream(
        self, input: Any, config: RunnableConfig | None = None, *, context: Any = None, **kwargs: Any
    ) -> Iterator[Any]:
        """Check input and context, then stream as LangGraph does; `invoke` and `batch` go through here too.

        Raises:
            DataError: it would go on from a checkpoint of another version of unco.
            PostError: the input is not a post; names the field.
            SettingsError: the context holds what is no setting.
        """
        if (saver := saver_of(input, config, self.checkpointer)) is not None:
            check_version(saver.get_tuple(ensure_config(config)))
        checked, input = check_context(context), own_fields(input, config)
        return super().stream(check_input(input), with_choices(config, checked), context=checked, **kwargs)

    async def astream(
        self, input: Any, config: RunnableConfig | None = None, *, context: Any = None, **kwargs: Any
    ) -> AsyncIterator[Any]:
        """Check input and context, then stream as LangGraph does; `ainvoke` and `abatch` go through here too."""
        if (saver := saver_of(input, config, self.checkpointer)) is not None:
            check_version(await saver.aget_tuple(ensure_config(config)))
        post = await asyncio.to_thread(check_input, own_fields(input, config))
        checked = check_context(context)
        async for chunk in super().astream(post, with_choices(config, checked), context=checked, **kwargs):
            yield chunk

    def as_tool(
        self,
        args_schema: type[BaseModel] | None = None,
        *,
        name: str | None = None,
        description: str | None = None,
        arg_types: dict[str, type] | None = None,
    ) -> BaseTool:
        """Make a tool for an agent, with the arguments and a description that a model can use."""
        return super().as_tool(
            args_schema or ExtractArgs,
            name=name or "find_entities",
            description=description or ABOUT,
            arg_types=arg_types,
        )


ABOUT = (
    "Finds the named entities of a post and where they are in its picture. Each has its words, its type, its box in "
    "pixels or null, and what became of doubtful values: an MLLM is asked about them where one is configured."
)
"""What a model reads of the graph as a tool."""


def own_fields(post: Any, config: RunnableConfig | None) -> Any:
    """Select a post's fields from the state of a graph that this one is a node of: that state has others, too."""
    # As LangGraph itself tells a graph that is nested; its server sets another key of the kind for every run.
    is_node = "__pregel_task_id" in (config or {}).get("configurable", {})
    return (
        {name: post[name] for name in PostInput.model_fields if name in post}
        if is_node and isinstance(post, dict)
        else post
    )


def check_input(post: Any) -> Any:
    """Check a post's fields; an inline picture is stored and replaced by a reference, before any checkpoint.

    What is no post (None to go on, a command) passes through.

    Raises:
        PostError: an unknown, missing or wrongly typed field.
    """
    if not isinstance(post, dict):
        return post
    try:
        checked = PostInput.model_validate(post).model_dump()
    except ValidationError as error:
        told = (f"{'.'.join(map(str, fault['loc'][:1]))}: {fault['msg']}" for fault in error.errors())
        faults = "; ".join(dict.fromkeys(told))  # of each of a thousand tokens it is the same
        raise PostError(f"this is not a post ({', '.join(PostInput.model_fields)}): {faults}") from error
    if checked["image"] is not None and scheme_of(image := as_reference(checked["image"])) == "data":
        checked["image"] = store_inline(image)
    return checked


def check_context(context: Any) -> Any:
    """Check a run's settings: refuse names that a dict has and `Context` has not.

    Raises:
        SettingsError: names them, and those there are.
    """
    known = [field.name for field in fields(Context)]
    if isinstance(context, dict) and (unknown := sorted(map(str, context.keys() - set(known)))):
        raise SettingsError(f"unknown setting {', '.join(unknown)}: there is {', '.join(known)}")
    return context


def with_choices(config: RunnableConfig | None, context: Any) -> RunnableConfig | None:
    """Add the context's choices to the config's metadata, so that a trace shows them."""
    if context is None:
        return config
    given = context if isinstance(context, dict) else vars(context)
    defaults = vars(Context())
    chosen = {name: value for name, value in given.items() if value != defaults[name]}
    if chosen.get("labels"):  # a trace holds plain values
        chosen["labels"] = [label.name if isinstance(label, Label) else label["name"] for label in chosen["labels"]]
    base: RunnableConfig = config or {}
    return {**base, "metadata": {**chosen, **base.get("metadata", {})}}


def build_graph(
    tool: BaseTool,
    llm: Mllm,
    *,
    knowledge: Search | None = None,
    thresholds: Thresholds | None = None,
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    store: BaseStore | None = None,
) -> PostGraph:
    """Compile the whole state machine.

    Args:
        tool: the small model, see `unco.tools.extraction.tool`.
        llm: the MLLM that is asked; both are bound here, so that state and context hold plain values only.
        knowledge: facts for the type corrector, for versions of its prompt that quote them; None = there are none.
        thresholds: fixed ones, whatever checkpoint and context say; None = theirs.
        checkpointer: where LangGraph keeps a run's steps, so that it can be taken up; None = nowhere.
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
    checkpointer: BaseCheckpointSaver[Any] | None = None,
    store: BaseStore | None = None,
) -> PostGraph:
    """Add the ending, which all have in common, to a graph that takes a post and gives a result; and compile it."""
    graph.add_node(collect)
    graph.add_node(review)
    graph.add_node("remember", RememberNode())
    graph.add_conditional_edges("collect", route_review)
    graph.add_conditional_edges("review", route_review)
    return PostGraph(**vars(graph.compile(checkpointer, store=store, name=name)))
