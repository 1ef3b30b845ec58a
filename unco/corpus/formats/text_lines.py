"""Reads text line by line, whatever ends its lines."""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from unco.corpus.formats.opened import opened

HEAD_BYTES = 2**16
"""How much of a file is looked at to tell its form."""


_HALF = re.compile(r"[\ud800-\udfff]")


def head_of(path: Path) -> bytes:
    """Return how a file's text begins, in UTF-8 without a mark; nothing of a stream, which could not be read again."""
    if not path.is_file():
        return b""
    with opened(path) as file:
        return file.read(HEAD_BYTES).removeprefix(BOM_UTF8)


@contextmanager
def open_text(path: Path) -> Iterator[TextIO]:
    """Open a text file for reading. Lines end at line feeds only, as some tokens are unusual blanks.

    In a file without any line feed they end at carriage returns. Bytes that are no UTF-8 become lone surrogates, so
    that one bad line costs no other: see `is_utf8`.
    """
    head = head_of(path)
    end = "\r" if b"\r" in head and b"\n" not in head else "\n"
    with opened(path) as file:
        yield TextIOWrapper(file, encoding="utf-8-sig", errors="surrogateescape", newline=end)


def text_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number, from 1, and the text of each line, without blanks, tabs and carriage returns at its end."""
    with open_text(path) as file:
        for number, line in enumerate(file, start=1):
            yield number, line.rstrip(" \t\r\n")


def is_utf8(text: str) -> bool:
    """Return whether a text that `open_text` gave was UTF-8 in its file."""
    return _HALF.search(text) is None
