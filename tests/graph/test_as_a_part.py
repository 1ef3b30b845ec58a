"""The graph and the small model's tool as parts of what others build: graphs, the functional API, agents."""

import json
from dataclasses import dataclass
from operator import add
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from tests.graph.test_streams import POST, WORDS, graph_with
from tests.scripted import doubt, says
from unco.context import Context
from unco.errors import PostError
from unco.tools.extraction.tool import small_model_tool
from unco.types import Span

TEXT = POST["text"]
INPUT = {"messages": [HumanMessage("who is in it?")], "text": TEXT}
TYPES = ["ORG", *["PER"] * 5]


class Around(MessagesState):
    text: str
    entities: list[dict[str, Any]]


@dataclass
class OwnSettings:
    """What a graph of somebody else's is told for one run."""

    user: str = "ann"
    mode: int = 3


def types_of(result: dict[str, Any]) -> list[str]:
    return [entity["type"] for entity in result["entities"]]


def around(settings: type | None = None, **compiled: Any) -> Any:
    graph = StateGraph(Around, settings)
    graph.add_node("find", graph_with(1))
    graph.add_edge(START, "find")
    graph.add_edge("find", END)
    return graph.compile(**compiled)


async def test_it_is_a_node_of_a_graph_with_messages() -> None:
    assert types_of(around().invoke(INPUT)) == TYPES
    result = await around().ainvoke(INPUT)
    assert types_of(result) == TYPES
    assert len(result["messages"]) == 1
    events = [event async for event in around().astream_events(INPUT, version="v2")]
    assert types_of(events[-1]["data"]["output"]) == TYPES
    saved = around(checkpointer=InMemorySaver())
    assert types_of(saved.invoke(INPUT, {"configurable": {"thread_id": "1"}})) == TYPES


def test_settings_of_the_graph_around_it_are_not_its_own() -> None:
    assert types_of(around(OwnSettings).invoke(INPUT, context=OwnSettings())) == TYPES
    off = around(Context).invoke(INPUT, context=Context(mode="off"))
    assert types_of(off) == ["PER"] * 6  # nobody was asked


class Many(TypedDict, total=False):
    texts: list[str]
    entities: Annotated[list[dict[str, Any]], add]


def test_many_posts_are_sent_to_it() -> None:
    graph = StateGraph(Many)
    graph.add_node("find", graph_with(1))
    graph.add_conditional_edges(
        START, lambda state: [Send("find", {"text": text}) for text in state["texts"]], ["find"]
    )
    graph.add_edge("find", END)
    assert types_of(graph.compile().invoke({"texts": [TEXT, TEXT]})) == TYPES * 2


def test_it_is_called_in_the_functional_api() -> None:
    graph = graph_with(1)

    @task
    def find(text: str) -> dict[str, Any]:
        return graph.invoke({"text": text})

    @entrypoint(checkpointer=InMemorySaver())
    def flow(texts: list[str]) -> list[list[str]]:
        return [types_of(found.result()) for found in [find(text) for text in texts]]

    assert flow.invoke([TEXT, TEXT], {"configurable": {"thread_id": "1"}}) == [TYPES, TYPES]


def test_a_misspelt_key_is_refused_at_the_top() -> None:
    with pytest.raises(PostError, match="txet"):
        graph_with(1).invoke({"text": TEXT, "txet": TEXT})


async def test_on_langgraphs_server_it_is_at_the_top_too() -> None:
    """The server sets a key of LangGraph's own for each run."""
    served: Any = {"configurable": {"__pregel_node_finished": lambda *_: None}}
    with pytest.raises(PostError, match="txet"):
        await graph_with(1).ainvoke({**POST, "txet": TEXT}, served)


class OneToolCall(GenericFakeChatModel):
    """A chat model that calls its first tool once, then says that it is done."""

    def bind_tools(self, tools: Any, **_: Any) -> "OneToolCall":
        return self


@pytest.mark.filterwarnings("ignore:This API is in beta")
@pytest.mark.parametrize("part", ["graph", "small model"])
async def test_an_agent_uses_it_as_a_tool(part: str) -> None:
    small = small_model_tool(says((Span(0, 1), "PER", None, doubt()), tokens=WORDS))
    tool: BaseTool = graph_with(1).as_tool() if part == "graph" else small
    assert {"text", "image"} <= set(tool.args)
    assert "named entities of a post" in tool.description
    call = {"name": tool.name, "args": {"text": TEXT}, "id": "1", "type": "tool_call"}
    said = iter([AIMessage("", tool_calls=[call]), AIMessage("done")])
    agent = create_agent(OneToolCall(messages=said), [tool])
    messages = (await agent.ainvoke({"messages": [HumanMessage("who is in it?")]}))["messages"]
    answer = next(message for message in messages if isinstance(message, ToolMessage))
    assert json.loads(str(answer.content))["entities"][0]["text"] == "Ann"
    assert messages[-1].content == "done"
