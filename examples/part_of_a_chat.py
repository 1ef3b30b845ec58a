"""The graph as a node of a chat: `python examples/part_of_a_chat.py "Ann Lee flew for NASA"`.

The chat's state has `messages`, of which the graph knows nothing: they pass by it. It reads the key `text` and writes
the key `entities`. No endpoint is needed: without one, what the small model is unsure of stays as it is.
"""

import sys
from typing import Any

from langchain_core.messages import AIMessage, HumanMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph

from unco import Context
from unco.graph import default_graph


class Chat(MessagesState):
    """The chat's own state: its messages, what the graph is asked, and what it found."""

    text: str
    entities: list[dict[str, Any]]


def ask(state: Chat) -> dict[str, Any]:
    """Hand the last message to the graph."""
    return {"text": state["messages"][-1].text}


def answer(state: Chat) -> dict[str, Any]:
    """Say what was found."""
    found = [f"{entity['text']} ({entity['type']})" for entity in state["entities"]]
    return {"messages": [AIMessage("I see " + ", ".join(found) if found else "I see no names.")]}


def build_chat() -> CompiledStateGraph[Any, Any, Any, Any]:
    """Compile the chat; its checkpointer keeps the graph's steps, too."""
    graph = StateGraph(Chat, context_schema=Context)
    graph.add_node("ask", ask)
    graph.add_node("find", default_graph())
    graph.add_node("answer", answer)
    graph.add_edge(START, "ask")
    graph.add_edge("ask", "find")
    graph.add_edge("find", "answer")
    graph.add_edge("answer", END)
    return graph.compile(InMemorySaver())


def main(*texts: str) -> None:
    """Say one text after another in the same chat; a chat's context holds the settings of the graph's runs."""
    chat = build_chat()
    for text in texts:
        state = chat.invoke(
            {"messages": [HumanMessage(text)]}, {"configurable": {"thread_id": "1"}}, context=Context(post_calls=3)
        )
        print(f"{state['messages'][-1].text} ({len(state['messages'])} messages)")


if __name__ == "__main__":
    main(*sys.argv[1:] or ["Eileen Collins flew for NASA", "She was born in Elmira"])
