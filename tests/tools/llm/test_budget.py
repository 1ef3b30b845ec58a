"""Caps are kept, also by calls under way at once; what is reserved and not spent comes back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest

from unco.errors import Unavailable
from unco.tools.llm.budget import Budget, Caps, Reserved, Spent, affordable, max_input_tokens, max_usd
from unco.tools.llm.prices import Price
from unco.tools.llm.request import Reply, Request, SentPicture

REQUEST = Request(model="m", system="s" * 100, user="u" * 150, max_tokens=100)
PRICE = Price(pattern="m", input=1.0, output=10.0)
MAX_USD = (250 * 1.0 + 100 * 10.0) / 1e6
"""250 bytes are at most 250 tokens."""


def reply(cost: float | None = 0.0001) -> Reply:
    return Reply(text="{}", finish_reason="stop", model="m", input_tokens=50, output_tokens=5, cost=cost)


def spend(budget: Budget, cost: float | None = 0.0001, price: Price | None = PRICE) -> None:
    with budget.reserved(REQUEST, price) as replies:
        replies.append(reply(cost))


def test_estimates_by_hand() -> None:
    assert max_input_tokens(REQUEST) == 250
    assert (
        max_input_tokens(replace(REQUEST, user="é🎶", picture=SentPicture("image/png", "ab", b"")), PRICE)
        == 100 + 6 + 5000
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
