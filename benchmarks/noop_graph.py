"""A graph that does nothing: what LangGraph's server and its queue take by themselves."""

from langgraph.graph import END, START, StateGraph

from unco.state import Json, PostInput, PostState


def do_nothing(state: PostInput) -> Json:
    """Give back what every result has."""
    return {"entities": []}


def build_nothing() -> StateGraph[PostState, None, PostInput, PostState]:
    """One node."""
    graph = StateGraph(PostState, input_schema=PostInput)
    graph.add_node("nothing", do_nothing)
    graph.add_edge(START, "nothing")
    graph.add_edge("nothing", END)
    return graph


graph = build_nothing().compile(name="nothing")
"""For the server."""
