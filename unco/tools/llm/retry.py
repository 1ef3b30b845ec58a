"""Retries of a call: which errors, after how long (`Retry-After`, else a back-off), never past its deadline."""

import re
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from tenacity.stop import stop_base, stop_before_delay
from tenacity.wait import wait_base

from unco.errors import Unavailable
from unco.tools.llm.endpoint import is_transient
from unco.tools.llm.replies.waiting import seconds_in
from unco.tools.llm.request import Request

BACK_OFF = wait_exponential(multiplier=0.5, max=8) + wait_random(0, 1)
"""Half a second, doubling up to 8 seconds, with jitter."""

_A_YEAR_S = 366 * 86400.0
_TOO_MANY = 429

MAX_RETRY_AFTER_S = 3600.0
"""Seconds; a `Retry-After` beyond it is read as an hour."""


class WaitRetryAfter(wait_base):
    """Waits as long as `Retry-After` asks for; where it asks for nothing, a back-off."""

    def __init__(self, back_off: wait_base) -> None:
        """Name the back-off."""
        self._back_off = back_off

    def __call__(self, retry_state: RetryCallState) -> float:
        """Return the seconds before the next attempt; a `Retry-After` of 0 means the back-off too."""
        outcome = retry_state.outcome
        seconds = retry_after(outcome.exception()) if outcome is not None else None
        return seconds or self._back_off(retry_state)


def retry_policy(attempts: int, back_off: wait_base | None, seconds_left: float) -> dict[str, Any]:
    """Build the arguments for tenacity's `Retrying` and `AsyncRetrying`.

    Args:
        attempts: at most.
        back_off: between attempts; None = `BACK_OFF`.
        seconds_left: no attempt starts later than this after the first.
    """
    stop: stop_base = stop_after_attempt(attempts) | stop_before_delay(max(seconds_left, 0.0))
    wait = WaitRetryAfter(BACK_OFF if back_off is None else back_off)
    return {"retry": retry_if_exception(is_transient), "stop": stop, "wait": wait, "reraise": True}


def retry_after(error: BaseException | None) -> float | None:
    """Read the seconds to wait from `retry-after-ms`, `Retry-After`, or the error's body; None where none says so.

    Source: RFC 9110, section 10.2.3: seconds, or a date; `retry-after-ms` as openai-python and Azure OpenAI have it.
    """
    seconds = _of_headers(error)
    if seconds is None and error is not None and is_transient(error):
        seconds = seconds_in(getattr(error, "body", None))
    return None if seconds is None else min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _of_headers(error: BaseException | None) -> float | None:
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    milliseconds = _number(headers.get("retry-after-ms"))
    value = str(headers.get("retry-after", "")).strip()
    seconds = milliseconds / 1000 if milliseconds is not None else _number(value)
    if seconds is None:
        seconds = _seconds_until(value, str(headers.get("date", "")))
    return _until_reset(error, headers) if seconds is None else seconds


class HeldBack:
    """Questions that an endpoint wants not to be asked again for a while (`Retry-After`). Safe for threads."""

    def __init__(self) -> None:
        """Begin with none."""
        self._until: dict[int, float] = {}
        self._told_to_wait = False

    def concerns_all(self, request: Request, seconds: float) -> bool:
        """Hold a question back for some seconds; return whether all should be, as two were in a row."""
        now = time.monotonic()
        self._until = {one: until for one, until in list(self._until.items()) if until > now}
        self._until[hash(request)] = now + seconds
        before, self._told_to_wait = self._told_to_wait, True
        return before

    def answered(self) -> None:
        """Note that the endpoint answers."""
        self._told_to_wait = False

    def seconds_left(self, request: Request, deadline: float) -> float:
        """Return for how long a question is still held back.

        Raises:
            Unavailable: for longer than until the deadline, on the monotonic clock.
        """
        until = self._until.get(hash(request), 0.0) if self._until else 0.0
        if until > deadline:
            raise Unavailable("the endpoint wants more time than the call's deadline leaves (Retry-After)", "rate")
        return max(0.0, until - time.monotonic())


def _until_reset(error: BaseException | None, headers: Mapping[str, str]) -> float | None:
    """Read when a limit begins anew: in seconds (`RateLimit-Reset`, an IETF draft), or since 1970 (OpenRouter: ms).

    Many servers send it with every answer. It is a time to wait only where the limit was the reason.
    """
    left = _number(headers.get("ratelimit-remaining") or headers.get("x-ratelimit-remaining"))
    if getattr(error, "status_code", None) != _TOO_MANY or left:
        return None
    value = _number(headers.get("ratelimit-reset")) or _number(headers.get("x-ratelimit-reset"), digits=13)
    if value is None or value <= _A_YEAR_S:
        return value
    return value / (1000 if value > 1e11 else 1) - time.time()


def _number(value: object, digits: int = 9) -> float | None:
    """Read plain digits, with a fraction or without."""
    text = str(value or "").strip()
    return float(text) if re.fullmatch(rf"[0-9]{{1,{digits}}}(\.[0-9]{{0,9}})?", text) else None


def _seconds_until(date: str, now: str) -> float | None:
    """Return the seconds until a date, by the endpoint's own clock where it tells it.

    By ours only up to an hour: beyond, one of the two clocks is wrong.
    """
    try:
        until = parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError):
        return None
    try:
        return until - parsedate_to_datetime(now).timestamp()
    except (ValueError, OverflowError):
        seconds = until - time.time()
        return seconds if seconds <= MAX_RETRY_AFTER_S else None
