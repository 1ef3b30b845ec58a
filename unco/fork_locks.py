"""Locks of a process that may fork.

A thread that holds a lock while another one forks does not go on in the child, where the lock would never be free.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from threading import Lock
from types import TracebackType
from typing import Any
from weakref import WeakSet

_locks: "WeakSet[ForkLock]" = WeakSet()


class ForkLock:
    """A lock, or another guard that is used by `with`; a forked process has a new one, which is free."""

    def __init__(self, make: Callable[[], AbstractContextManager[Any]] = Lock) -> None:
        """Make the guard; `make` is called again in each child."""
        self._make = make
        self._guard = make()
        _locks.add(self)

    def __enter__(self) -> None:
        """Wait for the guard and take it."""
        self._guard.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the guard back."""
        self._guard.__exit__(kind, error, trace)

    def _renew(self) -> None:
        self._guard = self._make()


def _renew_all() -> None:
    for lock in list(_locks):
        lock._renew()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew_all)
