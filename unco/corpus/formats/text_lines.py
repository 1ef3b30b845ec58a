"""Reads UTF-8 text line by line, whatever ends its lines; text in another encoding is refused by name."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from unco.errors import DataError

HEAD_BYTES = 2**16
"""How much of a file is looked at to tell its form."""


_HALF = re.compile(r"[\ud800-\udfff]")


def head_of(path: Path) -> bytes:
    """Return how a file begins, without its byte order mark; nothing of a stream, which could not be read again.

    Raises:
        DataError: it is UTF-16 or UTF-32.
    """
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    marked = head.startswith((b"\xff\xfe", b"\xfe\xff", b"\0\0\xfe\xff"))
    if marked or (any(head[:8]) and len(head) > 1 and not (any(head[:8:2]) and any(head[1:8:2]))):
        raise DataError(f"{path} is UTF-16 or UTF-32 text, as some editors and shells write it: save it as UTF-8")
    return head.removeprefix(b"\xef\xbb\xbf")


def open_text(path: Path) -> TextIO:
    """Open a text file for reading. Lines end at line feeds only, as some tokens are unusual blanks.

    In a file without any line feed they end at carriage returns. Bytes that are no UTF-8 become lone surrogates, so
    that one bad line costs no other: see `is_utf8`.

    Raises:
        DataError: it is UTF-16 or UTF-32.
    """
    head = head_of(path)
    end = "\r" if b"\r" in head and b"\n" not in head else "\n"
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline=end)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line, without blanks, tabs and carriage returns at its end.

    Raises:
        DataError: it is UTF-16 or UTF-32.
    """
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            yield number, line.rstrip(" \t\r\n")


def is_utf8(text: str) -> bool:
    """Return whether a text that `open_text` gave was UTF-8 in its file."""
    return _HALF.search(text) is None
