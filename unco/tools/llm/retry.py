"""When a call is made again: by the class of its error, as late as the endpoint asks, and never past its deadline."""

import time
from email.utils import parsedate_to_datetime
from typing import Any

from tenacity import RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential, wait_random
from tenacity.stop import stop_base, stop_before_delay
from tenacity.wait import wait_base

from unco.tools.llm.endpoint import is_transient

BACK_OFF = wait_exponential(multiplier=0.5, max=8) + wait_random(0, 1)
"""Half a second, doubling up to 8 seconds, with jitter."""

LONGEST_REQUEST = 3600.0
"""Seconds; a `Retry-After` beyond it is read as an hour."""


class WaitAsTold(wait_base):
    """What the endpoint asks for in `Retry-After`; where it asks for nothing, a back-off."""

    def __init__(self, back_off: wait_base) -> None:
        """Name the back-off."""
        self._back_off = back_off

    def __call__(self, retry_state: RetryCallState) -> float:
        """Seconds before the next attempt; "now" is no reason to hurry."""
        outcome = retry_state.outcome
        told = retry_after(outcome.exception()) if outcome is not None else None
        return told or self._back_off(retry_state)


def retry_policy(attempts: int, back_off: wait_base | None, seconds_left: float) -> dict[str, Any]:
    """Arguments for tenacity's `Retrying` and `AsyncRetrying`.

    Args:
        attempts: at most.
        back_off: between attempts; None = `BACK_OFF`.
        seconds_left: no attempt starts later than this after the first.
    """
    stop: stop_base = stop_after_attempt(attempts) | stop_before_delay(max(seconds_left, 0.0))
    wait = WaitAsTold(BACK_OFF if back_off is None else back_off)
    return {"retry": retry_if_exception(is_transient), "stop": stop, "wait": wait, "reraise": True}


def retry_after(error: BaseException | None) -> float | None:
    """Seconds that an endpoint asks to wait, by its `Retry-After` header; None when it does not.

    Source: RFC 9110, section 10.2.3: seconds, or a date.
    """
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    said = str(headers.get("retry-after", "")).strip()
    if said.isascii() and said.isdecimal():
        return min(float(said), LONGEST_REQUEST)
    try:
        left = parsedate_to_datetime(said).timestamp() - time.time() if said else None
    except (ValueError, OverflowError):
        return None
    return None if left is None else min(max(left, 0.0), LONGEST_REQUEST)
