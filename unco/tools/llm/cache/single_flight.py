"""Merges equal calls under way into one, among the tasks of any number of event loops.

The first to ask leads and makes the call; the others wait for its result. An exception goes to all of them, unless it
concerns the leader alone (its deadline, what its post may be asked): then, and when the leader is cancelled, one of
those who wait takes the lead and asks anew, on its own terms. So too when the leader's event loop stands still, as it
may be one of those who wait that blocks it.
"""

import asyncio
import os
import threading
from asyncio import AbstractEventLoop
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T")

PATIENCE_S = 2.0
"""Seconds without a result after which a leader's event loop is asked for a sign of life, and may take to give one."""


class _Abandoned(Exception):
    """The leader left without a result."""


@dataclass(frozen=True, eq=False)
class _Flight(Generic[T]):
    """A call under way."""

    loop: AbstractEventLoop
    """In which its leader runs."""
    result: Future[T] = field(default_factory=Future)


class SingleFlight(Generic[T]):
    """Calls under way, by key. One process; tasks of several event loops may mix."""

    def __init__(self, leader_only: tuple[type[Exception], ...] = (), patience_s: float = PATIENCE_S) -> None:
        """Start with nothing under way.

        Args:
            leader_only: exceptions that concern a leader alone.
            patience_s: see `PATIENCE_S`.
        """
        self._leader_only: tuple[type[Exception], ...] = (_Abandoned, *leader_only)
        self._patience_s = patience_s
        self._reset()

    def _reset(self) -> None:
        """Forget all flights; also in a forked child, where their leaders do not exist."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._flights: dict[str, _Flight[T]] = {}

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
                    flight.result.set_result(result := await call())
                return result, True
            try:
                async with asyncio.timeout(wait_s):
                    return await self._result_of(key, flight), False
            except self._leader_only:
                continue

    async def _result_of(self, key: str, flight: _Flight[T]) -> T:
        """Await the result of another's call.

        Raises:
            _Abandoned: its event loop stands still; who joins from now on leads a call of its own.
        """
        result = asyncio.wrap_future(flight.result)
        try:
            while not (await asyncio.wait({result}, timeout=self._patience_s))[0]:
                if not await _is_alive(flight.loop, self._patience_s):
                    self._remove(key, flight)
                    raise _Abandoned
            return result.result()
        finally:
            result.cancel()

    def _join(self, key: str) -> tuple[_Flight[T], bool]:
        """Return the flight under a key, and whether the caller leads it."""
        if self._process != os.getpid():
            self._reset()
        with self._lock:
            flight = self._flights.get(key)
            if flight is not None and flight.loop.is_running():  # one that was stopped may never run again
                return flight, False
            flight = _Flight(asyncio.get_running_loop())
            flight.result.set_running_or_notify_cancel()  # else a follower that is cancelled would cancel it for all
            self._flights[key] = flight
            return flight, True

    @contextmanager
    def _finishing(self, key: str, flight: _Flight[T]) -> Iterator[None]:
        """Remove the flight, then pass an error on to the followers: who comes later starts a new one."""
        try:
            yield
        except BaseException as error:
            self._remove(key, flight)
            flight.result.set_exception(error if isinstance(error, Exception) else _Abandoned())
            raise
        self._remove(key, flight)

    def _remove(self, key: str, flight: _Flight[T]) -> None:
        with self._lock:
            if self._flights.get(key) is flight:
                del self._flights[key]


async def _is_alive(loop: AbstractEventLoop, within_s: float) -> bool:
    """Return whether an event loop does something when it is asked to, within some seconds."""
    if loop is asyncio.get_running_loop():
        return True
    sign: Future[None] = Future()
    try:
        loop.call_soon_threadsafe(sign.set_result, None)
    except RuntimeError:  # it is closed
        return False
    return bool((await asyncio.wait({asyncio.wrap_future(sign)}, timeout=within_s))[0])
