"""The service for agents: one tool by the Model Context Protocol, with an answer that is short enough to read."""

import json
from typing import Annotated, Any

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import CallToolResult, TextContent, ToolAnnotations
from pydantic import Field
from starlette.routing import BaseRoute, Route

from unco.errors import UncoError
from unco.graph.post import ABOUT
from unco.serving.problems import problem_of
from unco.serving.service import Service
from unco.serving.settings import MAX_BODY_BYTES
from unco.state import Json, PostInput

_Text = Annotated[str, Field(description=str(PostInput.model_fields["text"].description))]
_Image = Annotated[str | None, Field(description=str(PostInput.model_fields["image"].description))]


def mcp_server(service: Service, version: str) -> MCPServer[Any]:
    """Make the server, with the tool `find_entities`."""
    server: MCPServer[Any] = MCPServer("unco", version=version, log_level="WARNING", subscriptions=False)

    @server.tool(description=ABOUT, annotations=ToolAnnotations(read_only_hint=True), structured_output=False)
    async def find_entities(text: _Text, image: _Image = None) -> CallToolResult:
        try:
            async with service.admitted():
                answer = await service.answer({"text": text, "image": image}, service.read_context(None))
        except UncoError as error:
            raise ToolError(problem_of(error).detail) from None
        short = json.dumps(compact(answer.body), ensure_ascii=False, separators=(",", ":"))
        return CallToolResult(content=[TextContent(type="text", text=short)])

    return server


def mcp_routes(server: MCPServer[Any]) -> list[BaseRoute]:
    """Return the route of the streamable HTTP transport: no sessions, answers as JSON; the gate checks who asks."""
    app = server.streamable_http_app(
        json_response=True,
        stateless_http=True,
        max_request_body_size=MAX_BODY_BYTES,
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    # A GET would open a stream on which nothing ever comes, and which ends with its client only.
    return [Route(route.path, route.endpoint, methods=["POST"]) for route in app.routes if isinstance(route, Route)]


def compact(result: Json) -> Json:
    """Shorten a result to what a model acts on: words, type, box, and which of these are still doubtful and why."""
    entities = [
        {"text": entity["text"], "type": entity["type"], "box": _corners(entity["region"])} | _open(entity)
        for entity in result["entities"]
    ]
    return {"entities": entities} | ({"warnings": result["warnings"]} if result["warnings"] else {})


def _corners(box: Json | None) -> list[float] | None:
    return None if box is None else [round(box[name], 1) for name in ("x1", "y1", "x2", "y2")]


def _open(entity: Json) -> Json:
    notes = entity["corrections"]
    doubtful = {note["attribute"]: note["outcome"] for note in notes if note["outcome"] in _DOUBTFUL}
    return {"doubtful": doubtful} if doubtful else {}


_DOUBTFUL = ("rejected", "failed", "unavailable")
