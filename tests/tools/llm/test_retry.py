"""`Retry-After`: seconds or a date, bounded; and never past a deadline."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying, wait_fixed

from unco.tools.llm.retry import MAX_RETRY_AFTER_S, WaitRetryAfter, retry_after


def refused(said: str | None) -> Exception:
    error = Exception("429")
    error.response = SimpleNamespace(headers={} if said is None else {"retry-after": said})  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("86400", MAX_RETRY_AFTER_S), (None, None), ("", None), ("soon", None), ("-3", None)],
)
def test_seconds(said: str | None, seconds: float | None) -> None:
    assert retry_after(refused(said)) == seconds


def test_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(refused(date)) == pytest.approx(90, abs=2)
    assert retry_after(refused("Mon, 01 Jan 2001 00:00:00 GMT")) == 0.0


@given(st.text())
def test_whatever_is_said_it_is_a_number_of_seconds_or_nothing(said: str) -> None:
    told = retry_after(refused(said))
    assert told is None or 0 <= told <= MAX_RETRY_AFTER_S


def test_an_error_without_a_response_says_nothing() -> None:
    assert retry_after(ValueError("x")) is None
    assert retry_after(None) is None


@pytest.mark.parametrize(("said", "seconds"), [("4", 4.0), (None, 9.0), ("0", 9.0)])
def test_the_wait_is_what_was_told_else_the_back_off(said: str | None, seconds: float) -> None:
    state = RetryCallState(Retrying(), None, (), {})
    state.set_exception((Exception, refused(said), None))
    assert WaitRetryAfter(wait_fixed(9))(state) == seconds
