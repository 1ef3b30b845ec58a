"""Rate limit that all posts share: requests and tokens per minute.

Calls are spaced evenly rather than let through in bursts: a provider counts over a minute, and sixteen posts that
start together would spend it in a second. Nothing sleeps here: a caller learns how long to wait, so threads and any
number of event loops can share one limit.
"""

import time
from collections.abc import Callable

from unco.fork_locks import ForkLock

_MINUTE = 60.0

MAX_HOLD_S = 60.0
"""Seconds that one `Retry-After` can hold all posts for; an endpoint that needs longer asks again."""


class RateLimit:
    """Decides when the next call may start. Safe for threads."""

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set the limits.

        Args:
            requests_per_minute: None = no limit.
            tokens_per_minute: input and output together; None = no limit.
            clock: seconds, never running backwards.
        """
        self.requests_per_minute, self.tokens_per_minute = requests_per_minute, tokens_per_minute
        self._per_request = _MINUTE / requests_per_minute if requests_per_minute else 0.0
        self._per_token = _MINUTE / tokens_per_minute if tokens_per_minute else 0.0
        self._clock = clock
        self._lock = ForkLock()
        self._next_request = self._next_tokens = self._held_until = 0.0

    def reserve(self, tokens: int, at_most: float | None = None) -> float | None:
        """Take the next slot.

        Args:
            tokens: what the call will use at most; `correct` gives back what it did not.
            at_most: seconds that the caller can wait; None = any.

        Returns:
            Seconds to wait before the call; None when that is more than `at_most`, and then no slot is taken.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._next_request, self._next_tokens, self._held_until)
            if at_most is not None and start - now > at_most:
                return None
            self._next_request = start + self._per_request
            self._next_tokens = max(now, self._next_tokens) + tokens * self._per_token
            return start - now

    async def areserve(self, tokens: int, at_most: float | None = None) -> float | None:
        """Take the next slot, as `reserve`; a limit that processes share is asked without blocking the event loop."""
        return self.reserve(tokens, at_most)

    def give_back(self, tokens: int) -> None:
        """Give back a slot that was reserved and not used, as its caller was cancelled."""
        with self._lock:
            self._next_request -= self._per_request
            self._next_tokens -= tokens * self._per_token

    def correct(self, reserved: int, used: int) -> None:
        """Replace the tokens that a call reserved by those it used."""
        with self._lock:
            self._next_tokens += (used - reserved) * self._per_token

    def hold(self, seconds: float) -> None:
        """Let no call start for some seconds, as the endpoint asked (`Retry-After`)."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + min(seconds, MAX_HOLD_S))
