"""The shared rate limit spaces calls evenly, and is corrected by what was really used."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.tools.llm.clock import Clock
from unco.tools.llm.rate_limit import MAX_HOLD_S, RateLimit


def test_without_limits_nobody_waits(clock: Clock) -> None:
    rate = RateLimit(clock=clock)
    assert [rate.reserve(10**9) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_requests_are_spaced_evenly(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=120, clock=clock)
    assert [rate.reserve(1) for _ in range(4)] == pytest.approx([0.0, 0.5, 1.0, 1.5])
    clock.now += 10
    assert rate.reserve(1) == 0.0, "what was not used is not saved up"
    assert rate.reserve(1) == pytest.approx(0.5)


def test_the_stricter_of_two_limits_counts(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=60, tokens_per_minute=6000, clock=clock)
    assert rate.reserve(1000) == 0.0
    assert rate.reserve(10) == pytest.approx(10.0), "1000 tokens are 10 seconds"
    assert rate.reserve(10) == pytest.approx(11.0), "10 tokens are less than a request's second"


def test_tokens_that_were_not_used_come_back(clock: Clock) -> None:
    rate = RateLimit(tokens_per_minute=6000, clock=clock)
    rate.reserve(1000)
    rate.correct(1000, 400)
    assert rate.reserve(1) == pytest.approx(4.0)


def test_a_wait_that_is_too_long_takes_no_slot(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=60, clock=clock)
    rate.reserve(1)
    assert rate.reserve(1, at_most=0.5) is None
    assert rate.reserve(1, at_most=1.0) == pytest.approx(1.0)


def test_a_hold_is_for_all(clock: Clock) -> None:
    rate = RateLimit(clock=clock)
    rate.hold(7)
    assert rate.reserve(1) == pytest.approx(7.0)


def test_threads_get_different_slots(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=600, clock=clock)
    with ThreadPoolExecutor(8) as pool:
        waits = list(pool.map(lambda _: rate.reserve(1), range(50)))
    assert sorted(wait for wait in waits if wait is not None) == pytest.approx([0.1 * slot for slot in range(50)])


def test_a_slot_that_was_not_used_is_given_back(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=60, tokens_per_minute=6000, clock=clock)
    for _ in range(5):
        rate.reserve(100)
    for _ in range(5):
        rate.give_back(100)
    assert rate.reserve(100) == 0.0


def test_giving_tokens_back_frees_no_request(clock: Clock) -> None:
    rate = RateLimit(requests_per_minute=60, tokens_per_minute=1e6, clock=clock)
    for _ in range(10):
        rate.reserve(5000)
        rate.correct(5000, 10)
    assert rate.reserve(1) == pytest.approx(10.0)


def test_a_hold_stays_whatever_is_settled_and_is_bounded(clock: Clock) -> None:
    rate = RateLimit(tokens_per_minute=6000, clock=clock)
    rate.reserve(1000)
    rate.hold(30)
    rate.correct(1000, 0)
    assert rate.reserve(1) == pytest.approx(30.0)
    rate.hold(3600)
    assert rate.reserve(1) == pytest.approx(MAX_HOLD_S)
