"""What LangGraph's server takes by name (`langgraph.json`): the default graph, and what a client may change."""

from typing import Any

from langgraph_sdk import Auth

from unco.graph import default_graph

graph = default_graph()
auth = Auth()


@auth.authenticate
async def anyone() -> str:
    """Let in whoever reaches the server: who that may be is for the network, or a proxy, to say."""
    return "anyone"


@auth.on
async def may(ctx: Auth.types.AuthContext, value: Any) -> bool:
    """Refuse what would outlast a client: assistants, whose settings others would run with, and schedules of runs."""
    return ctx.resource not in ("assistants", "crons") or ctx.action in ("read", "search")
