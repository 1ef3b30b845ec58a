"""What tokens and the service have spent, and how fast, in tables that all workers share and a restart keeps.

A call is held before it is made and settled after. What a worker held when it died counts as spent once the call must
have ended, as it may have been paid for. One thread does all writing of a process.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from unco.errors import SetupError
from unco.serving.databases.database import Database, Execute
from unco.tools.llm.budget import Caps, Spent, check_room
from unco.tools.llm.request import Reply

T = TypeVar("T")

STATE_S = 2.0
"""Longest wait for whether the tables can be written."""
LATE_S = 30.0
"""Seconds after the end of a call's time at which it counts as lost with its worker."""

BURST_S = 60.0
"""A token that was silent may hand in at once what it may in so many seconds, and one post in any case."""

_ROUNDING_S = 1e-3

_TABLES = """
CREATE TABLE IF NOT EXISTS spent (account TEXT PRIMARY KEY, calls BIGINT NOT NULL, usd DOUBLE PRECISION NOT NULL);
CREATE TABLE IF NOT EXISTS held (account TEXT NOT NULL, usd DOUBLE PRECISION NOT NULL, until DOUBLE PRECISION NOT NULL);
CREATE TABLE IF NOT EXISTS pace (
    name TEXT PRIMARY KEY,
    first DOUBLE PRECISION NOT NULL,
    second DOUBLE PRECISION NOT NULL,
    third DOUBLE PRECISION NOT NULL
);
"""

_SET_PACE = """
INSERT INTO pace VALUES (?, ?, ?, ?) ON CONFLICT (name) DO UPDATE SET
    first = excluded.first, second = excluded.second, third = excluded.third
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
    """The tables. Opened at their first use."""

    def __init__(self, database: Database) -> None:
        """Name the database that they are in."""
        self._tables = database.tables(_TABLES)
        self._thread = ThreadPoolExecutor(1, "unco-ledger")
        self._tried: tuple[Future[None] | None, float] = (None, 0.0)
        """The last try of `state`, and when it began."""

    def check(self) -> None:
        """Try whether the tables can be written, and wait for it.

        Raises:
            SetupError: they cannot.
        """
        self._thread.submit(self._check).result()

    async def state(self) -> str:
        """Say whether the tables can be written: `ok`, or `failing` also where that takes long.

        All who ask within a second share one try, so that asking does not hold up the posts.
        """
        tried, since = self._tried
        if tried is None or (tried.done() and time.monotonic() - since > 1.0):
            tried = self._thread.submit(self._check)
            self._tried = tried, time.monotonic()
        try:
            await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(tried)), STATE_S)
        except (SetupError, TimeoutError):
            return "failing"
        return "ok"

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
            SetupError: the tables cannot be written.
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
        self._tables.close()

    async def _do(self, work: Callable[[], T]) -> T:
        future: Future[T] = self._thread.submit(work)
        return await asyncio.wrap_future(future)

    def _check(self) -> None:
        with self._tables.transaction():
            pass

    def _spent(self, account: str) -> Spent:
        with self._tables.transaction() as execute:
            return _spent(execute, account)

    def _hold(self, accounts: Sequence[Account], model: str, usd: float | None, until: float) -> None:
        with self._tables.transaction() as execute:
            for account in accounts:
                _count_lost(execute, account.name)
                calls, held = execute(
                    "SELECT count(*), coalesce(sum(usd), 0) FROM held WHERE account = ?", [account.name]
                ).fetchone()
                check_room(account.caps, _spent(execute, account.name), (calls, held), model, usd, account.whose)
                execute("INSERT INTO held VALUES (?, ?, ?)", [account.name, usd or 0.0, until])

    def _settle(self, accounts: Sequence[str], held: float, calls: int, usd: float) -> None:
        row = self._tables.row
        with self._tables.transaction() as execute:
            for name in accounts:
                found = execute(  # equal ones are as good
                    f"DELETE FROM held WHERE {row} = (SELECT {row} FROM held WHERE account = ? AND usd = ? LIMIT 1)",
                    [name, held],
                ).rowcount
                _add(execute, name, calls if found else calls - 1, usd if found else usd - held)

    def _pace(self, name: str, step: Callable[[Pace], tuple[T, Pace]]) -> T:
        with self._tables.transaction() as execute:
            row = execute("SELECT first, second, third FROM pace WHERE name = ?", [name]).fetchone()
            result, pace = step(row or (0.0, 0.0, 0.0))
            execute(_SET_PACE, [name, *pace])
            return result


def _spent(execute: Execute, account: str) -> Spent:
    row = execute("SELECT calls, usd FROM spent WHERE account = ?", [account]).fetchone()
    return Spent() if row is None else Spent(calls=row[0], usd=row[1])


def _add(execute: Execute, account: str, calls: int, usd: float) -> None:
    execute(
        "INSERT INTO spent VALUES (?, ?, ?) "
        "ON CONFLICT (account) DO UPDATE SET calls = spent.calls + excluded.calls, usd = spent.usd + excluded.usd",
        [account, calls, usd],
    )


def _count_lost(execute: Execute, account: str) -> None:
    """Count as spent what was held for calls that must have ended, and that nobody settled."""
    lost = execute("DELETE FROM held WHERE account = ? AND until < ? RETURNING usd", [account, time.time()])
    for (usd,) in lost.fetchall():
        _add(execute, account, 1, usd)
