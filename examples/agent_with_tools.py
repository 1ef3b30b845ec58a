"""An agent that has the small model and the whole graph as tools: `python examples/agent_with_tools.py`.

Needs `pip install langchain`. A scripted model plays the agent, so that this runs offline. Put a chat model of yours in
its place, such as `init_chat_model("openai:gpt-4o")`: it then chooses the tools by their descriptions.
"""

import warnings
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from unco.graph import default_graph
from unco.tools.extraction.tool import default_extractor, small_model_tool

TEXT = "Eileen Collins flew for NASA"


class ScriptedModel(GenericFakeChatModel):
    """A chat model that says what was written down for it, whatever it is asked."""

    def bind_tools(self, tools: Any, **_: Any) -> "ScriptedModel":
        """Take the tools; the script knows them."""
        return self


def call(tool: str) -> AIMessage:
    """Write a message that calls a tool with the text."""
    return AIMessage("", tool_calls=[{"name": tool, "args": {"text": TEXT}, "id": tool, "type": "tool_call"}])


def main(model: BaseChatModel) -> None:
    """Ask the agent, and print what each tool gave it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "This API is in beta")  # LangGraph's `as_tool`
        tools = [small_model_tool(default_extractor()), default_graph().as_tool()]
    for tool in tools:
        print(f"{tool.name}({', '.join(tool.args)}): {tool.description}")
    agent = create_agent(model, tools)
    messages = agent.invoke({"messages": [HumanMessage(f"Who is in this post? {TEXT}")]})["messages"]
    for message in messages:
        if isinstance(message, ToolMessage):
            print(f"{message.name}: {str(message.content)[:100]} ...")
    print(messages[-1].text)


if __name__ == "__main__":
    script = [call("extract_entities"), call("find_entities"), AIMessage("Eileen Collins, and NASA.")]
    main(ScriptedModel(messages=iter(script)))
