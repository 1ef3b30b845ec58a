"""One budget and one rate limit for all correctors of a cluster, kept by a small actor that all workers ask.

A call is reserved there before it is made, so no cap is passed however many correctors there are. Asking takes
about a millisecond, during which the corrector's other posts go on. Corrections are sent without waiting. What a worker
had reserved when it died counts as spent, once the call must have ended, as it may have been paid for.
"""

import asyncio
import time
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import replace
from math import inf
from typing import Any

import ray
from ray.exceptions import RayError

from unco.errors import SetupError, UncoError
from unco.tools.llm.budget import Budget, Caps, Note, Spent
from unco.tools.llm.client import Mllm
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply

LATE_S = 30.0
"""Seconds after the end of a call's time at which it counts as lost with its worker."""

MAX_WAITING = 2**16
"""Calls that may wait for room at once, in the whole cluster."""

LAST_HEARD_S = 5.0
"""Seconds after which a worker that said nothing is gone."""

Counts = tuple[int | None, int | None, float | None]
"""Counts of a reply: input tokens, output tokens, US dollars."""

Limits = tuple[float | None, float | None]
"""Limits of one model: requests and tokens per minute."""


class BudgetActor:
    """Keeps the budget and rates of a run for all its workers; it has no name, so runs do not share one."""

    def __init__(self, caps: Caps, limits: Sequence[Limits], spent: Spent, note: Note) -> None:
        """Go on with what was spent before.

        Args:
            caps: what the run may spend.
            limits: of each model of the chain.
            spent: before.
            note: see `Budget.go_on`.
        """
        self._budget = Budget(caps)
        self._budget.go_on(spent, note)
        self._rates = [RateLimit(*each) for each in limits]
        self._reserved: list[tuple[float, asyncio.TimerHandle | None]] = []
        self._waiting: dict[str, tuple[float, str]] = {}

    async def reserve_call(self, model: str, usd: float | None, seconds: float = 0.0) -> tuple[UncoError | None, Spent]:
        """Reserve a call when there is room; return the error that refuses it, if one does, and what is spent.

        Args:
            model: that is asked.
            usd: as of `Budget.reserve`.
            seconds: to wait for room, and then for the call's end, at most.
        """
        refused: UncoError | None = None
        try:
            await self._budget.areserve(model, usd, time.monotonic() + seconds)
            self._reserved.append((usd or 0.0, self._timer(usd or 0.0, seconds)))
        except UncoError as error:
            refused = error
        return refused, self._budget.spent

    def _timer(self, usd: float, seconds: float) -> asyncio.TimerHandle | None:
        if seconds in (0.0, inf):
            return None
        return asyncio.get_running_loop().call_later(seconds + LATE_S, self.settle, usd, [(None, None, None)])

    def settle(self, reserved: float, counts: Sequence[Counts]) -> None:
        """Release a reservation and count the replies; nothing where its time was over. Equal ones are as good."""
        found = next((one for one in self._reserved if one[0] == reserved), None)
        if found is not None:
            self._reserved.remove(found)
            if found[1] is not None:
                found[1].cancel()
            self._budget.settle(reserved, [_bare_reply(*each) for each in counts])

    def note_waiting(self, worker: str, waiting: str) -> None:
        """Note for what a worker waits; empty = nothing."""
        self._waiting[worker] = time.monotonic(), waiting

    def waiting(self) -> str:
        """Return for what the workers wait, if all of them do that were heard of just now."""
        lately = [waiting for at, waiting in self._waiting.values() if time.monotonic() - at < LAST_HEARD_S]
        return lately[0] if lately and all(lately) else ""

    def reserve_slot(self, which: int, tokens: int, at_most: float | None) -> float | None:
        """Take the next slot of a model's rate limit, see `RateLimit.reserve`."""
        return self._rates[which].reserve(tokens, at_most)

    def correct_rate(self, which: int, method: str, *numbers: float) -> None:
        """Call a method of a model's rate limit: `give_back`, `correct` or `hold`, see `RateLimit`."""
        getattr(self._rates[which], method)(*numbers)


