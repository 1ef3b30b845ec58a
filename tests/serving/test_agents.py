"""The tool for agents, with the official client of the Model Context Protocol over HTTP."""

import json
from typing import Any

import httpx2
import pytest
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from tests.serving.made import TEXT, WRONG, Made


async def called(made: Made, arguments: dict[str, Any], headers: dict[str, str]) -> Any:
    """Call the tool as an agent does, without a socket."""
    gate = made.client().app
    lifespan = gate._app.router.lifespan_context(gate._app)  # type: ignore[attr-defined]
    async with lifespan, httpx2.AsyncClient(transport=httpx2.ASGITransport(gate), headers=headers) as http:
        async with Client(streamable_http_client("http://localhost/mcp", http_client=http)) as client:
            [tool] = (await client.list_tools()).tools
            assert (tool.name, sorted(tool.input_schema["properties"])) == ("find_entities", ["image", "text"])
            return await client.call_tool("find_entities", arguments)


async def test_an_agent_gets_a_short_answer(made: Made) -> None:
    made.answers(WRONG)
    answer = await called(made, {"text": TEXT}, made.token())
    [content] = answer.content
    assert not answer.is_error
    assert json.loads(content.text)["entities"] == [
        {"text": "Ann", "type": "PER", "box": None, "doubtful": {"type": "rejected"}},
        {"text": "Blue Owls", "type": "ORG", "box": None},
    ]
    assert len(content.text) < 300


@pytest.mark.parametrize("arguments", [{"text": TEXT, "image": "/etc/passwd"}, {}, {"text": 7}])
async def test_what_cannot_be_used_is_an_error_that_says_why(arguments: dict[str, Any], made: Made) -> None:
    answer = await called(made, arguments, made.token())
    assert answer.is_error
    assert answer.content[0].text
    assert str(made.folder) not in answer.content[0].text
