"""The entity graph: span, then type, then region, each behind its threshold (Algorithm 1)."""

from typing import Any, Literal

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from unco.context import Context
from unco.graph.routes import is_routed
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.questions.correction import corrector_node
from unco.state import EntityInput, EntityOutput, EntityState
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search

FromType = Literal["correct_region", "__end__"]
FromSpan = Literal["correct_type", FromType]
FromStart = Literal["correct_span", FromSpan]


def build_entity_graph(llm: Mllm, knowledge: Search | None = None) -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the graph that one entity runs through."""
    graph = StateGraph(EntityState, Context, input_schema=EntityInput, output_schema=EntityOutput)
    graph.add_node("correct_span", corrector_node(SpanCorrector(), llm))
    graph.add_node("correct_type", corrector_node(TypeCorrector(), llm, knowledge))
    graph.add_node("correct_region", corrector_node(RegionCorrector(), llm))
    graph.add_conditional_edges(START, route_span)
    graph.add_conditional_edges("correct_span", route_type)
    graph.add_conditional_edges("correct_type", route_region)
    graph.add_edge("correct_region", END)
    return graph.compile(name="correct_entity")


def route_span(state: EntityState) -> FromStart:
    """Route from the start: to the span corrector, or past it."""
    return "correct_span" if is_routed(state["entity"], "span", state["post"]["extraction"]) else route_type(state)


def route_type(state: EntityState) -> FromSpan:
    """Route from the span corrector: to the type corrector, or past it."""
    return "correct_type" if is_routed(state["entity"], "type", state["post"]["extraction"]) else route_region(state)


def route_region(state: EntityState) -> FromType:
    """Route from the type corrector: to the region corrector, or past it."""
    return "correct_region" if is_routed(state["entity"], "region", state["post"]["extraction"]) else "__end__"
