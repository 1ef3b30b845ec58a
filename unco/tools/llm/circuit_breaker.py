"""A dead endpoint is noticed once, not by every post: after some failures in a row nobody is sent there for a while."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from unco.errors import Unavailable, UncoError


class CircuitBreaker:
    """Closed: calls pass. Open: they are refused at once. After a rest one call tries and decides. Safe for threads."""

    def __init__(self, failures: int = 5, rest_s: float = 30.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin closed.

        Args:
            failures: so many in a row open it.
            rest_s: seconds before one call may try again.
            clock: seconds, never running backwards.
        """
        self._limit, self._rest_s, self._clock = failures, rest_s, clock
        self._lock = threading.Lock()
        self._in_a_row = 0
        self._opened_at: float | None = None
        self._trying = False

    def check(self) -> None:
        """Pass, or refuse.

        Raises:
            Unavailable: it is open.
        """
        with self._lock:
            self._refuse_if_open()

    @contextmanager
    def watched(self, counts: Callable[[BaseException], bool]) -> Iterator[None]:
        """Watch one attempt.

        Args:
            counts: whether an exception means that the endpoint is not well; another says that it answered.

        Raises:
            Unavailable: it is open.
        """
        trial = self._enter()
        try:
            yield
        except UncoError:  # ours, raised before anything was sent: nothing was learned
            self._leave(trial)
            raise
        except Exception as error:
            self._failed() if counts(error) else self._answered()
            raise
        except BaseException:  # cancelled: nothing was learned
            self._leave(trial)
            raise
        self._answered()

    def _enter(self) -> bool:
        """Whether this attempt is the one that tries."""
        with self._lock:
            self._refuse_if_open()
            self._trying = self._opened_at is not None
            return self._trying

    def _refuse_if_open(self) -> None:
        if self._opened_at is None:
            return
        left = self._opened_at + self._rest_s - self._clock()
        if left > 0 or self._trying:
            raise Unavailable(
                f"the endpoint failed {self._in_a_row} times in a row; it is asked again in {max(left, 0):.0f} s",
                "breaker",
            )

    def _failed(self) -> None:
        with self._lock:
            self._in_a_row += 1
            self._trying = False
            if self._in_a_row >= self._limit:
                self._opened_at = self._clock()

    def _answered(self) -> None:
        with self._lock:
            self._in_a_row, self._opened_at, self._trying = 0, None, False

    def _leave(self, trial: bool) -> None:
        if trial:
            with self._lock:
                self._trying = False
