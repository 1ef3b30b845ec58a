"""One call to one endpoint: checks, budget, rate limit, retries, answer format, cost.

The order is fixed, cheapest first, and nothing is opened before the first three have passed: privacy policy, time left,
budget; then circuit breaker, rate limit, egress log, the attempt.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from tenacity import AsyncRetrying

from unco.errors import EndpointError, Unavailable
from unco.fork_locks import ForkLock
from unco.tools.call_spans import call_span
from unco.tools.llm import endpoint
from unco.tools.llm.budget import Budget, likely_tokens
from unco.tools.llm.circuit_breaker import CircuitBreaker
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.models.listed import names_in
from unco.tools.llm.models.options import CallLimits, ModelOptions
from unco.tools.llm.prices import Prices, cost_usd, shipped_prices
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply, Request, needs_room, with_earlier
from unco.tools.llm.request_shape import (
    MAX_ROOM,
    Shape,
    ShapeRefused,
    Shapes,
    may_pass,
    refusal_of,
    shapes_to_try,
    with_room,
)
from unco.tools.llm.retry import HeldBack, retry_after, retry_policy
from unco.types import PASSING_REASONS

if TYPE_CHECKING:
    from langchain_core.messages import AIMessage, BaseMessage
    from langchain_openai import ChatOpenAI


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
        self,
        base_url: str,
        api_key: SecretStr | None,
        limits: CallLimits,
        terms: Terms,
        shapes: Shapes,
        options: ModelOptions,
    ) -> None:
        """Keep the settings."""
        self.base_url = base_url
        self._api_key = api_key
        self._limits = limits
        self._terms = terms
        self._shapes = shapes
        self._options, self._decided = options, options.decided_shape()
        self._breaker = CircuitBreaker()
        self._lock = ForkLock()
        self._client: ChatOpenAI | None = None
        self._held_back, self._hidden = HeldBack(), endpoint.hidden_texts(base_url, api_key, options)

    @property
    def is_failing(self) -> bool:
        """Whether the endpoint failed too often just now, see `CircuitBreaker`."""
        return self._breaker.is_open

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
        shape, known = await asyncio.to_thread(self.expected_shape, request)
        earlier: Reply | None = None
        while True:
            try:
                reply, found = await self._negotiated(request, shape, known, deadline, grown=earlier is not None)
            except EndpointError as error:
                if earlier is None or error.reason in PASSING_REASONS:
                    raise
                return earlier  # there is no more room
            earlier = reply if earlier is None else with_earlier(reply, earlier)
            if not needs_room(reply) or found.room >= MAX_ROOM or "room" in self._decided or found.room < shape.room:
                return earlier
            shape, known = replace(found, room=4 * found.room), True  # reasoning used up the limit before it wrote

    async def _negotiated(
        self, request: Request, shape: Shape, known: bool, deadline: float, grown: bool
    ) -> tuple[Reply, Shape]:
        """Ask in one shape after another until the endpoint accepts one; a refusal is neither retried nor a failure.

        Args:
            request: the question.
            shape: the first.
            known: whether the endpoint has replied to it before.
            deadline: see `deadline_of`.
            grown: whether it has more room than one that the endpoint replied to; less would be asked twice.
        """
        shapes = shapes_to_try(shape, known, {*self._decided, "room"} if grown else self._decided)
        first: ShapeRefused | None = None
        trial = next(shapes)
        while True:
            try:
                reply = await self._asked(request, trial, deadline, known=known and trial == shape)
            except ShapeRefused as refusal:
                if first is None and self._shapes.is_in_vain(self.base_url, request, refusal):
                    raise self._translated(refusal) from None
                first = first or refusal
                try:
                    trial = shapes.send((refusal.status, refusal.reason))
                except StopIteration:
                    if not may_pass(first.status, first.reason):
                        if not grown:
                            self._shapes.note_in_vain(self.base_url, request, first)
                        raise self._translated(first) from None
                    return await self._asked(request, shape, deadline, known=None), shape  # the server's own failure
            else:
                sure = first is None or not may_pass(first.status, first.reason)
                await asyncio.to_thread(self._shapes.remember, self.base_url, request, trial, sure)
                return reply, trial

    async def _asked(self, request: Request, shape: Shape, deadline: float, known: bool | None) -> Reply:
        """Ask in one shape, again where that may help.

        Args:
            request: the question.
            shape: how it is put.
            deadline: see `deadline_of`.
            known: whether the endpoint is known to accept the shape; None = it may not be refused any more.
        """
        request = with_room(request, shape)
        self._check(request, deadline)
        await asyncio.sleep(self._held_back.seconds_left(request, deadline))
        start = time.perf_counter()
        client, messages = await asyncio.to_thread(self._prepare, request, shape)
        retrying = AsyncRetrying(
            **retry_policy(self._limits.attempts, self._limits.back_off, deadline - time.monotonic())
        )
        with endpoint.translated_errors(self._hidden):
            reply: Reply = await retrying(self._paid_attempt, client, messages, request, shape, deadline, known)
        return replace(reply, seconds=time.perf_counter() - start)

    def _translated(self, refusal: "ShapeRefused") -> Exception:
        """Give the refusal as the error that it would have been without a search."""
        try:
            with endpoint.translated_errors(self._hidden):
                raise refusal.error
        except EndpointError as error:
            return error

    def _prepare(self, request: Request, shape: Shape) -> "tuple[ChatOpenAI, list[BaseMessage]]":
        """Make what takes time: the client, the messages with the picture."""
        return self.get_client(), endpoint.messages(request, shape)

    def get_client(self) -> "ChatOpenAI":
        """Return the client, built at the first use."""
        with self._lock:
            if self._client is None:
                self._client = endpoint.build_client(
                    self.base_url, self._api_key, self._limits.timeout_s, self._options
                )
            return self._client

    async def listed_models(self) -> frozenset[str]:
        """Return the names of the models that the endpoint lists.

        Raises:
            Unavailable: the endpoint cannot be reached.
            CallFailed: it lists none.
        """
        with endpoint.translated_errors(self._hidden):
            async with asyncio.timeout(10.0):
                answer = await self.get_client().root_async_client.models.with_raw_response.list()
        return names_in(answer.http_response.content)

    def expected_shape(self, request: Request) -> tuple[Shape, bool]:
        """Return the shape that a question is put in first, and whether the endpoint is known to accept it."""
        return self._shapes.find(self.base_url, request, self._decided)

    def _check(self, request: Request, deadline: float) -> None:
        self._terms.privacy.check(self.base_url, request.purpose)
        _seconds_left(deadline)

    async def _paid_attempt(
        self, client: "ChatOpenAI", messages: Any, request: Request, shape: Shape, deadline: float, known: bool | None
    ) -> Reply:
        """Make one attempt within the budget; between two attempts nothing is reserved."""
        price = self._terms.prices.of(request.model)
        async with self._terms.budget.areserved(request, price, deadline) as replies:
            replies.append(self._read(await self._attempt(client, messages, request, shape, deadline, known), request))
        return replies[0]

    async def _attempt(
        self, client: "ChatOpenAI", messages: Any, request: Request, shape: Shape, deadline: float, known: bool | None
    ) -> Any:
        async with self._rate_slot(request, deadline) as wait:
            await asyncio.sleep(wait)
        left = _seconds_left(deadline)
        options = endpoint.options(request, shape, min(self._limits.timeout_s, left))
        if self._terms.egress:
            await asyncio.to_thread(self._log_egress, request)
        with self._observed(request), call_span(self.base_url, request) as answered:
            async with asyncio.timeout(left):
                try:
                    message = await client.ainvoke(messages, **options)
                except Exception as error:
                    refusal = None if known is None else refusal_of(error, shape, known)
                    # Without a schema nothing is sent that a server would break over.
                    if refusal is not None and (request.schema or not may_pass(refusal.status, refusal.reason)):
                        raise refusal from None
                    raise
            answered(message)
            return message

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
        """Report an attempt's error to circuit breaker and rate limit, and heed a `Retry-After`."""
        with self._breaker.attempt(endpoint.is_endpoint_failure, lambda error: endpoint.in_words(error, self._hidden)):
            try:
                yield
            except BaseException as error:
                self._terms.rate.correct(likely_tokens(request), 0)
                if (seconds := retry_after(error)) and self._held_back.concerns_all(request, seconds):
                    self._terms.rate.hold(seconds)
                raise
        self._held_back.answered()

    def _read(self, message: "AIMessage", request: Request) -> Reply:
        reply = endpoint.read_reply(message)
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
