"""The cache: texts by key, on disk, that can be deleted at any time.

Built on diskcache, with what it does by default turned off: it unpickles what it finds (CVE-2025-69872), it throws
rows away when it has grown, and it returns a file that was cut short as if it were whole. Only text that lies in the
database itself is ever read here.
"""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import diskcache

from unco.environment import environment
from unco.errors import SetupError, TimeIsUp, Unavailable
from unco.fork_locks import ForkLock
from unco.tools.llm.cache.process_locks import ProcessLocks
from unco.tools.llm.cache.single_flight import SingleFlight
from unco.tools.llm.request import Reply

LOCK_TIMEOUT_S = 10
"""Seconds to wait for a database that another process holds."""

_MIN_FILE_BYTES = 2**40
"""Bytes from which diskcache puts a value into a file of its own: never."""

DISK_ERRORS = (OSError, sqlite3.Error, diskcache.Timeout, ValueError, TypeError, AttributeError)
"""What diskcache and SQLite raise over a file that is damaged, locked or cannot be written."""

LEADER_ONLY_ERRORS = (Unavailable, TimeIsUp)
"""Errors that concern one caller alone: policy, budget, deadline. The same question may succeed for another."""

log = logging.getLogger(__name__)


class TextDisk(diskcache.Disk):  # type: ignore[misc]  # diskcache has no types
    """Reads keys and values as text only, and refuses pickles and files."""

    def get(self, key: Any, raw: bool) -> str:
        """Return the key of a row.

        Raises:
            ValueError: it is anything but text; another one would be unpickled.
        """
        if not raw or not isinstance(key, str):
            raise ValueError("a key of the cache is not text")
        return key

    def remove(self, file_path: str) -> None:
        """Delete nothing: no row of ours has a file, and a foreign one may name any."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> str:
        """Return the text of a row.

        Raises:
            ValueError: it is anything else.
        """
        if mode != diskcache.core.MODE_RAW or not isinstance(value, str):
            raise ValueError("a row of the cache is not text")
        return value


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the cache."""

    number: int
    key: str
    text: str | None
    """None = it is not what was stored under this key."""


class Cache:
    """Text by key. Opened at its first use; safe for threads and processes."""

    def __init__(self, directory: str | Path | None = None) -> None:
        """Name the directory; nothing is looked up or created yet. None = the environment's."""
        self._named = None if directory is None else Path(directory)
        self._lock = ForkLock()
        self._store: Any = None
        self._failure: tuple[float, SetupError] | None = None
        """When it last could not be opened, and why."""

    @cached_property
    def directory(self) -> Path:
        """The cache's folder.

        Raises:
            SettingsError: none was named, and the environment has neither a folder nor a home.
        """
        return environment().cache_directory() if self._named is None else self._named

    @property
    def locks(self) -> ProcessLocks:
        """Locks by question, between processes."""
        return self._shared[0]

    @property
    def flights(self) -> SingleFlight[Reply]:
        """Calls under way in this process, by question."""
        return self._shared[1]

    @cached_property
    def _shared(self) -> "tuple[ProcessLocks, SingleFlight[Reply]]":
        return _shared_by(self.directory.resolve())

    def get(self, key: str) -> str | None:
        """Return the text under a key. None = not there, or unreadable.

        Raises:
            SetupError: the cache cannot be opened.
        """
        try:
            found: str | None = self._get_store().get(key)
            return None if found is None else verified_text(key, found)
        except DISK_ERRORS as error:
            log.warning("unreadable row in the cache %s, counted as missing: %s", self.directory, error)
            return None

    def put(self, key: str, text: str) -> bool:
        """Store a text. A full disk or a locked database is logged, not raised: the caller has its answer anyway.

        Returns:
            Whether it is stored.

        Raises:
            SetupError: the cache cannot be opened.
        """
        try:
            return bool(self._get_store().set(key, with_checksum(key, text)))
        except DISK_ERRORS as error:
            log.warning("the cache %s did not keep an answer: %s", self.directory, error)
            return False

    def rows(self) -> Iterator[Row]:
        """Yield every row, foreign and damaged ones too. Nothing in them is unpickled.

        Raises:
            SetupError: the cache cannot be opened or read.
        """
        # diskcache has no public way to look at a row without making a Python object of its key.
        with self._translated_errors():
            found = self._get_store()._sql("SELECT rowid, key, raw FROM Cache ORDER BY rowid").fetchall()
        for number, key, raw in found:
            known = bool(raw) and isinstance(key, str)
            yield Row(number, key if known else "(not text)", self.get(key) if known else None)

    def delete(self, row: int) -> None:
        """Delete a row."""
        with self._translated_errors():
            self._get_store()._sql("DELETE FROM Cache WHERE rowid = ?", (row,))

    def delete_older(self, before: float) -> int:
        """Delete the rows that were stored before a time, in seconds since 1970; return how many."""
        with self._translated_errors():
            deleted: int = self._get_store()._sql("DELETE FROM Cache WHERE store_time < ?", (before,)).rowcount
        return deleted

    def close(self) -> None:
        """Close the database; the next use opens it again."""
        with self._lock:
            if self._store is not None:
                self._store.close()
                self._store = None

    def _get_store(self) -> Any:
        asked = time.monotonic()
        with self._lock:
            if self._store is None:
                if self._failure is not None and self._failure[0] >= asked:
                    raise self._failure[1]  # whoever had the lock waited already, and for the same
                try:
                    self._store = self._open()
                except SetupError as error:
                    self._failure = (time.monotonic(), error)
                    raise
            return self._store

    def _open(self) -> Any:
        """Open the database. A broken one is left as it is: its replies were paid for, so its owner decides."""
        with self._translated_errors("opened"):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._wait_for_others()
            return diskcache.Cache(
                str(self.directory),
                disk=TextDisk,
                timeout=LOCK_TIMEOUT_S,
                eviction_policy="none",
                disk_min_file_size=_MIN_FILE_BYTES,
            )

    def _wait_for_others(self) -> None:
        """Wait until the database can be written; diskcache itself would try for a minute, statement by statement."""
        with closing(sqlite3.connect(self.directory / "cache.db", LOCK_TIMEOUT_S, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            database.execute("ROLLBACK")

    @contextmanager
    def _translated_errors(self, what: str = "read") -> Iterator[None]:
        """Turn errors of the file into `SetupError`."""
        try:
            yield
        except DISK_ERRORS as error:
            raise SetupError(
                f"the cache in {self.directory} cannot be {what} ({error}): "
                "delete or mend it, or set UNCO_CACHE_DIR to another directory"
            ) from error


def with_checksum(key: str, text: str) -> str:
    """Prefix a text with a checksum of key and text, so that a damaged row is never taken for an answer."""
    return f"{sha256(f'{key} {text}'.encode('utf-8', 'surrogatepass')).hexdigest()[:16]} {text}"


def verified_text(key: str, row: str) -> str:
    """Return the text of a row whose checksum is right.

    Raises:
        ValueError: it is not what was stored under this key.
    """
    text = row[17:]
    if with_checksum(key, text) != row:
        raise ValueError("a row of the cache is damaged")
    return text


@cache
def _shared_by(directory: Path) -> tuple[ProcessLocks, SingleFlight[Reply]]:
    """Return the locks and flights that all caches of one directory in a process share.

    Closing the lock file a second time would release what the first one holds.
    """
    return ProcessLocks(directory / "locks"), SingleFlight[Reply](LEADER_ONLY_ERRORS)
