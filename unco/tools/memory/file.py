"""Opens the file that `UNCO_MEMORY` names: LangGraph's store in one SQLite file, which several processes may share."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from json import JSONDecodeError
from pathlib import Path

from langgraph.store.base import BaseStore

from unco.environment import environment
from unco.errors import SettingsError, SetupError

_WAIT_S = 10.0
"""For which a process waits for another one's writing."""

_POLL_S = 0.02

_MAGIC = b"SQLite format 3\0"

OF_THE_COMMANDS = "default"
"""Name of the memory of `unco extract` and `unco run`; `unco serve` has one for each of its tokens."""


def store_from_env() -> BaseStore | None:
    """Open the file that `UNCO_MEMORY` names; None = it names none.

    Raises:
        SetupError: it cannot be opened, or the package for it is not installed.
    """
    named = environment().memory.strip()
    return open_store(Path(named)) if named else None


def memory_of_commands() -> str | None:
    """Return the memory of `unco extract` and `unco run`; None = `UNCO_MEMORY` names no file."""
    return OF_THE_COMMANDS if environment().memory.strip() else None


def existing_store(path: Path | None) -> BaseStore:
    """Open a file of memories that is there; None = the one that `UNCO_MEMORY` names.

    Raises:
        SettingsError: no file is named, or it is not there.
        SetupError: see `open_store`.
    """
    named = environment().memory.strip() if path is None else str(path)
    if not named:
        raise SettingsError("name the file of memories: --file memory.db, or UNCO_MEMORY")
    if not Path(named).is_file():
        raise SettingsError(f"there is no file of memories {named}: `unco run` with UNCO_MEMORY={named} makes one")
    return open_store(Path(named))


@contextmanager
def store_of_command(path: Path | None) -> Iterator[BaseStore]:
    """Open a file as `existing_store` does, and name it where what is done with it fails.

    Raises:
        SetupError: it cannot be read or written.
    """
    store = existing_store(path)
    try:
        yield store
    except (sqlite3.Error, JSONDecodeError) as error:
        named = path or environment().memory.strip()
        raise SetupError(
            f"the file of memories {named} cannot be read: {error}; "
            "if it is damaged, delete it: the next run begins anew"
        ) from error


def open_store(path: Path) -> BaseStore:
    """Open a file of memories, once in a process; a new one is for its owner alone.

    Raises:
        SetupError: it cannot be opened, is no such file, or the package for it is not installed.
    """
    # A link is no other file: closing one would drop the other's locks.
    return _open(Path(os.path.realpath(path)), os.getpid())


@cache
def _open(path: Path, process: int) -> BaseStore:
    """Open it; a process that was forked must not use its parent's connection."""
    try:
        from langgraph.store.sqlite import SqliteStore
    except ImportError as error:
        raise SetupError("a file of memories needs LangGraph's SQLite store: pip install 'unco[sqlite]'") from error
    try:
        path.touch(mode=0o600)
        _check(path)
        connection = sqlite3.connect(path, _WAIT_S, check_same_thread=False, isolation_level=None)
        _set_up(connection)
        _use_wal(connection)
        connection.execute("PRAGMA secure_delete = ON")  # what is forgotten is overwritten
        store = SqliteStore(connection)
        store.setup()
    except (OSError, sqlite3.Error) as error:
        raise SetupError(f"the file of memories {path} cannot be opened: {error}") from error
    return store


def _check(path: Path) -> None:
    """Refuse what is no database: SQLite takes a few bytes of text for an empty one, and writes over them.

    Raises:
        sqlite3.DatabaseError: it is none.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) not in (b"", _MAGIC):
            raise sqlite3.DatabaseError("file is not a database")


def _set_up(connection: sqlite3.Connection) -> None:
    """Make the tables of a new file, all or none: two processes in LangGraph's `setup` at once are in each other's way.

    Raises:
        sqlite3.DatabaseError: the file has tables, and none of LangGraph's.
    """
    from langgraph.store.sqlite import SqliteStore

    with closing(sqlite3.connect(":memory:", isolation_level=None)) as pattern:
        SqliteStore(pattern).setup()
        statements = [*pattern.iterdump()][1:-1]  # without its own BEGIN and COMMIT
    connection.execute("BEGIN IMMEDIATE")
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        if tables and "store_migrations" not in tables:
            raise sqlite3.DatabaseError("it is another program's database")
        for statement in () if tables else statements:
            connection.execute(statement)
    finally:
        connection.execute("COMMIT")


def _use_wal(connection: sqlite3.Connection) -> None:
    """Switch to a mode in which readers and a writer do not wait for each other.

    The switch itself does not always wait for a process that begins at the same time, whatever the connection says.
    """
    until = time.monotonic() + _WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_POLL_S)


def forget_for_good(store: BaseStore) -> None:
    """Write what was deleted into the file itself, so that its journal does not hold it any longer.

    Raises:
        SetupError: it could not be written; the journal holds it until a later call succeeds.
    """
    connection: sqlite3.Connection = store.conn  # type: ignore[attr-defined]  # of a store that `open_store` opened
    is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if is_busy:
        raise SetupError(
            "the decisions are deleted, but not overwritten yet, as another process reads the file: "
            "run `unco memory forget` again when it has ended"
        )
