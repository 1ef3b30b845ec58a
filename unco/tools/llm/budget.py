"""Budget of a run: a call is reserved before it is made and settled after.

A run is all that goes through one `Mllm` and its fallbacks. Money is reserved on the high side, a token for each byte
of text and the price table's `picture_tokens` for a picture, so that calls under way do not exceed the cap together; it
is set right when the provider's own counts are there, and stays as it was reserved where they never come. A call that
would fit, were not so much reserved for calls under way, waits for their end.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from math import inf

from unco.errors import SetupError, Unavailable
from unco.fork_locks import ForkLock
from unco.tools.llm.prices import Price, cost_usd
from unco.tools.llm.request import Reply, Request
from unco.types import Reason


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


_RESERVED = "all that is left of the budget is reserved for calls under way"


class Reserved(Unavailable):
    """What is left of the budget is reserved for calls under way, which may spend less of it."""

    def __init__(self, message: str = _RESERVED, reason: Reason = "deadline") -> None:
        """Say so."""
        super().__init__(message, reason)


Note = Callable[[int, float], None]
"""Writes down how many calls and US dollars are spent or reserved; it raises where they cannot be written."""


class Budget:
    """The budget of a run. Safe for threads."""

    def __init__(self, caps: Caps | None = None) -> None:
        """Begin with nothing spent."""
        self.caps = caps or Caps()
        self._lock = ForkLock()
        self._spent = Spent()
        self._reserved_calls = 0
        self._reserved_usd = 0.0
        self._waiting: list[Future[None]] = []
        self._note: Note = _note_nothing

    @property
    def note(self) -> Note:
        """What writes down the calls and US dollars that are spent or reserved."""
        return self._note

    def go_on(self, spent: Spent, note: Note) -> None:
        """Go on with what was spent before.

        Args:
            spent: counts against the caps.
            note: called before each reservation holds and after each call, so that what is written is never too little.
        """
        with self._lock:
            self._spent, self._note = spent, note

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
        """Estimate how many calls the caps leave room for; None = no limit. What is only reserved counts as left.

        Args:
            usd_per_call: the most that one costs; None = unknown. Once calls have been paid for, their mean counts.
        """
        spent, limits = self._spent, []
        if self.caps.calls is not None:
            limits.append(self.caps.calls - spent.calls)
        if self.caps.usd is not None:
            usd = spent.usd / spent.calls if spent.usd and usd_per_call is not None else usd_per_call
            limits.append(affordable(self.caps.usd - spent.usd, usd))
        return max(0, min(limits)) if limits else None

    @contextmanager
    def reserved(self, request: Request, price: Price | None) -> Iterator[list[Reply]]:
        """Reserve one call for the block, which puts the reply into the list. Without a reply nothing is counted.

        Raises:
            Unavailable: there is no room, or money is capped and the price unknown.
            Reserved: there is room, and it is reserved for calls under way.
        """
        usd = max_usd(request, price)
        self.reserve(request.model, usd)
        with self._settled(usd) as replies:
            yield replies

    @asynccontextmanager
    async def areserved(
        self, request: Request, price: Price | None, deadline: float = inf
    ) -> AsyncIterator[list[Reply]]:
        """Reserve one call, as `reserved`; wait for room that is only reserved, until a deadline (monotonic clock)."""
        usd = max_usd(request, price)
        await self.areserve(request.model, usd, deadline)
        with self._settled(usd) as replies:
            yield replies

    @contextmanager
    def _settled(self, usd: float | None) -> Iterator[list[Reply]]:
        """Settle a reserved call when the block ends; where it is broken off, the call may have been paid for."""
        replies = list[Reply]()
        try:
            yield replies
        except Exception:
            raise
        except BaseException:  # cancelled or interrupted
            replies.append(_UNKNOWN)
            raise
        finally:
            self.settle(usd or 0.0, replies)

    async def areserve(self, model: str, usd: float | None, deadline: float = inf) -> None:
        """Reserve a call, as `reserve`, when there is room for it; raises `Reserved` at the deadline."""
        while True:
            change = Future[None]()
            with self._lock:
                self._waiting.append(change)
            try:
                return self.reserve(model, usd)
            except Reserved:
                if (left := deadline - time.monotonic()) <= 0:
                    raise
                await asyncio.wait({asyncio.wrap_future(change)}, timeout=None if left == inf else left)
            finally:
                with self._lock:
                    if change in self._waiting:
                        self._waiting.remove(change)

    def reserve(self, model: str, usd: float | None) -> None:
        """Reserve a call of at most so many US dollars; `settle` has to follow.

        Raises:
            Unavailable: see `reserved`.
            Reserved: likewise.
        """
        with self._lock:
            check_room(self.caps, self._spent, (self._reserved_calls, self._reserved_usd), model, usd)
            spent, calls = self._spent, self._spent.calls + self._reserved_calls
            reserved = self._reserved_usd + (usd or 0.0)
            self._note(calls + 1, spent.usd + reserved)
            self._reserved_calls, self._reserved_usd = self._reserved_calls + 1, reserved

    def settle(self, reserved: float, replies: list[Reply]) -> None:
        """Release what was reserved, count the replies, and let those who wait for room look again."""
        with self._lock:
            self._reserved_calls -= 1
            self._reserved_usd = self._reserved_usd - reserved if self._reserved_calls else 0.0  # no rests of rounding
            for reply in replies:
                self._spent = Spent(
                    calls=self._spent.calls + 1,
                    input_tokens=self._spent.input_tokens + (reply.input_tokens or 0),
                    output_tokens=self._spent.output_tokens + (reply.output_tokens or 0),
                    usd=self._spent.usd + (reserved if reply.cost is None else reply.cost),
                    unpriced=self._spent.unpriced + (reply.cost is None),
                )
            with suppress(SetupError):  # what is written then is the reservation, which is more
                self._note(self._spent.calls + self._reserved_calls, self._spent.usd + self._reserved_usd)
            waiting, self._waiting = self._waiting, []
        for change in waiting:
            change.set_result(None)


def check_room(
    caps: Caps, spent: Spent, reserved: tuple[int, float], model: str, usd: float | None, whose: str = "the run's"
) -> None:
    """Refuse a call that the caps leave no room for.

    Args:
        caps: of a budget.
        spent: of it so far.
        reserved: calls and US dollars for calls under way.
        model: that is asked.
        usd: the most that the call can cost; None = its price is unknown.
        whose: for messages, whose budget it is.

    Raises:
        Unavailable: there is no room, or money is capped and the price unknown.
        Reserved: there is room, and it is reserved for calls under way.
    """
    calls, reserved_usd = reserved
    if caps.calls is not None and spent.calls >= caps.calls:
        raise Unavailable(f"budget: {whose} {caps.calls} calls are spent", "budget")
    if caps.usd is not None:
        if usd is None:
            raise Unavailable(f"budget: money is capped and the price of {model!r} is unknown: set it", "budget")
        if spent.usd + usd > caps.usd:
            raise Unavailable(f"budget: {whose} ${caps.usd:g} do not cover another call", "budget")
        if spent.usd + reserved_usd + usd > caps.usd:
            raise Reserved
    if caps.calls is not None and spent.calls + calls >= caps.calls:
        raise Reserved


_UNKNOWN = Reply(text="", finish_reason=None, model="")
"""Stands for a reply that nobody waited for: a call of unknown cost."""


def _note_nothing(calls: int, usd: float) -> None:
    """Write nothing down: the run has no file."""


def affordable(usd: float, usd_per_call: float | None) -> int:
    """Return how many calls so much money pays for; 0 when their price is unknown, 2^31 when they are free."""
    if usd_per_call is None:
        return 0
    return int(max(usd, 0.0) / usd_per_call + 1e-9) if usd_per_call > 0 else 2**31


FRAME_TOKENS = 64
"""Around the texts of a question: names of roles, marks of their beginnings and ends."""


def max_input_tokens(request: Request, price: Price | None = None) -> int:
    """Return the most input tokens a question can have: no tokeniser makes more tokens than there are bytes.

    Providers count the answer's schema and the messages' frame, too.
    """
    texts = [request.system, request.user, *(text for turn in request.turns for text in turn)]
    texts += [request.schema, *request.types]
    bytes_of_text = sum(len(text.encode("utf-8", "replace")) for text in texts)
    return FRAME_TOKENS + bytes_of_text + (price.picture_tokens if price and request.picture else 0)


def max_usd(request: Request, price: Price | None) -> float | None:
    """Return the most that a question can cost in US dollars; None = its price is unknown."""
    return cost_usd(price, max_input_tokens(request, price), request.max_tokens)


def likely_tokens(request: Request) -> int:
    """Estimate the tokens of a call for the rate limit: a quarter of the bytes, some for a picture, the answer."""
    return max_input_tokens(request) // 4 + (1500 if request.picture else 0) + request.max_tokens
