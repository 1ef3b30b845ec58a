"""Caps are kept, also by calls under way at once; what is reserved and not spent comes back."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from threading import Barrier

import pytest

from unco.errors import Unavailable
from unco.tools.llm.budget import Caps, Ledger, Spent, affordable, most_tokens, most_usd
from unco.tools.llm.prices import Price
from unco.tools.llm.request import Reply, Request, SentPicture

REQUEST = Request(model="m", system="s" * 100, user="u" * 150, max_tokens=100)
PRICE = Price(pattern="m", input=1.0, output=10.0)
MOST = (250 * 1.0 + 100 * 10.0) / 1e6
"""250 bytes are at most 250 tokens."""


def reply(cost: float | None = 0.0001) -> Reply:
    return Reply(text="{}", finish_reason="stop", model="m", input_tokens=50, output_tokens=5, cost=cost)


def spend(ledger: Ledger, cost: float | None = 0.0001, price: Price | None = PRICE) -> None:
    with ledger.reserved(REQUEST, price) as replies:
        replies.append(reply(cost))


def test_estimates_by_hand() -> None:
    assert most_tokens(REQUEST) == 250
    assert (
        most_tokens(replace(REQUEST, user="é🎶", picture=SentPicture("image/png", "ab", b"")), PRICE) == 100 + 6 + 5000
    )
    assert most_usd(REQUEST, PRICE) == pytest.approx(MOST)
    assert most_usd(REQUEST, None) is None
    assert [affordable(1.0, 0.3), affordable(1.0, None), affordable(-1.0, 0.3)] == [3, 0, 0]
    assert affordable(0.3, 0.1) == 3


def test_what_was_spent() -> None:
    ledger = Ledger()
    spend(ledger)
    spend(ledger, cost=None, price=None)
    assert ledger.spent == Spent(calls=2, input_tokens=100, output_tokens=10, usd=0.0001, unpriced=1)


def test_what_is_not_told_counts_as_it_was_reserved() -> None:
    ledger = Ledger(Caps(usd=2.5 * MOST))
    spend(ledger, cost=None)
    spend(ledger, cost=None)
    assert ledger.spent.usd == pytest.approx(2 * MOST)
    with pytest.raises(Unavailable, match="do not cover another call"):
        spend(ledger, cost=None)


def test_a_call_that_brought_nothing_counts_for_nothing() -> None:
    ledger = Ledger(Caps(calls=1))
    with pytest.raises(ValueError, match="broke"), ledger.reserved(REQUEST, PRICE):
        raise ValueError("broke")
    assert ledger.spent == Spent()
    spend(ledger)
    with pytest.raises(Unavailable, match="budget: the run's 1 calls are spent"):
        spend(ledger)


def test_money_is_reserved_at_the_most_and_settled_at_what_it_was() -> None:
    ledger = Ledger(Caps(usd=2 * MOST))
    with ledger.reserved(REQUEST, PRICE), ledger.reserved(REQUEST, PRICE):
        with pytest.raises(Unavailable, match="budget: the run's"):
            spend(ledger)
    for _ in range(7):
        spend(ledger, cost=0.0002)
    assert ledger.spent.usd == pytest.approx(0.0014)
    with pytest.raises(Unavailable, match="do not cover another call"):
        spend(ledger)


def test_capped_money_and_an_unknown_price_do_not_go_together() -> None:
    with pytest.raises(Unavailable, match="price of 'm' is unknown"):
        spend(Ledger(Caps(usd=1.0)), price=None)


def test_how_many_calls_are_left() -> None:
    assert Ledger().calls_left(None) is None
    assert Ledger(Caps(usd=1.0)).calls_left(None) == 0
    assert Ledger(Caps(calls=7, usd=1.0)).calls_left(0.3) == 3
    ledger = Ledger(Caps(calls=2))
    spend(ledger)
    assert ledger.calls_left(0.3) == 1


def test_threads_together_never_exceed_a_cap() -> None:
    ledger, start = Ledger(Caps(calls=10)), Barrier(8)

    def many(_: int) -> None:
        start.wait()
        for _ in range(20):
            with suppress(Unavailable):
                spend(ledger)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(many, range(8)))
    assert ledger.spent.calls == 10
