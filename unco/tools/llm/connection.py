"""One call to one endpoint: may it be made, is there room for it, when, in which format, how often, what did it cost.

The order is fixed, cheapest first, and nothing is opened before the first three have passed: privacy policy, time left,
budget; then circuit breaker, rate limit, egress log, the attempt.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from tenacity import AsyncRetrying
from tenacity.wait import wait_base

from unco.errors import Unavailable
from unco.tools.llm import endpoint
from unco.tools.llm.budget import Budget, likely_tokens
from unco.tools.llm.circuit_breaker import CircuitBreaker
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.prices import Prices, cost_usd, shipped_prices
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply, Request
from unco.tools.llm.response_format import Format, Formats, may_be_the_format
from unco.tools.llm.retry import retry_after, retry_policy

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often."""

    timeout_s: float = 60.0
    """Seconds that an attempt may take without a byte from the endpoint."""
    deadline_s: float = 120.0
    """Seconds that a call may take in all, waits and further attempts included."""
    attempts: int = 3
    """How often a question is asked at most, when asking again may help."""
    back_off: wait_base | None = None
    """Between attempts, where the endpoint names no time; None = half a second, doubling up to 8, with jitter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms calls are made; shared by all posts, and by all models of a chain where they hold for all."""

    privacy: Privacy = Privacy()
    prices: Prices = field(default_factory=shipped_prices)
    budget: Budget = field(default_factory=Budget)
    rate: RateLimit = field(default_factory=RateLimit)
    """Of one endpoint."""
    egress: EgressLog | None = None
    """None = what leaves is not written down."""


class Connection:
    """The way to one endpoint. Nothing is imported or opened before the first call; safe for threads and loops."""

    def __init__(
        self, base_url: str, api_key: SecretStr | None, patience: Patience, terms: Terms, formats: Formats
    ) -> None:
        """Keep the settings."""
        self.base_url = base_url
        self._api_key = api_key
        self._patience = patience
        self._terms = terms
        self._formats = formats
        self._breaker = CircuitBreaker()
        self._lock = threading.Lock()
        self._client: ChatOpenAI | None = None

    def end_of(self, request: Request) -> float:
        """When a question that is put now has to be answered, on the monotonic clock."""
        end = time.monotonic() + self._patience.deadline_s
        if request.purpose.deadline is not None:
            end = min(end, time.monotonic() + request.purpose.deadline - time.time())
        return end

    async def call(self, request: Request, end: float) -> Reply:
        """Ask the endpoint; the deadline also ends an answer that comes drop by drop.

        Args:
            request: the question.
            end: see `end_of`.

        Raises:
            Unavailable: policy, budget, deadline, rate or breaker forbid it, or the endpoint cannot be reached.
            CallFailed: the endpoint refused, broke down or was too slow, also when asked again.
            SetupError: the egress log cannot be written.
        """
        async with self._admitted(request, end) as replies:
            start = time.perf_counter()
            client, messages, formats = await asyncio.to_thread(self._prepared, request)
            message: AIMessage
            with endpoint.translated(self.base_url, self._api_key):
                for wanted in formats:
                    retrying = AsyncRetrying(**self._policy(end))
                    try:
                        message = await retrying(self._attempt, client, messages, request, wanted, end)
                        break
                    except Exception as error:
                        if wanted == formats[-1] or not may_be_the_format(error):
                            raise
                replies.append(self._read(message, request, time.perf_counter() - start))
            if len(formats) > 1:
                await asyncio.to_thread(self._formats.remember, self.base_url, request, wanted)
        return replies[0]

    def _prepared(self, request: Request) -> "tuple[ChatOpenAI, list[BaseMessage], tuple[Format, ...]]":
        """What takes time or reads a file."""
        return self.connected(), endpoint.messages(request), self._formats.to_try(self.base_url, request)

    def connected(self) -> "ChatOpenAI":
        """The client, built at the first use."""
        with self._lock:
            if self._client is None:
                self._client = endpoint.build_client(self.base_url, self._api_key, self._patience.timeout_s)
            return self._client

    def listed_models(self) -> frozenset[str]:
        """Names of the models that the endpoint says it has; asked once, and of nothing else.

        Raises:
            Unavailable: the endpoint cannot be reached.
            CallFailed: it does not say.
        """
        with endpoint.translated(self.base_url, self._api_key):
            return frozenset(model.id for model in self.connected().root_client.models.list(timeout=10.0))

    def took(self, request: Request) -> Format:
        """The strictest form of answer that the endpoint is known, or hoped, to take for a question."""
        return self._formats.to_try(self.base_url, request)[0]

    @asynccontextmanager
    async def _admitted(self, request: Request, end: float) -> AsyncIterator[list[Reply]]:
        """Pass policy, deadline and budget; gives where the reply goes."""
        self._check(request, end)
        async with self._terms.budget.areserved(request, self._terms.prices.of(request.model)) as replies:
            yield replies

    def _check(self, request: Request, end: float) -> None:
        self._terms.privacy.check(self.base_url, request.purpose)
        _seconds_left(end)

    def _policy(self, end: float) -> dict[str, Any]:
        return retry_policy(self._patience.attempts, self._patience.back_off, end - time.monotonic())

    async def _attempt(self, client: "ChatOpenAI", messages: Any, request: Request, wanted: Format, end: float) -> Any:
        async with self._in_place(request, end) as wait:
            await asyncio.sleep(wait)
        options, left = endpoint.options(request, wanted, self._seconds(end)), _seconds_left(end)
        if self._terms.egress:
            await asyncio.to_thread(self._note, request)
        with self._watched(request):
            async with asyncio.timeout(left):
                return await client.ainvoke(messages, **options)

    @asynccontextmanager
    async def _in_place(self, request: Request, end: float) -> AsyncIterator[float]:
        """Seconds until the rate limit lets an attempt start; who is cancelled while waiting gives the place back."""
        self._breaker.check()
        wait = await self._terms.rate.areserve(likely_tokens(request), _seconds_left(end))
        with self._given_back(request, wait) as wait:
            yield wait

    @contextmanager
    def _given_back(self, request: Request, wait: float | None) -> Iterator[float]:
        if wait is None:
            raise Unavailable("the rate limit leaves no place before the call's deadline", "rate")
        try:
            yield wait
        except BaseException:
            self._terms.rate.give_back(likely_tokens(request))
            raise

    def _note(self, request: Request) -> None:
        if self._terms.egress:
            self._breaker.check()
            self._terms.egress.note(self.base_url, request)

    @contextmanager
    def _watched(self, request: Request) -> Iterator[None]:
        """An attempt, seen by the breaker; what it says about waiting holds for all posts."""
        with self._breaker.watched(endpoint.is_unwell):
            try:
                yield
            except BaseException as error:
                self._terms.rate.correct(likely_tokens(request), 0)
                if asked_for := retry_after(error):
                    self._terms.rate.hold(asked_for)
                raise

    def _seconds(self, end: float) -> float:
        return min(self._patience.timeout_s, _seconds_left(end))

    def _read(self, message: "AIMessage", request: Request, seconds: float) -> Reply:
        reply = endpoint.read_reply(message, seconds)
        if reply.input_tokens is not None and reply.output_tokens is not None:
            self._terms.rate.correct(likely_tokens(request), reply.input_tokens + reply.output_tokens)
        price = self._terms.prices.of(request.model)
        cost = cost_usd(price, reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens)
        return replace(reply, cost=cost)


def _seconds_left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise Unavailable("deadline: no time is left to ask", "deadline")
    return left
