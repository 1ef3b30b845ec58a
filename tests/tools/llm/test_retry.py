"""`Retry-After`: seconds or a date, bounded; and never past a deadline."""

import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import httpx2
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tenacity import RetryCallState, Retrying, wait_fixed

from unco.tools.llm.chat_model import error_of
from unco.tools.llm.endpoint import is_transient
from unco.tools.llm.retry import MAX_RETRY_AFTER_S, WaitRetryAfter, retry_after


def rate_limited(header: str | None) -> Exception:
    error = Exception("429")
    error.response = SimpleNamespace(headers={} if header is None else {"retry-after": header})  # type: ignore[attr-defined]
    return error


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("86400", MAX_RETRY_AFTER_S), (None, None), ("", None), ("soon", None), ("-3", None)],
)
def test_seconds(header: str | None, seconds: float | None) -> None:
    assert retry_after(rate_limited(header)) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"ratelimit-reset": "12"}, 12.0),
        ({"x-ratelimit-reset": "2.5"}, 2.5),
        ({"x-ratelimit-reset": "1000000000000"}, 0.0),
        ({"x-ratelimit-reset": "12", "retry-after": "3"}, 3.0),
        ({"x-ratelimit-reset": "6m0s"}, None),
        ({"x-ratelimit-reset-tokens": "3"}, None),
    ],
)
def test_a_limit_that_begins_anew(headers: dict[str, str], seconds: float | None) -> None:
    found = retry_after(refused(429, headers))
    assert found == (None if seconds is None else pytest.approx(seconds, abs=3))


def test_a_limit_that_begins_anew_at_a_time() -> None:
    for unit in (1, 1000):  # seconds or milliseconds since 1970
        headers = {"x-ratelimit-reset": str(round((time.time() + 90) * unit))}
        assert retry_after(refused(429, headers)) == pytest.approx(90, abs=3)


def test_a_limit_that_was_not_reached_is_not_waited_for() -> None:
    for status in (500, 503):
        assert retry_after(refused(status, {"ratelimit-reset": "3000"})) is None
    for left, seconds in (("99", None), ("0", 3000.0)):
        headers = {"x-ratelimit-reset": "3000", "x-ratelimit-remaining": left}
        assert retry_after(refused(429, headers)) == seconds


def test_a_date() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after(rate_limited(date)) == pytest.approx(90, abs=2)
    assert retry_after(rate_limited("Mon, 01 Jan 2001 00:00:00 GMT")) == 0.0


@given(st.text())
def test_any_header_is_a_number_of_seconds_or_none(header: str) -> None:
    seconds = retry_after(rate_limited(header))
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


def refused(status: int, headers: dict[str, str] | None = None) -> Exception:
    response = httpx2.Response(status, headers=headers, request=httpx2.Request("POST", "http://127.0.0.1"))
    kind = openai.InternalServerError if status >= 500 else openai.APIStatusError
    return kind("no", response=response, body=None)


@pytest.mark.parametrize(
    ("error", "again"),
    [
        *((refused(status), True) for status in (408, 409, 425, 429, 500, 529)),
        *((refused(status), False) for status in (400, 401, 404, 422)),
        (json.JSONDecodeError("Expecting value", " \n", 0), True),
        (json.JSONDecodeError("Expecting value", "<html>", 0), False),
        (error_of({"message": "an answer without any choices"}), True),
        (ValueError("x"), False),
    ],
)
def test_what_is_asked_again(error: Exception, again: bool) -> None:
    assert is_transient(error) == again


def test_an_error_without_a_response_says_nothing() -> None:
    assert retry_after(ValueError("x")) is None
    assert retry_after(None) is None


@pytest.mark.parametrize(("header", "seconds"), [("4", 4.0), (None, 9.0), ("0", 9.0)])
def test_the_wait_is_retry_after_else_the_back_off(header: str | None, seconds: float) -> None:
    state = RetryCallState(Retrying(), None, (), {})
    state.set_exception((Exception, rate_limited(header), None))
    assert WaitRetryAfter(wait_fixed(9))(state) == seconds


def test_a_date_that_only_a_wrong_clock_explains_is_no_date() -> None:
    now = datetime.now(UTC)
    error = rate_limited(format_datetime(now + timedelta(days=1), usegmt=True))
    assert retry_after(error) is None
    told = format_datetime(now + timedelta(days=1, seconds=-5), usegmt=True)
    error.response.headers["date"] = told  # type: ignore[attr-defined]
    assert retry_after(error) == 5.0
