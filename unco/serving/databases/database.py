"""What the service asks of a database, in SQL that both kinds understand; `?` stands for a value."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Any, Protocol

from langgraph.checkpoint.base import BaseCheckpointSaver


class Cursor(Protocol):
    """What a statement came to."""

    @property
    def rowcount(self) -> int:
        """Rows that it changed."""

    def fetchone(self) -> Any:
        """Return the next row; None = there is none."""

    def fetchall(self) -> list[Any]:
        """Return all rows."""


Execute = Callable[[str, Sequence[Any]], Cursor]
"""Runs a statement with its values, within a transaction."""


class Tables(Protocol):
    """Tables for one thread, changed in transactions of which one runs at a time, among all workers."""

    row: str
    """Column that tells equal rows apart."""

    def transaction(self) -> AbstractContextManager[Execute]:
        """Run statements all together or not at all.

        Raises:
            SetupError: the database cannot be read or written.
        """

    def close(self) -> None:
        """Close the connection, where there is one."""


class ReviewTable(Protocol):
    """Where reviews are kept, and the checkpoints of their runs."""

    @property
    def saver(self) -> BaseCheckpointSaver[str]:
        """Return the checkpointer."""

    async def rows(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a query."""

    async def write(self, statement: str, *values: Any) -> None:
        """Run a statement, and keep what it changed."""

    def locked(self, name: str) -> AbstractAsyncContextManager[None]:
        """Hold a review against workers of other processes.

        Args:
            name: of the review, 32 hex digits.

        Raises:
            Unavailable: another holds it.
        """

    def errors(self) -> AbstractContextManager[None]:
        """Turn the database's errors into ours, also those that come through the checkpointer.

        Raises:
            SetupError: it cannot be read or written.
            PostError: it cannot keep a character of the post.
        """


class Database(Protocol):
    """One kind of database."""

    def tables(self, schema: str) -> Tables:
        """Make the tables of a schema, at their first use, where they are not there yet."""

    def reviews(self, schema: str) -> AbstractAsyncContextManager[ReviewTable]:
        """Open the table of reviews, and make it where it is not there yet."""