class SharedBudget(Budget):
    """The actor's budget, as a worker sees it. `spent` and `calls_left` are as of the last reservation."""

    def __init__(self, actor: Any, caps: Caps) -> None:
        """Remember the actor."""
        super().__init__(caps)
        self._actor = actor

    def reserve(self, model: str, usd: float | None) -> None:
        """Reserve a call at the actor, see `Budget.reserve`."""
        with _actor_errors():
            self._take(ray.get(self._actor.reserve_call.remote(model, usd)))

    async def areserve(self, model: str, usd: float | None, deadline: float = inf) -> None:
        """Reserve a call at the actor, see `Budget.areserve`."""
        seconds = max(0.0, deadline - time.monotonic())
        with _actor_errors():
            self._take(await self._actor.reserve_call.remote(model, usd, seconds))

    def settle(self, reserved: float, replies: list[Reply]) -> None:
        """Settle a call at the actor, see `Budget.settle`."""
        counts = [(reply.input_tokens, reply.output_tokens, reply.cost) for reply in replies]
        self._actor.settle.remote(reserved, counts)

    def _take(self, reservation: tuple[UncoError | None, Spent]) -> None:
        refused, self._spent = reservation
        if refused:
            raise refused


class SharedRate(RateLimit):
    """The actor's rate limit of one model, as a worker sees it."""

    def __init__(self, actor: Any, which: int, limits: Limits) -> None:
        """Remember the actor, and the model's place in the chain."""
        super().__init__(*limits)
        self._actor, self._which = actor, which

    def reserve(self, tokens: int, at_most: float | None = None) -> float | None:
        """Take the next slot, see `RateLimit.reserve`."""
        with _actor_errors():
            wait: float | None = ray.get(self._actor.reserve_slot.remote(self._which, tokens, at_most))
        return wait

    async def areserve(self, tokens: int, at_most: float | None = None) -> float | None:
        """Take the next slot, see `RateLimit.areserve`."""
        with _actor_errors():
            wait: float | None = await self._actor.reserve_slot.remote(self._which, tokens, at_most)
        return wait

    def give_back(self, tokens: int) -> None:
        """Give back a slot, see `RateLimit.give_back`."""
        self._actor.correct_rate.remote(self._which, "give_back", tokens)

    def correct(self, reserved: int, used: int) -> None:
        """Correct the tokens of a call, see `RateLimit.correct`; without a token limit there is nothing to correct."""
        if self.tokens_per_minute:
            self._actor.correct_rate.remote(self._which, "correct", reserved, used)

    def hold(self, seconds: float) -> None:
        """Hold all calls, see `RateLimit.hold`."""
        self._actor.correct_rate.remote(self._which, "hold", seconds)


def open_budget(llm: Mllm) -> Any:
    """Start the actor for a chain of models, on this node, so that it does not end before this process does."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    this_node = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    actor = ray.remote(BudgetActor).options(num_cpus=0, scheduling_strategy=this_node, max_concurrency=MAX_WAITING)
    budget, limits = llm.terms.budget, [_limits(model) for model in (llm, *llm.fallbacks)]
    return actor.remote(budget.caps, limits, budget.spent, budget.note)


def use_shared_budget(llm: Mllm, actor: Any) -> None:
    """Make a chain of models use the actor's budget and rates."""
    budget = SharedBudget(actor, llm.terms.budget.caps)
    for which, model in enumerate((llm, *llm.fallbacks)):
        model.terms = replace(model.terms, budget=budget, rate=SharedRate(actor, which, _limits(model)))


def _bare_reply(input_tokens: int | None, output_tokens: int | None, usd: float | None) -> Reply:
    """Build a reply that holds only what a budget counts."""
    return Reply(
        text="", finish_reason=None, model="", input_tokens=input_tokens, output_tokens=output_tokens, cost=usd
    )


def _limits(llm: Mllm) -> Limits:
    return llm.terms.rate.requests_per_minute, llm.terms.rate.tokens_per_minute


@contextmanager
def _actor_errors() -> Any:
    try:
        yield
    except RayError as error:
        raise SetupError(f"the run's own budget actor is gone ({type(error).__name__}): go on with --resume") from error
