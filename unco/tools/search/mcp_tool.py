"""One search tool of an MCP server: by streamable HTTP, or of a program that is started and asked over its pipes.

The server is a stranger: it can make nothing happen here. What it asks for beside answering is refused by the SDK, as
no callback is given. `mcp` is imported when the first question is asked.
"""

import asyncio
import logging
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from unco.errors import AccessRefused, Broken, CallFailed, EndpointError, SetupError, Unavailable
from unco.tools.llm.checks.certificates import tls_context
from unco.tools.llm.checks.query import split_address, values_of
from unco.tools.llm.endpoint import quoted
from unco.tools.search.facts import facts_in
from unco.tools.search.mcp_session import KeptOpen

if TYPE_CHECKING:
    from mcp.client.client import Client

_MAX_PAGES = 10
"""Pages of a server's list of tools that are read."""


class McpTool:
    """A search tool of an MCP server. Nothing is imported or opened before the first question."""

    def __init__(
        self,
        server: str | tuple[str, ...],
        tool: str = "search",
        argument: str | None = None,
        arguments: Mapping[str, Any] | None = None,
        key: SecretStr | None = None,
        env: Mapping[str, str] | None = None,
        seconds: float = 10.0,
    ) -> None:
        """Keep the settings.

        Args:
            server: address of a server, e.g. http://localhost:8811/mcp; or a program and its arguments. Keys in the
                query of an address are sent and not shown.
            tool: the server's name of the tool.
            argument: that the words go into; None = `query`, or the only one that the tool wants.
            arguments: others, the same for every question.
            key: sent as a bearer token to the address.
            env: variables for the program, beside those that every program needs, such as PATH.
            seconds: that connecting may take.
        """
        self.tool = tool
        seen, self._query = split_address(server) if isinstance(server, str) else (server, "")
        self._server, self._key, self._env, self._seconds = seen, key, dict(env or {}), seconds
        self._argument, self._arguments = argument, dict(arguments or {})
        self._hidden = (*([key.get_secret_value()] if key else []), *values_of(self._query))
        self._kept: KeptOpen[tuple[Client, str]] | None = None

    @property
    def address(self) -> str:
        """Where the words go: the address; of a program `program:` and its name, which is no host of this machine."""
        return self._server if isinstance(self._server, str) else f"program://{_host_name(self._server[0])}"

    async def ask(self, words: str) -> tuple[str, ...]:
        """Search for words; a connection that broke since the last question is made once more. On one loop alone.

        Raises:
            EndpointError: the server cannot be reached, has no such tool, or gives no usable answer.
        """
        reused = self._kept is not None and self._kept.is_open
        try:
            return await self._asked(words)
        except EndpointError as fault:
            if not (reused and isinstance(fault, Broken | Unavailable)):
                raise
        return await self._asked(words)

    async def argument(self) -> str:
        """Connect, and return the name of the argument that the words go into; raises as `ask`."""
        async with self._connected() as (_, argument):
            return argument

    async def _asked(self, words: str) -> tuple[str, ...]:
        async with self._connected() as (client, argument):
            answer = await client.call_tool(self.tool, self._arguments | {argument: words})
        texts = [text for block in answer.content for text in _texts_of(block)]
        if answer.is_error:
            raise CallFailed(f"the search tool answered with an error: {_shown(' '.join(texts), self._hidden)}")
        return facts_in(texts, answer.structured_content)

    @asynccontextmanager
    async def _connected(self) -> "AsyncIterator[tuple[Client, str]]":
        """Yield the connection. One that fails, or takes too long, is not used again."""
        if self._kept is None or not self._kept.is_open:
            self._kept = KeptOpen(self._opened, self._seconds, not isinstance(self._server, str))
        kept = self._kept
        try:
            yield await kept.get()
        except asyncio.CancelledError:
            self._retire(kept)
            raise
        except Exception as error:  # the SDK promises nowhere what it raises over a server that breaks off or babbles
            self._retire(kept)
            raise _explained(error, self._hidden) from None

    def _retire(self, kept: "KeptOpen[tuple[Client, str]]") -> None:
        """Let the next question open a new connection; this one is closed once no other question can be using it."""
        self._kept = None if self._kept is kept else self._kept
        asyncio.get_running_loop().call_later(self._seconds, kept.close)

    @asynccontextmanager
    async def _opened(self) -> "AsyncIterator[tuple[Client, str]]":
        """Connect and find the tool; yields the client and the name of the argument for the words."""
        async with self._client() as client:
            yield client, await self._found_argument(client)

    @asynccontextmanager
    async def _client(self) -> "AsyncIterator[Client]":
        import httpx2
        from mcp.client.client import Client
        from mcp.client.stdio import StdioServerParameters
        from mcp.client.streamable_http import streamable_http_client

        from unco.tools.llm.checks.answer_size import BoundedTransport

        if (log := logging.getLogger("mcp.client")).level == logging.NOTSET:
            log.setLevel(logging.CRITICAL)  # what goes wrong is in the findings
        if not isinstance(self._server, str):
            program, *rest = self._server
            async with Client(StdioServerParameters(command=program, args=rest, env=self._env)) as client:
                yield client
            return
        headers = {"Authorization": f"Bearer {self._key.get_secret_value()}"} if self._key else {}
        # A proxy that the environment names would see every name, whatever the policy says of hosts. A server may hold
        # a stream of events open between two questions, so reading has no limit but the question's own.
        transport, timeout = BoundedTransport(tls_context(), self._query), httpx2.Timeout(self._seconds, read=None)
        http = httpx2.AsyncClient(transport=transport, headers=headers, timeout=timeout, trust_env=False)
        async with http, Client(streamable_http_client(self._server, http_client=http)) as client:
            yield client

    async def _found_argument(self, client: "Client") -> str:
        schema = await self._schema(client)
        properties = schema.get("properties") or {}
        wanted = [name for name in schema.get("required") or () if name not in self._arguments]
        if self._argument is not None and self._argument in properties:
            return self._argument
        if self._argument is None and "query" in properties:
            return "query"
        if self._argument is None and len(wanted) == 1:
            return str(wanted[0])
        raise CallFailed(
            f"the search tool {self.tool!r} takes {', '.join(properties) or 'nothing'}: "
            "name the one for the words as `argument` of `search` in the settings file"
        )

    async def _schema(self, client: "Client") -> dict[str, Any]:
        names, cursor = [], None
        for _ in range(_MAX_PAGES):
            page = await client.list_tools(cursor=cursor)
            for tool in page.tools:
                if tool.name == self.tool:
                    return tool.input_schema
                names.append(tool.name)
            if (cursor := page.next_cursor) is None:
                break
        raise CallFailed(f"the MCP server has no tool {self.tool!r}: there is {', '.join(names)[:200] or 'none'}")


