"""SQLite: files in the state folder, which the workers of one machine share."""

import sqlite3
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from unco.errors import SetupError
from unco.serving.databases.database import Execute, ReviewTable
from unco.tools.llm.cache.process_locks import ProcessLocks

_LOCKED_S = 10.0
"""Seconds to wait for a transaction of another worker."""


class SqliteFolder:
    """The state folder."""

    def __init__(self, folder: Path) -> None:
        """Name the folder, which is there."""
        self._folder = folder

    def tables(self, schema: str) -> "SqliteTables":
        """Make the tables of what is spent, see `Database.tables`."""
        return SqliteTables(self._folder / "ledger.sqlite", schema)

    @asynccontextmanager
    async def reviews(self, schema: str) -> AsyncIterator[ReviewTable]:
        """Open the file of reviews, see `Database.reviews`."""
        path = self._folder / "reviews.sqlite"
        with _errors(path):
            saving, opening = AsyncSqliteSaver.from_conn_string(str(path)), aiosqlite.connect(path)
            async with saving as saver, opening as file:
                await saver.setup()
                table = SqliteReviews(path, saver, file)
                await table.write(schema)
                yield table


class SqliteTables:
    """A file of tables; see `Tables`."""

    row = "rowid"

    def __init__(self, path: Path, schema: str) -> None:
        """Name the file; it is opened at its first use."""
        self._path, self._schema = path, schema
        self._connection: sqlite3.Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Run statements all together or not at all, see `Tables.transaction`."""
        with _errors(self._path):
            if self._connection is None:
                self._connection = self._open()
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection.execute
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_LOCKED_S, isolation_level=None, check_same_thread=False)
        # A commit outlives the process; after a power cut the last ones may be missing.
        connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {self._schema}")
        return connection


class SqliteReviews:
    """The file of reviews; see `ReviewTable`."""

    def __init__(self, path: Path, saver: AsyncSqliteSaver, file: aiosqlite.Connection) -> None:
        """Bind the file, which both connections have open."""
        self.saver = saver
        self._path, self._file = path, file
        self._locks = ProcessLocks(path.with_suffix(".locks"))

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        async with self._file.execute(statement, values) as rows:
            return list(await rows.fetchall())

    async def write(self, statement: str, *values: Any) -> None:
        """Run a statement, and keep what it changed."""
        await self._file.execute(statement, values)
        await self._file.commit()

    def locked(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold a review, see `ReviewTable.locked`."""
        return self._locks.held(name, time.monotonic())

    def errors(self) -> AbstractContextManager[None]:
        """Turn SQLite's errors into ours."""
        return _errors(self._path)


@contextmanager
def _errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise SetupError(f"{path} cannot be read or written: {error}") from error
