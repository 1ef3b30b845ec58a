"""Budget of a run: a call is reserved before it is made and settled after.

A run is all that goes through one `Mllm` and its fallbacks. Money is reserved on the high side, a token for each byte
of text and the price table's `picture_tokens` for a picture, so that calls under way do not exceed the cap together; it
is set right when the provider's own counts are there, and stays as it was reserved where they never come.
"""

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from unco.errors import Unavailable
from unco.tools.llm.prices import Price, cost_usd
from unco.tools.llm.request import Reply, Request


@dataclass(frozen=True, slots=True)
class Caps:
    """Upper limits of what a run may spend; None = no cap."""

    calls: int | None = None
    usd: float | None = None


@dataclass(frozen=True, slots=True)
class Spent:
    """What a run has spent so far."""

    calls: int = 0
    """Questions that were put to an endpoint and got a reply."""
    input_tokens: int = 0
    output_tokens: int = 0
    usd: float = 0.0
    unpriced: int = 0
    """Calls of unknown cost; in `usd` they count for what was reserved, which is nothing where no price is known."""


class Budget:
    """The budget of a run. Safe for threads."""

    def __init__(self, caps: Caps | None = None) -> None:
        """Begin with nothing spent."""
        self.caps = caps or Caps()
        self._lock = threading.Lock()
        self._spent = Spent()
        self._reserved_calls = 0
        self._reserved_usd = 0.0

    @property
    def spent(self) -> Spent:
        """What has been spent so far."""
        return self._spent

    @property
    def committed(self) -> tuple[int, float]:
        """Calls and US dollars, spent or reserved."""
        with self._lock:
            return self._spent.calls + self._reserved_calls, self._spent.usd + self._reserved_usd

    def calls_left(self, usd_per_call: float | None) -> int | None:
        """Return how many calls the caps leave room for; None = no limit.

        Args:
            usd_per_call: the most that one costs; None = unknown.
        """
        with self._lock:
            limits = []
            if self.caps.calls is not None:
                limits.append(self.caps.calls - self._spent.calls - self._reserved_calls)
            if self.caps.usd is not None:
                limits.append(affordable(self.caps.usd - self._spent.usd - self._reserved_usd, usd_per_call))
        return max(0, min(limits)) if limits else None

    @contextmanager
    def reserved(self, request: Request, price: Price | None) -> Iterator[list[Reply]]:
        """Reserve one call for the block, which puts the reply into the list. Without a reply nothing is counted.

        Raises:
            Unavailable: there is no room, or money is capped and the price unknown.
        """
        usd = max_usd(request, price)
        self.reserve(request.model, usd)
        replies: list[Reply] = []
        try:
            yield replies
        finally:
            self.settle(usd or 0.0, replies)

    @asynccontextmanager
    async def areserved(self, request: Request, price: Price | None) -> AsyncIterator[list[Reply]]:
        """Reserve one call, as `reserved`; a budget that processes share is asked without blocking the event loop."""
        with self.reserved(request, price) as replies:
            yield replies

    def reserve(self, model: str, usd: float | None) -> None:
        """Reserve a call of at most so many US dollars; `settle` has to follow.

        Raises:
            Unavailable: see `reserved`.
        """
        with self._lock:
            caps, spent = self.caps, self._spent
            if caps.calls is not None and spent.calls + self._reserved_calls >= caps.calls:
                raise Unavailable(f"budget: the run's {caps.calls} calls are spent", "budget")
            if caps.usd is not None:
                if usd is None:
                    raise Unavailable(
                        f"budget: money is capped and the price of {model!r} is unknown: set it", "budget"
                    )
                if spent.usd + self._reserved_usd + usd > caps.usd:
                    raise Unavailable(f"budget: the run's ${caps.usd:g} do not cover another call", "budget")
            self._reserved_calls += 1
            self._reserved_usd += usd or 0.0

    def settle(self, reserved: float, replies: list[Reply]) -> None:
        """Release what was reserved, and count the replies."""
        with self._lock:
            self._reserved_calls -= 1
            self._reserved_usd -= reserved
            for reply in replies:
                self._spent = Spent(
                    calls=self._spent.calls + 1,
                    input_tokens=self._spent.input_tokens + (reply.input_tokens or 0),
                    output_tokens=self._spent.output_tokens + (reply.output_tokens or 0),
                    usd=self._spent.usd + (reserved if reply.cost is None else reply.cost),
                    unpriced=self._spent.unpriced + (reply.cost is None),
                )


def affordable(usd: float, usd_per_call: float | None) -> int:
    """Return how many calls so much money pays for; 0 when their price is unknown, 2^31 when they are free."""
    if usd_per_call is None:
        return 0
    return int(max(usd, 0.0) / usd_per_call + 1e-9) if usd_per_call > 0 else 2**31


def max_input_tokens(request: Request, price: Price | None = None) -> int:
    """Return the most input tokens a question can have: no tokeniser makes more tokens than there are bytes."""
    texts = [request.system, request.user, *(text for turn in request.turns for text in turn)]
    bytes_of_text = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return bytes_of_text + (price.picture_tokens if price and request.picture else 0)


def max_usd(request: Request, price: Price | None) -> float | None:
    """Return the most that a question can cost in US dollars; None = its price is unknown."""
    return cost_usd(price, max_input_tokens(request, price), request.max_tokens)


def likely_tokens(request: Request) -> int:
    """Estimate the tokens of a call for the rate limit: a quarter of the bytes, some for a picture, the answer."""
    return max_input_tokens(request) // 4 + (1500 if request.picture else 0) + request.max_tokens
