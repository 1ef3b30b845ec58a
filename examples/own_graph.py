"""Use unco as one node of a graph: the node before it cleans the text, the node after it counts the names."""

from typing import Any

from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

from unco import Context
from unco.graph import default_graph


class State(TypedDict, total=False):
    text: str
    entities: list[dict[str, Any]]
    count: int


def clean(state: State) -> State:
    return {"text": state["text"].replace("@", "")}


def count(state: State) -> State:
    return {"count": len(state["entities"])}


around = StateGraph(State, Context)
around.add_node("clean", clean)
around.add_node("find", default_graph())
around.add_node("count", count)
around.add_edge(START, "clean")
around.add_edge("clean", "find")
around.add_edge("find", "count")
around.add_edge("count", END)

state = around.compile().invoke({"text": "@Eileen Collins flew for NASA"}, context=Context(mode="off"))
print(state["count"], [(entity["text"], entity["type"]) for entity in state["entities"]])
