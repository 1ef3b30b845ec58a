"""The paper's variants, each a graph with the same input and output, for comparison.

Names and what of the paper they stand for:
`unco`: the whole (Algorithm 1). `small_only`: the small model, nobody asked. `correct_all`: "Direct Correction" of
Table 2, every attribute asked about. `one_shot`: Table 3 without the hierarchy, one question for an entity.
`generate`: the MLLM alone with three examples (Figure 10). `generate_uncertain`: "Generation-based" of Table 1, the
same for posts in which the small model is unsure of something; the others stay as it left them.
"""

from typing import Literal, get_args

from langchain_core.tools import BaseTool
from langgraph.graph import START, StateGraph
from langgraph.store.base import BaseStore

from unco.context import Context
from unco.errors import SettingsError
from unco.graph.post import PostGraph, build_graph, compile_post_graph
from unco.graph.routes import route_one_shot, route_to_generation
from unco.nodes.correct_one_shot import correct_one_shot
from unco.nodes.extract import ExtractNode
from unco.nodes.find_entities import find_entities
from unco.state import EntityState, PostInput, PostOutput, PostState
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search
from unco.types import ALWAYS, Thresholds

Variant = Literal["unco", "small_only", "correct_all", "one_shot", "generate", "generate_uncertain"]

NEVER_ASKED = Thresholds(1.0, 1.0, 1.0)
"""Thresholds of a run that asks nothing: no uncertainty is above 1."""

ALWAYS_ASKED = Thresholds(ALWAYS, ALWAYS, ALWAYS)


def build_variant(
    name: str, tool: BaseTool, llm: Mllm, knowledge: Search | None = None, store: BaseStore | None = None
) -> PostGraph:
    """Compile the graph of a variant.

    Args:
        name: see `Variant`; `small_only` and `correct_all` have thresholds of their own, whatever the context says.
        tool: the small model; `generate` takes the post's words, types and picture from it, and drops what it
            found.
        llm: who is asked.
        knowledge: as of `build_graph`.
        store: as of `build_graph`.

    Raises:
        SettingsError: there is no such variant.
    """
    match name:
        case "unco":
            return build_graph(tool, llm, knowledge=knowledge, store=store)
        case "small_only":
            return build_graph(tool, llm, knowledge=knowledge, thresholds=NEVER_ASKED, store=store)
        case "correct_all":
            return build_graph(tool, llm, knowledge=knowledge, thresholds=ALWAYS_ASKED, store=store)
        case "one_shot":
            return _one_shot(tool, llm, knowledge, store)
        case "generate":
            return _generate(tool, llm, knowledge, store)
        case "generate_uncertain":
            return _generate(tool, llm, knowledge, store, where_uncertain=True)
    raise SettingsError(f"unknown variant {name!r}: choose one of {', '.join(get_args(Variant))}")


def _one_shot(tool: BaseTool, llm: Mllm, knowledge: Search | None, store: BaseStore | None) -> PostGraph:
    graph = StateGraph(PostState, Context, input_schema=PostInput, output_schema=PostOutput)
    graph.add_node("extract", ExtractNode(tool, llm, knowledge), input_schema=PostInput)
    graph.add_node("correct_one_shot", correct_one_shot(llm), input_schema=EntityState)
    graph.add_edge(START, "extract")
    graph.add_conditional_edges("extract", route_one_shot, ["correct_one_shot", "collect"])
    graph.add_edge("correct_one_shot", "collect")
    return compile_post_graph(graph, "one_shot", store=store)


def _generate(
    tool: BaseTool, llm: Mllm, knowledge: Search | None, store: BaseStore | None, where_uncertain: bool = False
) -> PostGraph:
    graph = StateGraph(PostState, Context, input_schema=PostInput, output_schema=PostOutput)
    graph.add_node("extract", ExtractNode(tool, llm, knowledge), input_schema=PostInput)
    graph.add_node("generate", find_entities(llm, "generation"))
    graph.add_edge(START, "extract")
    if where_uncertain:
        graph.add_conditional_edges("extract", route_to_generation)
    else:
        graph.add_edge("extract", "generate")
    graph.add_edge("generate", "collect")
    return compile_post_graph(graph, "generate_uncertain" if where_uncertain else "generate", store=store)
