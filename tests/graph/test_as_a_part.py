"""The graph and the small model's tool as parts of what others build: graphs, the functional API, agents."""

import json
from collections import UserDict
from copy import deepcopy
from dataclasses import dataclass, field
from operator import add
from types import MappingProxyType
from typing import Annotated, Any

import pytest
from langchain.agents import create_agent
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Send
from pydantic import BaseModel
from typing_extensions import TypedDict

from tests.graph.test_streams import POST, WORDS, graph_with
from tests.scripted import doubt, says
from unco.context import Context
from unco.errors import InputError, PostError
from unco.graph import default_graph
from unco.tools.extraction.tool import default_extractor, small_model_tool
from unco.types import Span

TEXT = POST["text"]
INPUT = {"messages": [HumanMessage("who is in it?")], "text": TEXT}
TYPES = ["ORG", *["PER"] * 5]
THREAD: Any = {"configurable": {"thread_id": "1"}}
PICTURE = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"


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
    return node_of(Around, settings, **compiled)


def node_of(state: type, settings: type | None = None, **compiled: Any) -> Any:
    graph: Any = StateGraph(state, settings)
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


class Model(BaseModel):
    """A state of pydantic's; its own fields are none of a post's."""

    text: Any
    image: str | None = None
    private: bool | None = None
    user: str = "ann"
    entities: list[dict[str, Any]] = []


@dataclass
class Record:
    """A state that is a dataclass."""

    text: Any
    image: str | None = None
    private: bool | None = None
    user: str = "ann"
    entities: list[dict[str, Any]] = field(default_factory=list)


class Keys(TypedDict, total=False):
    """The usual state."""

    text: Any
    image: str | None
    private: bool | None
    user: str
    entities: list[dict[str, Any]]


@pytest.mark.parametrize("state", [Keys, Model, Record])
async def test_a_state_may_be_of_any_kind(state: type) -> None:
    """Its post is checked like any other, and no picture of it stands in the checkpoints of this graph."""
    saver = InMemorySaver(serde=JsonPlusSerializer(allowed_msgpack_modules=[state]))
    graph = node_of(state, checkpointer=saver)
    assert types_of(graph.invoke({"text": TEXT, "image": PICTURE, "private": None}, THREAD)) == TYPES
    assert types_of(await graph.ainvoke(state(text=TEXT), THREAD)) == TYPES
    inside = [saved.checkpoint for saved in saver.list(None) if saved.config["configurable"]["checkpoint_ns"]]
    assert len(inside) > 4
    assert PICTURE not in repr(inside)
    with pytest.raises(PostError, match="text: Input should be a valid string"):
        graph.invoke({"text": 7}, THREAD)


class Busy(TypedDict, total=False):
    """A state whose keys have names that this graph uses inside."""

    text: str
    entities: list[dict[str, Any]]
    calls: int
    deadline: str
    review_state: str


@pytest.mark.filterwarnings("ignore:astream_:DeprecationWarning", "ignore:The v3 streaming protocol:Warning")
@pytest.mark.parametrize("version", ["v1", "v2", "v3"])
async def test_streamed_events_leave_the_keys_of_a_graph_around_alone(version: Any) -> None:
    """A node gives its result alone, however the graph around it is run."""
    graph = node_of(Busy, checkpointer=InMemorySaver())
    own = {"text": TEXT, "calls": 7, "deadline": "noon", "review_state": "done"}
    if version == "v3":
        await (await graph.astream_events(own, THREAD, version=version)).output()
    else:
        [_ async for _ in graph.astream_events(own, THREAD, version=version)]
    left = graph.get_state(THREAD).values
    assert types_of(left) == TYPES
    assert {name: left[name] for name in own} == own


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


@pytest.mark.parametrize("given", [MappingProxyType(POST), UserDict(POST)])
def test_a_post_may_be_any_mapping(given: Any) -> None:
    assert types_of(graph_with(1).invoke(given)) == TYPES


@pytest.mark.parametrize("given", [TEXT, [TEXT], 7, ()])
async def test_what_is_no_post_is_named(given: Any) -> None:
    told = f"this is of type {type(given).__name__}"
    with pytest.raises(PostError, match=told):
        graph_with(1).invoke(given)
    with pytest.raises(PostError, match=told):
        await graph_with(1).ainvoke(given)


def test_a_deep_copy_shares_what_the_graph_asks() -> None:
    """Frameworks copy what they are given, and locks cannot be copied; another budget would be no budget."""
    graph = graph_with(1)
    again = deepcopy({"graph": graph})["graph"]
    assert again is not graph
    assert types_of(again.invoke(POST)) == TYPES
    assert again.nodes["extract"].bound is graph.nodes["extract"].bound


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
    assert tool.invoke(TEXT)["entities"] == (await tool.ainvoke({"text": TEXT}))["entities"]
    call = {"name": tool.name, "args": {"text": TEXT}, "id": "1", "type": "tool_call"}
    said = iter([AIMessage("", tool_calls=[call]), AIMessage("done")])
    agent = create_agent(OneToolCall(messages=said), [tool])
    messages = (await agent.ainvoke({"messages": [HumanMessage("who is in it?")]}))["messages"]
    answer = next(message for message in messages if isinstance(message, ToolMessage))
    assert json.loads(str(answer.content))["entities"][0]["text"] == "Ann"
    assert messages[-1].content == "done"


@pytest.mark.filterwarnings("ignore:This API is in beta")
@pytest.mark.parametrize("part", ["graph", "small model"])
@pytest.mark.parametrize(
    ("bad", "told"),
    [({"text": " "}, "no words"), ({"text": TEXT, "image": "http://elsewhere.example/a.png"}, "is not allowed")],
)
async def test_an_agent_reads_what_is_wrong_with_its_post(part: str, bad: dict[str, Any], told: str) -> None:
    """A model invents addresses; a program that does the same gets an exception."""
    tool: BaseTool = default_graph().as_tool() if part == "graph" else small_model_tool(default_extractor())
    call = {"name": tool.name, "args": bad, "id": "1", "type": "tool_call"}
    for awaited in (False, True):
        said = iter([AIMessage("", tool_calls=[call]), AIMessage("sorry")])
        agent = create_agent(OneToolCall(messages=said), [tool])
        post: Any = {"messages": [HumanMessage("who is in it?")]}
        *_, answer, last = (await agent.ainvoke(post) if awaited else agent.invoke(post))["messages"]
        assert (answer.status, last.content) == ("error", "sorry")
        assert told in answer.content
    with pytest.raises(InputError, match=told):
        tool.invoke(bad)
    with pytest.raises(InputError, match=told):
        await tool.ainvoke(bad)
