"""A search tool on the terms of calls: modes, cache, recording, privacy, a cap, circuit breaker, egress log.

A search is a question whose answer is a list of facts, so it goes the way of all questions (`Mllm`); only the last
step, the connection, is another. A recording holds it as a line of its own, which can also be written by hand.
"""

import asyncio
import time
from functools import cached_property

from unco.context import Mode
from unco.errors import Broken, EndpointError, TimeIsUp, Unavailable
from unco.tools.blocking import on_background_loop
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Connection, Terms
from unco.tools.llm.models.options import CallLimits, ModelOptions
from unco.tools.llm.privacy import host_of
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Purpose, Reply, Request
from unco.tools.llm.request_shape import Shapes
from unco.tools.search.facts import read_facts, written_facts
from unco.tools.search.mcp_tool import McpTool, check_installed
from unco.tools.search.search import MAX_WORDS_CHARS, Findings, Query
from unco.types import LookUp


class SearchTool(Mllm):
    """Looks names up with a tool of an MCP server; what goes wrong is said in the findings."""

    def __init__(
        self,
        tool: McpTool,
        *,
        cache: Cache | None = None,
        recording: Recording | None = None,
        terms: Terms | None = None,
        options: ModelOptions = ModelOptions(),  # noqa: B008  # frozen
        seconds: float = 10.0,
    ) -> None:
        """Keep the settings; nothing is opened, imported or asked yet.

        Args:
            tool: who is asked.
            cache: of answers; None = every name is searched for anew.
            recording: what modes `record` and `replay` work with.
            terms: privacy (the rules for types and for private posts hold), budget (its calls are searches), egress
                log; None = anything goes.
            options: `extra_body` holds arguments of the tool that are the same for every name.
            seconds: that a search may take in all.
        """
        super().__init__(
            None, tool.tool, cache=cache, recording=recording, deadline_s=seconds, terms=terms, options=options
        )
        self.base_url = tool.address
        self.tool = tool
        self._failed: set[str] = set()

    def check(self, mode: Mode) -> None:
        """Refuse to go on without the SDK, where the tool will be asked."""
        if mode in ("live", "record"):
            check_installed()

    async def search(self, query: Query) -> Findings:
        """Search for a name; where nothing can be found, say why."""
        if query.mode == "off":
            return Findings()
        words = " ".join(query.words.split())[:MAX_WORDS_CHARS]
        note = LookUp(f"{self.model} at {host_of(self.base_url or '')}", words)
        try:
            reply = await self._reply(words, query)
        except EndpointError as fault:
            return Findings((), LookUp(note.by, words, fault=str(fault)))
        seconds = 0.0 if reply.cached else reply.seconds
        return Findings(read_facts(reply.text), LookUp(note.by, words, cached=reply.cached, seconds=seconds))

    async def _reply(self, words: str, query: Query) -> Reply:
        """Ask; in mode `record` a name is not tried again, as a replay has one answer for it."""
        if query.mode == "record" and words in self._failed:
            raise Unavailable("the search failed before, and is not recorded", "broken")
        purpose = Purpose(attribute="type", private=query.private, deadline=query.deadline, entity=query.entity)
        request = Request(model=self.model or "", system="", user=words, prompt="search", purpose=purpose)
        try:
            return await self.aask(request, query.mode)
        except EndpointError:
            self._failed.add(words)
            raise

    @cached_property
    def _connection(self) -> Connection:
        return _SearchConnection(self.tool, self._limits, self.terms)


class _SearchConnection(Connection):
    """The last step of a search: the order of its checks is that of a call."""

    def __init__(self, tool: McpTool, limits: CallLimits, terms: Terms) -> None:
        super().__init__(tool.address, None, limits, terms, Shapes(None), ModelOptions())
        self._tool = tool

    async def call(self, request: Request, deadline: float) -> Reply:
        """Search once; the facts are the reply's text."""
        self._check(request, deadline)
        start = time.perf_counter()
        async with self._terms.budget.areserved(request, None, deadline) as replies:
            if self._terms.egress:
                await asyncio.to_thread(self._log_egress, request)
            try:
                with self._breaker.attempt(lambda error: isinstance(error, _ServerFailed)):
                    facts = await self._facts(request.user, deadline)
            except _ServerFailed as failed:
                raise failed.fault from None
            seconds = time.perf_counter() - start
            replies.append(Reply(text=written_facts(facts), finish_reason="stop", model=request.model, seconds=seconds))
        return replies[0]

    async def _facts(self, words: str, deadline: float) -> tuple[str, ...]:
        try:
            async with asyncio.timeout(deadline - time.monotonic()):
                return await on_background_loop(self._tool.ask(words))
        except TimeoutError:
            raise _ServerFailed(TimeIsUp("the search took longer than it may")) from None
        except (Broken, Unavailable) as fault:
            raise _ServerFailed(fault) from None


class _ServerFailed(Exception):
    """The server's own failure, after some of which in a row it is left alone for a while."""

    def __init__(self, fault: EndpointError) -> None:
        super().__init__(str(fault))
        self.fault = fault
