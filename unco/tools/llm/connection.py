"""One call to one endpoint: checks, budget, rate limit, retries, answer format, cost.

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
from unco.tools.llm.response_format import Format, Formats, may_reject_format
from unco.tools.llm.retry import retry_after, retry_policy

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How long a call may take, and how often it is tried."""

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
    """The terms of calls: privacy, prices, budget, rate, egress log; shared by all posts, and by a chain of models."""

    privacy: Privacy = Privacy()
    prices: Prices = field(default_factory=shipped_prices)
    budget: Budget = field(default_factory=Budget)
    rate: RateLimit = field(default_factory=RateLimit)
    """Of one endpoint."""
    egress: EgressLog | None = None
    """None = what is sent is not logged."""


class Connection:
    """A connection to one endpoint. Nothing is imported or opened before the first call; safe for threads and loops."""

    def __init__(
        self, base_url: str, api_key: SecretStr | None, limits: CallLimits, terms: Terms, formats: Formats
    ) -> None:
        """Keep the settings."""
        self.base_url = base_url
        self._api_key = api_key
        self._limits = limits
        self._terms = terms
        self._formats = formats
        self._breaker = CircuitBreaker()
        self._lock = threading.Lock()
        self._client: ChatOpenAI | None = None

    def deadline_of(self, request: Request) -> float:
        """Return when a question that is asked now has to be answered, on the monotonic clock."""
        deadline = time.monotonic() + self._limits.deadline_s
        if request.purpose.deadline is not None:  # seconds since 1970
            deadline = min(deadline, time.monotonic() + request.purpose.deadline - time.time())
        return deadline

    async def call(self, request: Request, deadline: float) -> Reply:
        """Ask the endpoint; the deadline also ends an answer that arrives slowly.

        Args:
            request: the question.
            deadline: see `deadline_of`.

        Raises:
            Unavailable: policy, budget, deadline, rate or breaker forbid it, or the endpoint cannot be reached.
            CallFailed: the endpoint refused, broke down or was too slow, also when asked again.
            SetupError: the egress log cannot be written.
        """
        async with self._reserved(request, deadline) as replies:
            start = time.perf_counter()
            client, messages, formats = await asyncio.to_thread(self._prepare, request)
            message: AIMessage
            with endpoint.translated_errors(self.base_url, self._api_key):
                for answer_format in formats:
                    retrying = AsyncRetrying(**self._policy(deadline))
                    try:
                        message = await retrying(self._attempt, client, messages, request, answer_format, deadline)
                        break
                    except Exception as error:
                        if answer_format == formats[-1] or not may_reject_format(error):
                            raise
                replies.append(self._read(message, request, time.perf_counter() - start))
            if len(formats) > 1:
                await asyncio.to_thread(self._formats.remember, self.base_url, request, answer_format)
        return replies[0]

    def _prepare(self, request: Request) -> "tuple[ChatOpenAI, list[BaseMessage], tuple[Format, ...]]":
        """Make what takes time or reads a file: client, messages, answer formats to try."""
        return self.get_client(), endpoint.messages(request), self._formats.to_try(self.base_url, request)

    def get_client(self) -> "ChatOpenAI":
        """Return the client, built at the first use."""
        with self._lock:
            if self._client is None:
                self._client = endpoint.build_client(self.base_url, self._api_key, self._limits.timeout_s)
            return self._client

    def listed_models(self) -> frozenset[str]:
        """Return the names of the models that the endpoint lists.

        Raises:
            Unavailable: the endpoint cannot be reached.
            CallFailed: it lists none.
        """
        with endpoint.translated_errors(self.base_url, self._api_key):
            return frozenset(model.id for model in self.get_client().root_client.models.list(timeout=10.0))

    def expected_format(self, request: Request) -> Format:
        """Return the strictest answer format that the endpoint is known, or expected, to accept for a question."""
        return self._formats.to_try(self.base_url, request)[0]

    @asynccontextmanager
    async def _reserved(self, request: Request, deadline: float) -> AsyncIterator[list[Reply]]:
        """Check policy and deadline, and reserve budget; yields the list that the reply goes into."""
        self._check(request, deadline)
        async with self._terms.budget.areserved(request, self._terms.prices.of(request.model)) as replies:
            yield replies

    def _check(self, request: Request, deadline: float) -> None:
        self._terms.privacy.check(self.base_url, request.purpose)
        _seconds_left(deadline)

    def _policy(self, deadline: float) -> dict[str, Any]:
        return retry_policy(self._limits.attempts, self._limits.back_off, deadline - time.monotonic())

    async def _attempt(
        self, client: "ChatOpenAI", messages: Any, request: Request, answer_format: Format, deadline: float
    ) -> Any:
        async with self._rate_slot(request, deadline) as wait:
            await asyncio.sleep(wait)
        options, left = endpoint.options(request, answer_format, self._timeout(deadline)), _seconds_left(deadline)
        if self._terms.egress:
            await asyncio.to_thread(self._log_egress, request)
        with self._observed(request):
            async with asyncio.timeout(left):
                return await client.ainvoke(messages, **options)

    @asynccontextmanager
    async def _rate_slot(self, request: Request, deadline: float) -> AsyncIterator[float]:
        """Take a slot of the rate limit; yields the seconds to wait. Cancelled while waiting, it is given back."""
        self._breaker.check()
        wait = await self._terms.rate.areserve(likely_tokens(request), _seconds_left(deadline))
        with self._given_back_on_error(request, wait) as wait:
            yield wait

    @contextmanager
    def _given_back_on_error(self, request: Request, wait: float | None) -> Iterator[float]:
        if wait is None:
            raise Unavailable("the rate limit leaves no place before the call's deadline", "rate")
        try:
            yield wait
        except BaseException:
            self._terms.rate.give_back(likely_tokens(request))
            raise

    def _log_egress(self, request: Request) -> None:
        if self._terms.egress:
            self._breaker.check()
            self._terms.egress.write(self.base_url, request)

    @contextmanager
    def _observed(self, request: Request) -> Iterator[None]:
        """Report an attempt's error to circuit breaker and rate limit; a `Retry-After` holds for all posts."""
        with self._breaker.attempt(endpoint.is_endpoint_failure):
            try:
                yield
            except BaseException as error:
                self._terms.rate.correct(likely_tokens(request), 0)
                if seconds := retry_after(error):
                    self._terms.rate.hold(seconds)
                raise

    def _timeout(self, deadline: float) -> float:
        return min(self._limits.timeout_s, _seconds_left(deadline))

    def _read(self, message: "AIMessage", request: Request, seconds: float) -> Reply:
        reply = endpoint.read_reply(message, seconds)
        if reply.input_tokens is not None and reply.output_tokens is not None:
            self._terms.rate.correct(likely_tokens(request), reply.input_tokens + reply.output_tokens)
        price = self._terms.prices.of(request.model)
        cost = cost_usd(price, reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens)
        return replace(reply, cost=cost)


def _seconds_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise Unavailable("deadline: no time is left to ask", "deadline")
    return left
