"""Lets NumPy's matrix products have no more threads than there are idle processors.

OpenBLAS waits for its threads by spinning. Where others have the processors, a post took up to seven times as long with
two threads as with one; on an idle machine it takes two thirds of the time. Others are other programs, and what else
this process does: it may look at the pictures of the next posts.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

MOST = 4
"""Threads of one product; posts are too short for more."""

STAT = Path("/proc/stat")
"""Says, on Linux, for how long all processors worked and were idle: "cpu user nice system idle iowait ..."."""

WINDOW_S = 0.25
"""Over which others are observed; before that there is one thread."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen at one moment, in seconds."""

    at: float
    idle: float
    """Of all processors, since the machine began."""
    own: float
    """That the threads of products have worked; one that waits by spinning works."""


def look(own: float) -> Seen | None:
    """Look at the processors; None = this system does not tell."""
    try:
        fields = STAT.read_text().partition("\n")[0].split()
        idle = (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
    return Seen(time.monotonic(), idle, own)


def threads_between(before: Seen, after: Seen) -> int:
    """Compute how many threads others left to products: the idle processors, and those that they used themselves."""
    left = (after.idle - before.idle + after.own - before.own) / (after.at - before.at)
    return max(1, min(round(left), _allowed(), MOST))


def _allowed() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Runs:
    """Runs under way, of all networks of the process: the first sets the limit, and the last takes it back."""

    def __init__(self) -> None:
        self._lock, self._count = Lock(), 0
        self._own, self._threads = 0.0, 1
        self._seen = look(self._own)
        self._limit: Any = None

    def begin(self) -> None:
        """Set the limit, unless another run has set it."""
        with self._lock:
            self._count += 1
            if self._count == 1 and self._seen is not None:
                self._limit = _blas().limit(limits=self._now())

    def end(self, worked: float) -> None:
        """Take the limit back, unless another run goes on.

        Args:
            worked: seconds that the run's own thread worked; those that help it do so as long, or wait by spinning.
        """
        with self._lock:
            self._own += worked * self._threads
            self._count -= 1
            if self._count == 0 and self._limit is not None:
                self._limit.restore_original_limits()
                self._limit = None

    def _now(self) -> int:
        before = self._seen
        if before is not None and time.monotonic() - before.at > WINDOW_S and (after := look(self._own)) is not None:
            self._seen, self._threads = after, threads_between(before, after)
        return self._threads


_runs = _Runs()


@contextmanager
def idle_threads() -> Iterator[None]:
    """Limit the threads of products to the idle processors; afterwards NumPy has the threads that it had."""
    runs, began = _runs, time.thread_time()
    runs.begin()
    try:
        yield
    finally:
        runs.end(time.thread_time() - began)


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")  # others wait otherwise


def _forget_runs() -> None:
    """Begin anew in a process that was forked: the threads whose runs were counted are not in it."""
    global _runs
    _runs = _Runs()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)
