"""Locks by key between processes: whoever makes a call holds a byte of a file, the others wait.

The byte's offset is the question's hash, so the file stays empty however many questions there are, and the system lets
go of it when its holder dies, however it dies. Within a process such locks do not exclude; `SingleFlight` does that.
"""

import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from math import inf
from pathlib import Path

from unco.errors import Unavailable
from unco.fork_locks import ForkLock

_POLL_S = 0.02
"""Between two looks at a byte that another process holds."""

log = logging.getLogger(__name__)


class ProcessLocks:
    """Locks by key, in one file. One object for each file and process: closing the file anywhere lets go of all."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made at the first use."""
        self._path = path
        self._guard = ForkLock()
        self._file: int | None = None

    @asynccontextmanager
    async def held(self, key: str, deadline: float = inf) -> AsyncIterator[None]:
        """Hold a key, waiting for its holder; where files cannot be locked it is not held, which is logged.

        Args:
            key: hex digits.
            deadline: until when to wait, on the monotonic clock.

        Raises:
            Unavailable: it is still held at the deadline.
        """
        while not await asyncio.to_thread(self._try_lock, key, deadline):
            await asyncio.sleep(_POLL_S)
        try:
            yield
        finally:
            self._release(key)

    def _try_lock(self, key: str, deadline: float = inf) -> bool:
        """Try to lock the key's byte; True also where files cannot be locked."""
        try:
            with self._guard:
                taken = lock_byte(self._descriptor(), _offset(key))
        except OSError as error:
            log.warning("%s cannot be locked, so processes may ask twice: %s", self._path, error)
            return True
        if not taken and time.monotonic() > deadline:
            raise Unavailable(
                "another process was asking the same, and the call's deadline came before its answer", "deadline"
            )
        return taken

    def _release(self, key: str) -> None:
        with self._guard, suppress(OSError):
            _unlock_byte(self._descriptor(), _offset(key))

    def _descriptor(self) -> int:
        if self._file is None:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        return self._file


def _offset(key: str) -> int:
    """Return 60 bits of the key: file offsets have 63."""
    return int(key[:15], 16)


if sys.platform == "win32":
    import msvcrt

    def lock_byte(file: int, offset: int) -> bool:
        """Hold a byte of a file, as below."""
        os.lseek(file, offset, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock_byte(file: int, offset: int) -> None:
        os.lseek(file, offset, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def lock_byte(file: int, offset: int) -> bool:
        """Hold a byte of a file, until the process ends; return False where another process holds it.

        Args:
            file: descriptor of a file that is open for writing.
            offset: of the byte; may lie beyond the file's end.

        Raises:
            OSError: files cannot be locked here.
        """
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, offset)
        except (BlockingIOError, PermissionError):
            return False
        return True

    def _unlock_byte(file: int, offset: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, offset)