def check_installed() -> None:
    """Refuse to go on without the SDK.

    Raises:
        SetupError: it is not installed.
    """
    try:
        import mcp.client.client  # noqa: F401
    except ImportError as error:
        raise SetupError("a search by MCP needs the package mcp: pip install 'unco[serve]'") from error


def _texts_of(block: Any) -> Iterator[str]:
    """Yield the text of a block of an answer; pictures and sounds have none."""
    if isinstance(text := getattr(block, "text", None), str):
        yield text
    elif isinstance(text := getattr(getattr(block, "resource", None), "text", None), str):
        yield text
    elif isinstance(getattr(block, "uri", None), str) and (title := block.title or block.name):
        yield ": ".join(filter(None, (title, block.description)))


def _shown(said: str, hidden: Sequence[str]) -> str:
    """Quote a server without addresses and keys."""
    return quoted(re.sub(r"https?://\S+", "***", said), hidden)


def _explained(error: BaseException, hidden: Sequence[str]) -> EndpointError:
    """Say what went wrong with a server, without its address and without the key."""
    import httpx2
    from mcp.shared.exceptions import MCPError

    from unco.tools.llm.checks.answer_size import AnswerTooLarge

    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, EndpointError):  # ours: the tool is not as the settings say
            return cause
        if isinstance(cause, httpx2.HTTPStatusError):
            status = cause.response.status_code
            kind = AccessRefused if status in (401, 402, 403, 407) else Broken
            return kind(f"the search server answered with status {status}")
        if isinstance(cause, AnswerTooLarge):
            return Broken(f"the search server sent {cause}")
    if any(isinstance(cause, TimeoutError | httpx2.TimeoutException) for cause in causes):
        return Broken("the search server took too long to answer")
    if any(isinstance(cause, OSError | httpx2.ConnectError) for cause in causes):
        return Unavailable("the search server cannot be reached, or its program cannot be started", "unreachable")
    said = str(causes[-1]) if isinstance(causes[-1], MCPError) else ""
    words = _shown(said, hidden)
    about = ": ".join(filter(None, (type(causes[-1]).__name__, words)))
    return Broken(f"the search server broke off, or its answer is not MCP ({about})")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, what stands in it where it is a group, and its causes."""
    while error is not None:
        yield error
        for inner in getattr(error, "exceptions", ()):
            yield from _causes(inner)
        error = error.__cause__


def _host_name(program: str) -> str:
    """Return a program's name without its folder, as a rule of privacy may list it."""
    with suppress(ValueError):
        name = program.replace("\\", "/").rpartition("/")[2].lower()
        return urlsplit(f"program://{name}").hostname or "program"
    return "program"
