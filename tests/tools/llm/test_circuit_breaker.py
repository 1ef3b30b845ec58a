"""The breaker opens after failures in a row, and lets one call try after the cool-down, which decides."""

import asyncio
from contextlib import suppress

import pytest

from tests.tools.llm.clock import Clock
from unco.errors import SetupError, Unavailable
from unco.tools.llm.circuit_breaker import CircuitBreaker


class Down(Exception):
    """The endpoint failed."""


def attempt(breaker: CircuitBreaker, error: BaseException | None = None) -> None:
    with breaker.attempt(lambda raised: isinstance(raised, Down)):
        if error is not None:
            raise error


def fail(breaker: CircuitBreaker, times: int) -> None:
    for _ in range(times):
        with pytest.raises(Down):
            attempt(breaker, Down())


@pytest.fixture
def breaker(clock: Clock) -> CircuitBreaker:
    return CircuitBreaker(failures=3, cool_down_s=30, clock=clock)


def test_it_opens_after_failures_in_a_row_and_says_for_how_long(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 2)
    attempt(breaker)
    fail(breaker, 3)
    clock.now += 10
    with pytest.raises(Unavailable, match="failed 3 times in a row; it is asked again in 20 s"):
        attempt(breaker)
    with pytest.raises(Unavailable):
        breaker.check()


def test_an_error_that_is_an_answer_closes_it(breaker: CircuitBreaker) -> None:
    fail(breaker, 2)
    with pytest.raises(ValueError, match="refused"):
        attempt(breaker, ValueError("refused"))
    fail(breaker, 2)
    breaker.check()


def test_each_trial_that_fails_doubles_the_cool_down_up_to_a_limit(clock: Clock) -> None:
    breaker = CircuitBreaker(failures=1, cool_down_s=1, longest_s=5, clock=clock)
    fail(breaker, 1)
    for seconds in (1, 2, 4, 5, 5):
        with pytest.raises(Unavailable, match=f"it is asked again in {seconds} s"):
            breaker.check()
        clock.now += seconds
        fail(breaker, 1)
    clock.now += 5
    attempt(breaker)
    fail(breaker, 1)
    with pytest.raises(Unavailable, match="it is asked again in 1 s"):
        breaker.check()


def test_failures_that_were_under_way_do_not_prolong_it(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 2)
    with suppress(Down), breaker.attempt(lambda raised: True):
        fail(breaker, 1)
        clock.now += 10
        raise Down
    with pytest.raises(Unavailable, match="it is asked again in 20 s"):
        breaker.check()


def test_after_the_cool_down_one_call_tries(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    with breaker.attempt(lambda raised: True):
        with pytest.raises(Unavailable):
            attempt(breaker)
    attempt(breaker)
    attempt(breaker)


def test_a_trial_that_fails_opens_it_anew(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    fail(breaker, 1)
    clock.now += 29
    with pytest.raises(Unavailable, match="in 1 s"):
        attempt(breaker)
    clock.now += 1
    attempt(breaker)


def test_a_cancelled_trial_leaves_the_trial_to_another(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    with pytest.raises(asyncio.CancelledError):
        attempt(breaker, asyncio.CancelledError())
    attempt(breaker)
    breaker.check()


def test_a_trial_that_asked_nobody_decides_nothing(breaker: CircuitBreaker, clock: Clock) -> None:
    fail(breaker, 3)
    clock.now += 30
    with pytest.raises(SetupError):
        attempt(breaker, SetupError("the log cannot be written"))
    fail(breaker, 1)
    with pytest.raises(Unavailable):
        breaker.check()
