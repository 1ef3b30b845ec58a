"""Replaces lines of a file in a copy, which may take the file's place once it is complete."""

import os
from collections.abc import Callable
from itertools import islice
from typing import BinaryIO

Write = Callable[[int, bytes], None]
"""Writes a line, given the number of its post, from 1."""


class LineReplacer:
    """Writes a copy of a file in which some lines are replaced."""

    def __init__(self, old: BinaryIO, copy: BinaryIO) -> None:
        """Begin with nothing copied.

        Args:
            old: open for reading; it is read from its beginning.
            copy: open for reading and writing, empty.
        """
        self._old, self._copy, self._lines = old, copy, 0
        old.seek(0)

    def put(self, number: int, line: bytes) -> None:
        """Copy the lines before a number and write a line in place of that one; numbers have to rise."""
        self._copy_until(number - 1)
        self._old.readline()
        self._copy.write(line + b"\n")
        self._lines = number

    def finish(self) -> BinaryIO:
        """Copy the remaining lines and write them to the disk; return the copy, open behind its last line.

        Raises:
            OSError: it cannot be written; it is closed.
        """
        try:
            self._copy_until(None)
            self._copy.flush()
            os.fsync(self._copy.fileno())
        except OSError:
            self._copy.raw.close()  # type: ignore[attr-defined]  # a buffered file would try once more to write
            raise
        return self._copy

    def _copy_until(self, number: int | None) -> None:
        for line in islice(self._old, None if number is None else number - self._lines):
            self._copy.write(line)
            self._lines += 1
