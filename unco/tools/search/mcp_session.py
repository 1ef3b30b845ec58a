"""Keeps a connection to an MCP server open, on the background loop of the process.

The SDK's client has to be opened and closed by one task, and may be used by others in between.
"""

import asyncio
import atexit
import os
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Generic, TypeVar

Opened = TypeVar("Opened")

_PROGRAMS: "list[KeptOpen[Any]]" = []
"""Those that started a program, which is to end with this process."""

_LAST_SECONDS = 3.0
"""That programs have to end, when the process ends; the SDK asks one that does not after two."""


class KeptOpen(Generic[Opened]):
    """Something that one task opens, keeps and closes. Used on one event loop alone."""

    def __init__(
        self, open_it: Callable[[], AbstractAsyncContextManager[Opened]], seconds: float, is_program: bool = False
    ) -> None:
        """Begin to open it.

        Args:
            open_it: makes what is entered.
            seconds: that opening may take.
            is_program: whether it starts a program, which is ended when this process ends.
        """
        self._open_it, self._seconds = open_it, seconds
        self._ready: asyncio.Future[Opened] = asyncio.get_running_loop().create_future()
        self._end = asyncio.Event()
        self._process = os.getpid()
        self._task, self._loop = asyncio.create_task(self._keep()), asyncio.get_running_loop()
        if is_program:
            _PROGRAMS[:] = [one for one in _PROGRAMS if not one._task.done()] + [self]

    @property
    def is_open(self) -> bool:
        """Whether it is open, or being opened, by this process."""
        return not self._task.done() and not self._end.is_set() and self._process == os.getpid()

    async def get(self) -> Opened:
        """Return what was opened; raises what opening raised, or TimeoutError."""
        return await asyncio.shield(self._ready)

    def close(self) -> None:
        """Let the task close it."""
        self._end.set()

    async def _keep(self) -> None:
        try:
            async with asyncio.timeout(self._seconds) as opening, self._open_it() as opened:
                opening.reschedule(None)
                self._ready.set_result(opened)
                await self._end.wait()
        except BaseException as error:
            if self._ready.done():  # whoever uses it gets an error of its own
                return
            # A task group cancels the task that opened it: then the group says why.
            self._ready.set_exception(ConnectionError() if isinstance(error, asyncio.CancelledError) else error)
            with suppress(BaseException):  # nobody may have waited
                self._ready.exception()


@atexit.register
def _end_programs() -> None:
    """Close what started a program: one that hangs does not see that its pipes are closed."""
    left = [one for one in _PROGRAMS if one._process == os.getpid() and not one._task.done()]
    for one in left:
        one._loop.call_soon_threadsafe(one._task.cancel)
    end = time.monotonic() + _LAST_SECONDS
    while any(not one._task.done() for one in left) and time.monotonic() < end:
        time.sleep(0.01)
