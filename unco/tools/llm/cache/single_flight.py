"""Merges equal calls under way into one, among the tasks of any number of event loops.

The first to ask leads and makes the call; the others wait for its result. An exception goes to all of them, unless it
concerns the leader alone (its deadline, what its post may be asked): then, and when the leader is cancelled, one of
those who wait takes the lead and asks anew, on its own terms.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")


class _Abandoned(Exception):
    """The leader left without a result."""


class SingleFlight(Generic[T]):
    """Calls under way, by key. One process; tasks of several event loops may mix."""

    def __init__(self, leader_only: tuple[type[Exception], ...] = ()) -> None:
        """Start with nothing under way.

        Args:
            leader_only: exceptions that concern a leader alone.
        """
        self._leader_only: tuple[type[Exception], ...] = (_Abandoned, *leader_only)
        self._reset()

    def _reset(self) -> None:
        """Forget all flights; also in a forked child, where their leaders do not exist."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._flights: dict[str, Future[T]] = {}

    async def run(self, key: str, call: Callable[[], Awaitable[T]], wait_s: float | None = None) -> tuple[T, bool]:
        """Return the result of `call`, and whether it was this caller's own call that gave it.

        Args:
            key: equal for equal calls.
            call: makes the call.
            wait_s: longest wait for a leader; None = any.

        Raises:
            TimeoutError: the leader took longer.
        """
        while True:
            flight, leading = self._join(key)
            if leading:
                with self._finishing(key, flight):
                    flight.set_result(result := await call())
                return result, True
            try:
                async with asyncio.timeout(wait_s):
                    return await asyncio.wrap_future(flight), False
            except self._leader_only:
                continue

    def _join(self, key: str) -> tuple[Future[T], bool]:
        """Return the flight under a key, and whether the caller leads it."""
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            if key in self._flights:
                return self._flights[key], False
            flight: Future[T] = Future()
            flight.set_running_or_notify_cancel()  # else a follower that is cancelled would cancel it for all
            self._flights[key] = flight
            return flight, True

    @contextmanager
    def _finishing(self, key: str, flight: Future[T]) -> Iterator[None]:
        """Remove the flight, then pass an error on to the followers: who comes later starts a new one."""
        try:
            yield
        except BaseException as error:
            self._remove(key)
            flight.set_exception(error if isinstance(error, Exception) else _Abandoned())
            raise
        self._remove(key)

    def _remove(self, key: str) -> None:
        with self._lock:
            self._flights.pop(key, None)
