"""What a run has spent, and what it may: a call is reserved before it is made and settled after.

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
    """What a run may spend; None = no cap."""

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
    """One for a run. Safe for threads."""

    def __init__(self, caps: Caps | None = None) -> None:
        """Begin with nothing spent."""
        self.caps = caps or Caps()
        self._lock = threading.Lock()
        self._spent = Spent()
        self._reserved_calls = 0
        self._reserved_usd = 0.0

    @property
    def spent(self) -> Spent:
        """So far."""
        return self._spent

    @property
    def taken(self) -> tuple[int, float]:
        """Calls and US dollars, spent or reserved."""
        with self._lock:
            return self._spent.calls + self._reserved_calls, self._spent.usd + self._reserved_usd

    def calls_left(self, usd_per_call: float | None) -> int | None:
        """How many calls the caps leave room for; None = no limit.

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
        """Room for one call; what it brings is put into the list. Without a reply nothing is counted.

        Raises:
            Unavailable: there is no room, or money is capped and the price unknown.
        """
        usd = most_usd(request, price)
        self.reserve(request.model, usd)
        replies: list[Reply] = []
        try:
            yield replies
        finally:
            self.settle(usd or 0.0, replies)

    @asynccontextmanager
    async def areserved(self, request: Request, price: Price | None) -> AsyncIterator[list[Reply]]:
        """As `reserved`, for a task: a budget that several processes share is asked without blocking the event loop."""
        with self.reserved(request, price) as replies:
            yield replies

    def reserve(self, model: str, usd: float | None) -> None:
        """Take room for a call of at most so much; who takes it settles it.

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
        """Give back what was reserved, and count what it brought."""
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
    """How many calls so much money pays for; 0 when their price is unknown, any number when they are free."""
    if usd_per_call is None:
        return 0
    return int(max(usd, 0.0) / usd_per_call + 1e-9) if usd_per_call > 0 else 2**31


def most_tokens(request: Request, price: Price | None = None) -> int:
    """Input tokens of a question, on the high side: no tokeniser makes more tokens than there are bytes."""
    said = [request.system, request.user, *(text for turn in request.turns for text in turn)]
    bytes_of_text = sum(len(text.encode("utf-8", "replace")) for text in said)
    return bytes_of_text + (price.picture_tokens if price and request.picture else 0)


def most_usd(request: Request, price: Price | None) -> float | None:
    """The most that a question can cost; None = its price is unknown."""
    return cost_usd(price, most_tokens(request, price), request.max_tokens)


def likely_tokens(request: Request) -> int:
    """Tokens that a call takes from the rate, answer included: a quarter of the bytes, and some for a picture."""
    return most_tokens(request) // 4 + (1500 if request.picture else 0) + request.max_tokens
