"""Lets matrix products, NumPy's and torch's, have no more threads than there are idle processors.

Both wait for their threads by spinning. Where others have the processors, a post took up to seven times as long with
two threads as with one in NumPy, and batches up to twenty times as long in torch; on an idle machine it takes two
thirds of the time. Others are other programs, and what else this process does: it may look at the pictures of the next
posts. What the user allows is the most: by `OMP_NUM_THREADS`, `torch.set_num_threads` and their like.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from unco.processors import processors

MOST, MOST_IN_TORCH = 4, 8
"""Threads of one product, of a post in NumPy and of a batch in torch; both are too short for more."""

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
    return max(1, min(round(left), processors(), MOST_IN_TORCH))


class _Runs:
    """Runs under way, of all networks of the process: the first sets NumPy's limit, and the last takes it back."""

    def __init__(self) -> None:
        self._lock, self._count = Lock(), 0
        self._own, self._threads = 0.0, 1
        self._seen = look(self._own)
        self._limit: Any = None

    def begin(self) -> int | None:
        """Set the limit of NumPy, unless another run has set it, and that of torch, which each thread has for itself.

        Returns:
            The threads that torch is to have afterwards; None = torch was not limited.
        """
        with self._lock:
            self._count += 1
            if self._seen is None:
                return None
            if self._count == 1:
                self._threads = self._now()
                self._limit = _blas().limit(limits=min(self._threads, MOST, *_blas_threads()))
            return _limit_torch(self._threads)

    def end(self, worked: float, torchs_own: int | None) -> None:
        """Take the limits back: torch's, and NumPy's unless another run goes on.

        Args:
            worked: seconds that the run's own thread worked; those that help it do so as long, or wait by spinning.
            torchs_own: what `begin` returned.
        """
        if torchs_own is not None:
            sys.modules["torch"].set_num_threads(torchs_own)
        with self._lock:
            self._own += worked * self._threads
            self._count -= 1
            if self._count == 0 and self._limit is not None:
                self._limit.restore_original_limits()
                self._limit = None

    def _now(self) -> int:
        before = self._seen
        if before is not None and time.monotonic() - before.at > WINDOW_S and (after := look(self._own)) is not None:
            self._seen = after
            return threads_between(before, after)
        return self._threads


_runs = _Runs()


@contextmanager
def idle_threads() -> Iterator[None]:
    """Limit the threads of products to the idle processors; afterwards NumPy and torch have those that they had."""
    runs, began = _runs, time.thread_time()
    torchs_own = runs.begin()
    try:
        yield
    finally:
        runs.end(time.thread_time() - began, torchs_own)


@cache
def _blas() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(internal_api="openblas")  # others wait otherwise


def _blas_threads() -> list[int]:
    """Return how many threads NumPy's libraries have now, which may be fewer than there are processors."""
    return [library.num_threads for library in _blas().lib_controllers]


def _limit_torch(threads: int) -> int | None:
    """Let torch have no more threads for what this thread computes; returns how many it had, None if it has fewer.

    Torch also remembers the number for threads that have not used it yet, so another thread says the old one again.
    """
    torch: Any = sys.modules.get("torch")
    if not hasattr(torch, "set_num_threads") or (own := torch.get_num_threads()) <= threads:
        return None  # it was not imported, or is being imported
    torch.set_num_threads(threads)
    with suppress(RuntimeError):  # no thread can be started
        again = Thread(target=torch.set_num_threads, args=(own,))
        again.start()
        again.join()
    return int(own)


def _forget_runs() -> None:
    """Begin anew in a process that was forked: the threads whose runs were counted are not in it."""
    global _runs
    _runs = _Runs()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_runs)
