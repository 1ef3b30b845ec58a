"""The entity graph: span, then type, then region, each behind its threshold (Algorithm 1)."""

from typing import Any

from langgraph.graph import END, START, StateGraph
from langgraph.graph.state import CompiledStateGraph

from unco.context import Context
from unco.graph.routes import route_region, route_span, route_type
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.questions.correction import corrector_node
from unco.state import EntityInput, EntityOutput, EntityState
from unco.tools.knowledge import Knowledge
from unco.tools.llm.client import Mllm


def build_entity_graph(llm: Mllm, knowledge: Knowledge | None = None) -> CompiledStateGraph[Any, Any, Any, Any]:
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
