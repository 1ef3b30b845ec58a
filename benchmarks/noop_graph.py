"""A graph that does nothing, to measure LangGraph's server and its queue by themselves."""

from langgraph.graph import END, START, StateGraph

from unco.state import Json, PostInput, PostState


def do_nothing(state: PostInput) -> Json:
    """Return the least that a result has: no entities."""
    return {"entities": []}


def build_noop_graph() -> StateGraph[PostState, None, PostInput, PostState]:
    """Build a graph of one node that does nothing."""
    graph = StateGraph(PostState, input_schema=PostInput)
    graph.add_node("nothing", do_nothing)
    graph.add_edge(START, "nothing")
    graph.add_edge("nothing", END)
    return graph


graph = build_noop_graph().compile(name="nothing")
"""The compiled graph, for the server."""
