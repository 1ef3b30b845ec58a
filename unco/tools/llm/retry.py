"""Retries of a call: which errors, after how long (`Retry-After`, else a back-off), never past its deadline."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from tenacity.stop import stop_base, stop_before_delay
from tenacity.wait import wait_base

from unco.tools.llm.endpoint import is_transient

BACK_OFF = wait_exponential(multiplier=0.5, max=8) + wait_random(0, 1)
"""Half a second, doubling up to 8 seconds, with jitter."""

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
    """Read the seconds to wait from a `Retry-After` header; None where there is none.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    value = str(headers.get("retry-after", "")).strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), MAX_RETRY_AFTER_S)
    try:
        left = parsedate_to_datetime(value).timestamp() - time.time() if value else None
    except (ValueError, OverflowError):
        return None
    return None if left is None else min(max(left, 0.0), MAX_RETRY_AFTER_S)
