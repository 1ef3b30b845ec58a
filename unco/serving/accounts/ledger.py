"""What tokens and the service have spent, and how fast, in a SQLite file that all workers share and a restart keeps.

A call is held before it is made and settled after. What a worker held when it died counts as spent once the call must
have ended, as it may have been paid for. One thread does all writing of a process.
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from unco.errors import SetupError
from unco.tools.llm.budget import Caps, Spent, check_room
from unco.tools.llm.request import Reply

T = TypeVar("T")

LATE_S = 30.0
"""Seconds after the end of a call's time at which it counts as lost with its worker."""

BURST_S = 60.0
"""A token that was silent may hand in at once what it may in so many seconds, and one post in any case."""

_ROUNDING_S = 1e-3

_LOCKED_S = 10.0

_TABLES = """
CREATE TABLE IF NOT EXISTS spent (account TEXT PRIMARY KEY, calls INTEGER NOT NULL, usd REAL NOT NULL);
CREATE TABLE IF NOT EXISTS held (account TEXT NOT NULL, usd REAL NOT NULL, until REAL NOT NULL);
CREATE TABLE IF NOT EXISTS pace (name TEXT PRIMARY KEY, first REAL NOT NULL, second REAL NOT NULL, third REAL NOT NULL);
"""

Pace = tuple[float, float, float]
"""The three times of a rate limit, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Account:
    """Who pays: a token, or the service as a whole."""

    name: str
    caps: Caps

    @property
    def whose(self) -> str:
        """Name the account in a message."""
        return "the token's" if self.name else "the service's"


class Ledger:
    """The file. Opened at its first use."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self.path = path
        self._thread = ThreadPoolExecutor(1, "unco-ledger")
        self._connection: sqlite3.Connection | None = None

    async def spent(self, account: str) -> Spent:
        """Return what an account has spent."""
        return await self._do(lambda: self._spent(account))

    async def hold(self, accounts: Sequence[Account], model: str, usd: float | None, seconds: float) -> None:
        """Hold a call of at most so many US dollars on all accounts, or on none; `settle` has to follow.

        Args:
            accounts: who pays.
            model: that is asked.
            usd: None = the price is unknown.
            seconds: after which the call has ended.

        Raises:
            Unavailable: an account has no room for it; `Reserved`, where calls under way may leave some.
            SetupError: the file cannot be written.
        """
        await self._do(lambda: self._hold(accounts, model, usd, time.time() + seconds + LATE_S))

    def settle(self, accounts: Sequence[Account], held: float, replies: Sequence[Reply]) -> None:
        """Release what was held and count the replies, without waiting for it."""
        calls, usd = len(replies), sum(held if reply.cost is None else reply.cost for reply in replies)
        self._thread.submit(self._settle, [account.name for account in accounts], held, calls, usd)

    async def admit(self, name: str, per_minute: float, posts: int) -> float:
        """Let posts pass at a rate; return 0, or the seconds to wait, and then nothing is counted.

        Args:
            name: whose rate it is.
            per_minute: posts.
            posts: that come now.
        """

        def step(pace: Pace) -> tuple[float, Pace]:
            now, each, burst = time.time(), 60.0 / per_minute, max(BURST_S, 60.0 / per_minute)
            due = min(max(pace[0], now), now + burst) + posts * each  # a clock that was set back blocks nobody for long
            wait = due - now - burst
            return (wait, pace) if wait > _ROUNDING_S else (0.0, (due, 0.0, 0.0))

        return await self.pace(f"token {name}", step)

    async def pace(self, name: str, step: Callable[[Pace], tuple[T, Pace]]) -> T:
        """Change the times of a rate limit in one step that no other worker comes between; return what it gives."""
        return await self._do(lambda: self._pace(name, step))

    def note_pace(self, name: str, step: Callable[[Pace], tuple[None, Pace]]) -> None:
        """Change the times of a rate limit, as `pace`, without waiting for it."""
        self._thread.submit(self._pace, name, step)

    def close(self) -> None:
        """Write what is left to write."""
        self._thread.shutdown()
        if self._connection is not None:
            self._connection.close()

    async def _do(self, work: Callable[[], T]) -> T:
        future: Future[T] = self._thread.submit(work)
        try:
            return await asyncio.wrap_future(future)
        except sqlite3.Error as error:
            raise SetupError(f"{self.path} cannot be read or written: {error}") from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        if self._connection is None:
            self._connection = self._open()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_LOCKED_S, isolation_level=None, check_same_thread=False)
        # A commit outlives the process; after a power cut the last ones may be missing.
        connection.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
        return connection

    def _spent(self, account: str) -> Spent:
        with self._transaction() as file:
            return _spent(file, account)

    def _hold(self, accounts: Sequence[Account], model: str, usd: float | None, until: float) -> None:
        with self._transaction() as file:
            for account in accounts:
                _count_lost(file, account.name)
                calls, held = file.execute(
                    "SELECT count(*), coalesce(sum(usd), 0) FROM held WHERE account = ?", [account.name]
                ).fetchone()
                check_room(account.caps, _spent(file, account.name), (calls, held), model, usd, account.whose)
                file.execute("INSERT INTO held VALUES (?, ?, ?)", [account.name, usd or 0.0, until])

    def _settle(self, accounts: Sequence[str], held: float, calls: int, usd: float) -> None:
        with self._transaction() as file:
            for name in accounts:
                found = file.execute(  # equal ones are as good
                    "DELETE FROM held WHERE rowid = (SELECT rowid FROM held WHERE account = ? AND usd = ? LIMIT 1)",
                    [name, held],
                ).rowcount
                _add(file, name, calls if found else calls - 1, usd if found else usd - held)

    def _pace(self, name: str, step: Callable[[Pace], tuple[T, Pace]]) -> T:
        with self._transaction() as file:
            row = file.execute("SELECT first, second, third FROM pace WHERE name = ?", [name]).fetchone()
            result, pace = step(row or (0.0, 0.0, 0.0))
            file.execute("INSERT OR REPLACE INTO pace VALUES (?, ?, ?, ?)", [name, *pace])
            return result


def _spent(file: sqlite3.Connection, account: str) -> Spent:
    row = file.execute("SELECT calls, usd FROM spent WHERE account = ?", [account]).fetchone()
    return Spent() if row is None else Spent(calls=row[0], usd=row[1])


def _add(file: sqlite3.Connection, account: str, calls: int, usd: float) -> None:
    file.execute(
        "INSERT INTO spent VALUES (?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET calls = calls + excluded.calls, usd = usd + excluded.usd",
        [account, calls, usd],
    )


def _count_lost(file: sqlite3.Connection, account: str) -> None:
    """Count as spent what was held for calls that must have ended, and that nobody settled."""
    lost = file.execute("DELETE FROM held WHERE account = ? AND until < ? RETURNING usd", [account, time.time()])
    for (usd,) in lost.fetchall():
        _add(file, account, 1, usd)
