"""Postgres: one database for the workers of many machines."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import psycopg
from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from psycopg import AsyncConnection, conninfo
from psycopg.rows import dict_row, tuple_row
from psycopg_pool import AsyncConnectionPool

from unco.errors import PostError, SettingsError, SetupError, Unavailable
from unco.serving.databases.database import Cursor, Execute, ReviewTable

_WAIT_S = 10
"""For a connection, and for a transaction of another worker."""

_DEFAULTS: dict[str, Any] = {
    "application_name": "unco serve",
    "connect_timeout": _WAIT_S,
    "keepalives_idle": 30,
    "tcp_user_timeout": _WAIT_S * 1000,  # else a host that vanished is waited for a quarter of an hour
}

_CONNECTIONS = 8
"""Of one worker, for reviews."""

_LEDGER_LOCK, _SETUP_LOCK = 0x756E636F_00000001, 0x756E636F_00000002
"""Advisory locks. Those of reviews are their names."""

_POLL_S = 0.05


class Postgres:
    """A database that a connection string names."""

    def __init__(self, address: str) -> None:
        """Read the connection string; nobody is connected to yet.

        Raises:
            SettingsError: it is none, or it holds a password.
        """
        try:
            given = conninfo.conninfo_to_dict(address)
        except psycopg.ProgrammingError:  # its message quotes the string
            raise SettingsError(
                "--database is no connection string of Postgres, such as postgresql://user@host/database"
            ) from None
        if given.get("password"):
            raise SettingsError(
                "--database holds a password, which all users of this machine could read: set it as PGPASSWORD, or in "
                "the file that PGPASSFILE names"
            )
        self._address = conninfo.make_conninfo(**{**_DEFAULTS, **given})

    def tables(self, schema: str) -> "PostgresTables":
        """Make the tables of what is spent, see `Database.tables`."""
        return PostgresTables(self._address, schema)

    @asynccontextmanager
    async def reviews(self, schema: str) -> AsyncIterator[ReviewTable]:
        """Connect to the table of reviews, see `Database.reviews`."""
        pool: AsyncConnectionPool[Any] = AsyncConnectionPool(
            self._address,
            min_size=1,
            max_size=_CONNECTIONS,
            timeout=_WAIT_S,
            open=False,
            check=AsyncConnectionPool.check_connection,  # a connection may have broken meanwhile
            kwargs={"autocommit": True, "prepare_threshold": None, "row_factory": dict_row},
        )
        async with pool:
            table = PostgresReviews(self._address, pool)
            try:
                with table.errors():
                    await table.set_up(schema)
                yield table
            finally:
                await table.close()


class PostgresTables:
    """Tables in a database; see `Tables`."""

    row = "ctid"

    def __init__(self, address: str, schema: str) -> None:
        """Name the database; it is connected to at the first use."""
        self._address, self._schema = address, schema
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        """Run statements all together or not at all, see `Tables.transaction`."""
        with _errors():
            connection = self._begun()

            def execute(statement: str, values: Sequence[Any] = ()) -> Cursor:
                return connection.execute(_in_its_words(statement), values)

            try:
                yield execute
            except BaseException:
                with suppress(psycopg.Error):  # what ended it matters
                    connection.rollback()
                raise
            connection.commit()

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()

    def _begun(self) -> "psycopg.Connection[Any]":
        """Begin a transaction alone among all workers; a connection that broke meanwhile is opened again."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                return _alone(self._connection)
            self.close()
        connection = psycopg.connect(self._address, prepare_threshold=None)
        try:
            _alone(connection).execute(self._schema)
        except BaseException:
            connection.close()
            raise
        self._connection = connection
        return connection


def _alone(connection: "psycopg.Connection[Any]") -> "psycopg.Connection[Any]":
    connection.execute(f"SET LOCAL lock_timeout = '{_WAIT_S}s'")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LEDGER_LOCK])
    return connection


class PostgresReviews:
    """The table of reviews; see `ReviewTable`."""

    def __init__(self, address: str, pool: "AsyncConnectionPool[Any]") -> None:
        """Bind an open pool. Locks are held by one more connection: Postgres lets go of them when it ends."""
        self.saver = AsyncPostgresSaver(pool)
        self._address, self._pool = address, pool
        self._holder: AsyncConnection[Any] | None = None
        self._opening = asyncio.Lock()

    async def set_up(self, schema: str) -> None:
        """Make the tables; workers that start at the same time take turns."""
        while not await self._try_lock(_SETUP_LOCK):  # to wait within Postgres would block the making of an index
            await asyncio.sleep(_POLL_S)
        try:
            await self.saver.setup()
            await self.write(schema)
        finally:
            await self._unlock(_SETUP_LOCK)

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""
        async with self._pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
            await cursor.execute(_in_its_words(statement), values)
            return list(await cursor.fetchall())

    async def write(self, statement: str, *values: Any) -> None:
        """Run a statement, and keep what it changed."""
        async with self._pool.connection() as connection:
            await connection.execute(_in_its_words(statement), values)

    @asynccontextmanager
    async def locked(self, name: str) -> AsyncIterator[None]:
        """Hold a review, see `ReviewTable.locked`."""
        key = int(name[:15], 16)
        if not await self._try_lock(key):
            raise Unavailable("another process holds this review", "deadline")
        try:
            yield
        finally:
            await self._unlock(key)

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn Postgres's errors into ours, see `ReviewTable.errors`."""
        with _errors():
            try:
                yield
            except psycopg.DataError as error:
                why = "a review cannot be kept of a post with the character U+0000: take it out"
                raise PostError(why) from error

    async def close(self) -> None:
        """Close what the pool does not."""
        if self._holder is not None:
            await self._holder.close()

    async def _try_lock(self, key: int) -> bool:
        """Try to hold a lock; a connection that broke meanwhile is opened again, once."""
        try:
            return await self._tried(key)
        except psycopg.OperationalError:
            return await self._tried(key)

    async def _tried(self, key: int) -> bool:
        async with self._opening:
            if self._holder is None or self._holder.closed:
                self._holder = await AsyncConnection.connect(self._address, autocommit=True, prepare_threshold=None)
        found = await self._holder.execute("SELECT pg_try_advisory_lock(%s)", [key])
        row = await found.fetchone()
        return row is not None and bool(row[0])

    async def _unlock(self, key: int) -> None:
        if self._holder is not None:
            with suppress(psycopg.Error):  # with its connection the lock is gone, too
                await self._holder.execute("SELECT pg_advisory_unlock(%s)", [key])


def _in_its_words(statement: str) -> Any:
    return statement.replace("?", "%s")


@contextmanager
def _errors() -> Iterator[None]:
    try:
        yield
    except psycopg.Error as error:
        raise SetupError(f"the database cannot be read or written: {error}") from error
