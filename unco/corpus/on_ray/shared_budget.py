"""One budget and one rate limit for all correctors of a cluster, kept by a small actor that all workers ask.

A call is reserved there before it is made, so no cap is passed however many correctors there are. Asking takes
about a millisecond, during which the corrector's other posts go on. Corrections are sent without waiting. What a worker
had reserved when it died stays reserved, as the call may have been paid for.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import ray
from ray.exceptions import RayError

from unco.errors import SetupError, Unavailable
from unco.tools.llm.budget import Budget, Caps, Spent, max_usd
from unco.tools.llm.client import Mllm
from unco.tools.llm.prices import Price
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply, Request

Counts = tuple[int | None, int | None, float | None]
"""Counts of a reply: input tokens, output tokens, US dollars."""

Limits = tuple[float | None, float | None]
"""Limits of one model: requests and tokens per minute."""


class BudgetActor:
    """Keeps the budget and rates of a run for all its workers; it has no name, so runs do not share one."""

    def __init__(self, caps: Caps, limits: Sequence[Limits]) -> None:
        """Begin with nothing spent.

        Args:
            caps: what the run may spend.
            limits: of each model of the chain.
        """
        self._budget = Budget(caps)
        self._rates = [RateLimit(*each) for each in limits]

    def reserve_call(self, model: str, usd: float | None) -> tuple[str, int, float]:
        """Reserve a call; return why it is refused, or "", and the calls and US dollars that are spent or reserved."""
        try:
            self._budget.reserve(model, usd)
            refused = ""
        except Unavailable as error:
            refused = str(error)
        return refused, *self._budget.committed

    def settle(self, reserved: float, counts: Sequence[Counts]) -> None:
        """Release a reservation and count the replies."""
        self._budget.settle(reserved, [_bare_reply(*each) for each in counts])

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
            self._note_spent(ray.get(self._actor.reserve_call.remote(model, usd)))

    def settle(self, reserved: float, replies: list[Reply]) -> None:
        """Settle a call at the actor, see `Budget.settle`."""
        counts = [(reply.input_tokens, reply.output_tokens, reply.cost) for reply in replies]
        self._actor.settle.remote(reserved, counts)

    @asynccontextmanager
    async def areserved(self, request: Request, price: Price | None) -> AsyncIterator[list[Reply]]:
        """Reserve a call for the block, see `Budget.areserved`."""
        usd, replies = max_usd(request, price), list[Reply]()
        with _actor_errors():
            self._note_spent(await self._actor.reserve_call.remote(request.model, usd))
        try:
            yield replies
        finally:
            self.settle(usd or 0.0, replies)

    def _note_spent(self, reservation: tuple[str, int, float]) -> None:
        refused, calls, usd = reservation
        self._spent = Spent(calls=calls, usd=usd)
        if refused:
            raise Unavailable(refused, "budget")


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
    actor = ray.remote(BudgetActor).options(num_cpus=0, scheduling_strategy=this_node)
    return actor.remote(llm.terms.budget.caps, [_limits(model) for model in (llm, *llm.fallbacks)])


def use_shared_budget(llm: Mllm, actor: Any) -> None:
    """Make a chain of models use the actor's budget and rates; a budget without caps stays in this process."""
    caps = llm.terms.budget.caps
    budget = llm.terms.budget if caps == Caps() else SharedBudget(actor, caps)
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
