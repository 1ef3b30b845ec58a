"""Circuit breaker: after some failures in a row an endpoint is not asked for a while."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unco.errors import Unavailable, UncoError
from unco.fork_locks import ForkLock


class CircuitBreaker:
    """Closed: calls pass. Open: they are refused at once. After a while one call tries again. Safe for threads."""

    def __init__(
        self,
        failures: int = 5,
        cool_down_s: float = 1.0,
        longest_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Begin closed.

        Args:
            failures: so many in a row open it.
            cool_down_s: seconds before one call may try again; doubled each time that it fails.
            longest_s: the most that they are doubled to.
            clock: seconds, never running backwards.
        """
        self._limit, self._first_s, self._longest_s, self._clock = failures, cool_down_s, longest_s, clock
        self._cool_down_s = cool_down_s
        self._lock = ForkLock()
        self._failures = 0
        self._last = ""
        self._opened_at: float | None = None
        self._half_open = False

    @property
    def is_open(self) -> bool:
        """Whether the endpoint failed too often, and has not answered since."""
        return self._opened_at is not None

    def check(self) -> None:
        """Refuse a call while the breaker is open.

        Raises:
            Unavailable: it is open.
        """
        with self._lock:
            self._refuse_if_open()

    @contextmanager
    def attempt(
        self, is_failure: Callable[[BaseException], bool], in_words: Callable[[Exception], str] = lambda error: ""
    ) -> Iterator[None]:
        """Count whether one attempt fails.

        Args:
            is_failure: whether an exception means that the endpoint failed; any other shows that it answered.
            in_words: tells of a failure what it was; empty = nothing is told.

        Raises:
            Unavailable: it is open.
        """
        trial = self._begin()
        try:
            yield
        except UncoError:  # ours, raised before anything was sent: nothing was learned
            self._end_trial(trial)
            raise
        except Exception as error:
            self._record_failure(in_words(error)) if is_failure(error) else self._record_success()
            raise
        except BaseException:  # cancelled: nothing was learned
            self._end_trial(trial)
            raise
        self._record_success()

    def _begin(self) -> bool:
        """Begin an attempt; return whether it is the one that tries after the cool-down."""
        with self._lock:
            self._refuse_if_open()
            self._half_open = self._opened_at is not None
            return self._half_open

    def _refuse_if_open(self) -> None:
        if self._opened_at is None:
            return
        left = self._opened_at + self._cool_down_s - self._clock()
        if left > 0 or self._half_open:
            why = f"the endpoint failed {self._failures} times in a row; it is asked again in {max(left, 0):.0f} s"
            raise Unavailable(f"{why}; the last time: {self._last}" if self._last else why, "breaker")

    def _record_failure(self, in_words: str) -> None:
        with self._lock:
            self._failures += 1
            self._last = in_words
            if self._half_open:
                self._cool_down_s = min(2 * self._cool_down_s, self._longest_s)
            if self._half_open or (self._opened_at is None and self._failures >= self._limit):
                self._opened_at = self._clock()
            self._half_open = False

    def _record_success(self) -> None:
        with self._lock:
            self._failures, self._opened_at, self._half_open = 0, None, False
            self._cool_down_s = self._first_s

    def _end_trial(self, trial: bool) -> None:
        if trial:
            with self._lock:
                self._half_open = False
