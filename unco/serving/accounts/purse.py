"""Who pays for the calls of a request: its token and the service, both by the shared ledger."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from unco.errors import Unavailable
from unco.serving.accounts.ledger import Account, Ledger, Pace
from unco.tools.llm.budget import Budget, Reserved, Spent
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply

T = TypeVar("T")

_LOOK_AGAIN_S = 0.05
"""Between two looks for room that calls under way may leave, also those of another worker."""


@dataclass(frozen=True, slots=True)
class Purse:
    """The accounts that pay for a request, with what each had spent when it came; those without caps are left out."""

    accounts: tuple[Account, ...] = ()
    spent: tuple[Spent, ...] = ()

    def calls_left(self, usd_per_call: float | None) -> int | None:
        """Estimate how many calls the accounts leave room for, see `Budget.calls_left`."""
        left = []
        for account, spent in zip(self.accounts, self.spent, strict=True):
            budget = Budget(account.caps)
            budget.go_on(spent, lambda calls, usd: None)
            left.append(budget.calls_left(usd_per_call))
        known = [calls for calls in left if calls is not None]
        return min(known) if known else None


PURSE: ContextVar[Purse | None] = ContextVar("unco_purse", default=None)
"""Of the request that this task answers; None = nobody pays, so nothing is asked."""


class ServedBudget(Budget):
    """A budget that each request's own purse pays into."""

    def __init__(self, ledger: Ledger) -> None:
        """Bind the ledger."""
        super().__init__()
        self._ledger = ledger

    async def areserve(self, model: str, usd: float | None, deadline: float = inf) -> None:
        """Hold a call on the accounts of the purse, see `Budget.areserve`."""
        if (purse := PURSE.get()) is None:
            raise Unavailable("budget: nobody pays for this call", "budget")
        while purse.accounts:
            left = deadline - time.monotonic()
            try:
                return await self._ledger.hold(purse.accounts, model, usd, max(0.0, min(left, 3600.0)))
            except Reserved:
                if left <= 0:
                    raise
            await asyncio.sleep(min(_LOOK_AGAIN_S, left))

    def settle(self, reserved: float, replies: list[Reply]) -> None:
        """Settle a call, see `Budget.settle`."""
        if (purse := PURSE.get()) is not None and purse.accounts:
            self._ledger.settle(purse.accounts, reserved, replies)

    def calls_left(self, usd_per_call: float | None) -> int | None:
        """Estimate how many calls the purse leaves room for, see `Budget.calls_left`."""
        purse = PURSE.get()
        return 0 if purse is None else purse.calls_left(usd_per_call)


class ServedRate(RateLimit):
    """The rate limit of one model, which all workers share."""

    def __init__(self, ledger: Ledger, name: str, limit: RateLimit) -> None:
        """Keep the limits; the times are the ledger's, on the clock that processes share."""
        super().__init__(limit.requests_per_minute, limit.tokens_per_minute, time.time)
        self._ledger, self._name = ledger, f"model {name}"

    async def areserve(self, tokens: int, at_most: float | None = None) -> float | None:
        """Take the next slot, see `RateLimit.areserve`."""
        return await self._ledger.pace(self._name, self._step(lambda: RateLimit.reserve(self, tokens, at_most)))

    def give_back(self, tokens: int) -> None:
        """Give back a slot, see `RateLimit.give_back`."""
        self._ledger.note_pace(self._name, self._step(lambda: RateLimit.give_back(self, tokens)))

    def correct(self, reserved: int, used: int) -> None:
        """Correct the tokens of a call, see `RateLimit.correct`; without a token limit there is nothing to correct."""
        if self.tokens_per_minute:
            self._ledger.note_pace(self._name, self._step(lambda: RateLimit.correct(self, reserved, used)))

    def hold(self, seconds: float) -> None:
        """Hold all calls, see `RateLimit.hold`."""
        self._ledger.note_pace(self._name, self._step(lambda: RateLimit.hold(self, seconds)))

    def _step(self, change: Callable[[], T]) -> Callable[[Pace], tuple[T, Pace]]:
        """Make a step of the ledger's thread, which alone reads and writes the three times."""

        def step(pace: Pace) -> tuple[T, Pace]:
            self._next_request, self._next_tokens, self._held_until = pace
            return change(), (self._next_request, self._next_tokens, self._held_until)

        return step
