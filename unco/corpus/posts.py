"""Posts from a file of JSON Lines, from standard input, or from a table, one after another."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from unco.corpus.tables import is_table, rows
from unco.errors import DataError, PostError
from unco.state import PostInput

MOST_BYTES = 64 * 2**20
"""A longer line is no post; a picture that comes inline has a few million."""

STDIN = Path("-")


@dataclass(frozen=True, slots=True)
class Line:
    """One post as it came, or why it is none."""

    number: int
    """From 1."""
    post: PostInput | None
    fault: str = ""


def read_posts(path: Path) -> Iterator[Line]:
    """Posts of a file, as they are needed: memory does not grow with the file. Blank lines are no posts.

    A line: {"text": "..." or [tokens], "image": ..., "id": ..., "regions", "caption", "private"}; text alone will do.
    Rows of a table have the same fields: see `unco.corpus.tables`.

    Raises:
        DataError: there is no such file.
    """
    if path == STDIN:
        yield from lines_of(sys.stdin.buffer)
        return
    if is_table(path):
        for number, row in enumerate(rows(path), start=1):
            yield _checked(number, row)
        return
    try:
        with path.open("rb") as file:
            yield from lines_of(file)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def count_posts(path: Path) -> int | None:
    """How many posts a file holds, for the time that is left; None = it cannot be known before."""
    if path == STDIN or is_table(path):
        return None
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """Posts of JSON Lines from where a file stands, numbered from 1."""
    number = 0
    while line := file.readline(MOST_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(MOST_BYTES)):
            line = b"x" * MOST_BYTES  # the rest of a line that is too long: it is no post, and is not kept
        if line.strip():
            number += 1
            yield _line(number, line)


def _line(number: int, line: bytes) -> Line:
    if len(line) >= MOST_BYTES:
        return Line(number, None, f"longer than {MOST_BYTES} bytes")
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # json's and Unicode's are ValueErrors
        return Line(number, None, " ".join(str(error).split()))
    return _checked(number, data)


def _checked(number: int, data: Any) -> Line:
    try:
        return Line(number, _post(data))
    except (ValidationError, UnicodeEncodeError, PostError) as error:
        return Line(number, None, _words(error))


def _post(data: Any) -> PostInput:
    if not isinstance(data, dict):
        raise PostError('a post is an object: {"text": ...}')
    post = PostInput.model_validate(data)
    for name in ("id", "image", "caption"):
        (getattr(post, name) or "").encode("utf-8")  # half a character cannot be written into a result
    return post


def _words(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc'][:1]))}: {one['msg']}" for one in error.errors())
    return " ".join(str(error).split())
