"""Caps are kept, also by calls under way at once; what is reserved and not spent comes back."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest

from unco.errors import SetupError, Unavailable
from unco.tools.llm.budget import Budget, Caps, Reserved, Spent, affordable, max_input_tokens, max_usd
from unco.tools.llm.prices import Price
from unco.tools.llm.request import Reply, Request, SentPicture

REQUEST = Request(model="m", system="s" * 100, user="u" * 150, max_tokens=100)
PRICE = Price(pattern="m", input=1.0, output=10.0)
MAX_USD = ((250 + 64) * 1.0 + 100 * 10.0) / 1e6
"""250 bytes are at most 250 tokens, and 64 frame them."""


def reply(cost: float | None = 0.0001) -> Reply:
    return Reply(text="{}", finish_reason="stop", model="m", input_tokens=50, output_tokens=5, cost=cost)


def spend(budget: Budget, cost: float | None = 0.0001, price: Price | None = PRICE) -> None:
    with budget.reserved(REQUEST, price) as replies:
        replies.append(reply(cost))


def test_estimates_by_hand() -> None:
    assert max_input_tokens(REQUEST) == 64 + 250
    assert (
        max_input_tokens(replace(REQUEST, user="é🎶", picture=SentPicture("image/png", "ab", b"")), PRICE)
        == 64 + 100 + 6 + 5000
    )
    assert max_usd(REQUEST, PRICE) == pytest.approx(MAX_USD)
    assert max_usd(REQUEST, None) is None
    assert [affordable(1.0, 0.3), affordable(1.0, None), affordable(-1.0, 0.3)] == [3, 0, 0]
    assert affordable(0.3, 0.1) == 3


def test_what_was_spent() -> None:
    budget = Budget()
    spend(budget)
    spend(budget, cost=None, price=None)
    assert budget.spent == Spent(calls=2, input_tokens=100, output_tokens=10, usd=0.0001, unpriced=1)


def test_an_unreported_cost_counts_as_it_was_reserved() -> None:
    budget = Budget(Caps(usd=2.5 * MAX_USD))
    spend(budget, cost=None)
    spend(budget, cost=None)
    assert budget.spent.usd == pytest.approx(2 * MAX_USD)
    with pytest.raises(Unavailable, match="do not cover another call"):
        spend(budget, cost=None)


def test_a_call_that_brought_nothing_counts_for_nothing() -> None:
    budget = Budget(Caps(calls=1))
    with pytest.raises(ValueError, match="broke"), budget.reserved(REQUEST, PRICE):
        raise ValueError("broke")
    assert budget.spent == Spent()
    spend(budget)
    with pytest.raises(Unavailable, match="budget: the run's 1 calls are spent"):
        spend(budget)


def test_money_is_reserved_at_the_most_and_settled_at_what_it_was() -> None:
    budget = Budget(Caps(usd=2 * MAX_USD))
    with budget.reserved(REQUEST, PRICE), budget.reserved(REQUEST, PRICE):
        with pytest.raises(Reserved, match="reserved for calls under way"):
            spend(budget)
    for _ in range(7):
        spend(budget, cost=0.0002)
    assert budget.spent.usd == pytest.approx(0.0014)
    with pytest.raises(Unavailable, match="do not cover another call"):
        spend(budget)


def test_the_schema_of_the_answer_counts() -> None:
    assert max_input_tokens(replace(REQUEST, schema="{}", types=("PER",))) == max_input_tokens(REQUEST) + 5


async def test_a_call_waits_for_money_that_is_only_reserved() -> None:
    budget, under_way, most = Budget(Caps(usd=3 * MAX_USD)), 0, 0

    async def call() -> None:
        nonlocal under_way, most
        async with budget.areserved(REQUEST, PRICE) as replies:
            under_way, most = under_way + 1, max(most, under_way + 1)
            await asyncio.sleep(0)
            under_way -= 1
            replies.append(reply(cost=MAX_USD / 25.6))

    ended = await asyncio.gather(*(call() for _ in range(60)), return_exceptions=True)
    assert most == 3, "together they never reserve more than there is"
    refused = [error for error in ended if error is not None]
    assert {str(error) for error in refused} == {f"budget: the run's ${3 * MAX_USD:g} do not cover another call"}
    assert budget.spent.calls == 60 - len(refused) == 52, "51 cost two reservations, and a third fits"


async def test_a_wait_for_what_is_reserved_ends_at_the_deadline() -> None:
    budget = Budget(Caps(calls=1))
    with budget.reserved(REQUEST, PRICE):
        with pytest.raises(Reserved) as caught:
            await budget.areserve("m", 0.0, time.monotonic() + 0.01)
    assert caught.value.reason == "deadline"
    await budget.areserve("m", 0.0)


def test_what_is_reserved_or_spent_is_noted_before_the_call_and_after() -> None:
    noted: list[Any] = []
    budget = Budget(Caps(calls=9))
    budget.go_on(Spent(calls=2, usd=1.0), lambda *amounts: noted.append(amounts))
    with budget.reserved(REQUEST, PRICE) as replies:
        assert noted == [(3, pytest.approx(1.0 + MAX_USD))]
        replies.append(reply(cost=0.5))
    assert noted[1:] == [(3, pytest.approx(1.5))]


def test_no_call_is_made_that_cannot_be_noted() -> None:
    def full(calls: int, usd: float) -> None:
        raise SetupError("no room")

    budget = Budget(Caps(calls=9))
    budget.go_on(Spent(), full)
    with pytest.raises(SetupError, match="no room"), budget.reserved(REQUEST, PRICE):
        raise AssertionError("it was made")
    assert budget.committed == (0, 0.0)


async def test_a_call_that_is_broken_off_counts_as_it_was_reserved() -> None:
    budget = Budget(Caps(calls=9))

    async def call() -> None:
        async with budget.areserved(REQUEST, PRICE):
            await asyncio.sleep(60)

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert budget.spent.calls == 1
    assert budget.spent.usd == pytest.approx(MAX_USD)


def test_a_mean_of_what_calls_cost_says_how_many_are_left() -> None:
    budget = Budget(Caps(usd=1.0))
    spend(budget, cost=0.1)
    assert budget.calls_left(0.5) == 9
    with budget.reserved(REQUEST, PRICE):
        assert budget.calls_left(0.5) == 9, "what is only reserved is left"


def test_capped_money_and_an_unknown_price_do_not_go_together() -> None:
    with pytest.raises(Unavailable, match="price of 'm' is unknown"):
        spend(Budget(Caps(usd=1.0)), price=None)


def test_how_many_calls_are_left() -> None:
    assert Budget().calls_left(None) is None
    assert Budget(Caps(usd=1.0)).calls_left(None) == 0
    assert Budget(Caps(calls=7, usd=1.0)).calls_left(0.3) == 3
    budget = Budget(Caps(calls=2))
    spend(budget)
    assert budget.calls_left(0.3) == 1


def test_threads_together_never_exceed_a_cap() -> None:
    budget, start = Budget(Caps(calls=10)), Barrier(8)

    def many(_: int) -> None:
        start.wait()
        for _ in range(20):
            with suppress(Unavailable):
                spend(budget)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))
    assert budget.spent.calls == 10
