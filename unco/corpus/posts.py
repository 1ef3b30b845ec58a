"""Reads posts from JSON Lines, standard input, a table or CoNLL text, one after another."""

import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from unco.corpus.formats.conll import conll_posts, is_conll
from unco.corpus.formats.tables import is_table, rows
from unco.errors import DataError, PostError, SettingsError
from unco.state import PostInput

MAX_LINE_BYTES = 64 * 2**20
"""Length of a line; a longer one is no post, as an inline picture has a few million bytes."""

STDIN = Path("-")

HEAD_BYTES = 4096

BINARY = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF",
    b"\x1f\x8b",
    b"\xff\xfe",
    b"\xfe\xff",
)
"""First bytes of files that may hold no null byte near their beginning: pictures, archives, PDF, UTF-16 text."""


@dataclass(frozen=True, slots=True)
class Line:
    """One post of a file, or why it cannot be read."""

    number: int
    """From 1."""
    post: PostInput | None
    fault: str = ""


def read_posts(path: Path, pictures: Path | None = None) -> Iterator[Line]:
    """Yield the posts of a file as they are needed, so that memory does not grow. Blank lines are no posts.

    A line: {"text": "..." or [tokens], "image": ..., "id": ..., "regions", "caption", "private"}; text alone will do.
    Rows of a table have the same fields: see `unco.corpus.formats.tables`; for CoNLL text see
    `unco.corpus.formats.conll`.

    Args:
        path: a file, a folder, or `-`.
        pictures: of CoNLL text, whose posts name no picture; None = text alone.

    Raises:
        DataError: there is no such file, or it is none of these.
        SettingsError: pictures for posts that name their own.
    """
    with _read_errors(path):
        yield from _read(path, pictures)


def check_corpus(path: Path) -> None:
    """Refuse a file that is no corpus, by its beginning; `-` is looked at when it is read.

    Raises:
        DataError: a picture, a video, an archive, other text than posts; or it cannot be read.
    """
    if path != STDIN and path.is_file() and not is_table(path):
        with _read_errors(path), path.open("rb") as file:
            _check_head(file, path, is_lines=not is_conll(path))


def _check_head(file: BinaryIO, path: Path, is_lines: bool) -> None:
    """Look at a file's first bytes; nothing is taken from it."""
    name = "the standard input" if path == STDIN else path
    peek = getattr(file, "peek", None)
    head = peek(HEAD_BYTES)[:HEAD_BYTES] if peek else b""
    if b"\0" in head or head.startswith(BINARY):
        raise DataError(
            f"{name} is no UTF-8 text, so it holds no posts: hand in JSON Lines, a table or CoNLL text; a post's "
            'picture is named in its line, {"text": ..., "image": ...}'
        )
    first = head.removeprefix(BOM_UTF8).split(b"\n")
    lines = [line for line in (first[:-1] if len(head) == HEAD_BYTES else first) if line.strip()]  # whole ones
    if is_lines and lines and not any(line.lstrip().startswith(b"{") for line in lines):
        raise DataError(
            f'{name} holds no JSON Lines: a post is an object on a line of its own, {{"text": ...}}, and its first '
            f"line is {lines[0][:40].decode(errors='replace')!r}"
        )


def _read(path: Path, pictures: Path | None) -> Iterator[Line]:
    check_corpus(path)
    conll = path != STDIN and is_conll(path)
    if pictures is not None and not conll:
        raise SettingsError(f'--pictures is for CoNLL text; in {path} each post names its own: {{"image": ...}}')
    if conll:
        for number, fields in enumerate(conll_posts(path, pictures), start=1):
            yield Line(number, None, fields) if isinstance(fields, str) else _checked(number, fields)
    elif path == STDIN:
        _check_head(sys.stdin.buffer, path, is_lines=True)
        yield from lines_of(sys.stdin.buffer)
    elif is_table(path):
        for number, row in enumerate(rows(path), start=1):
            yield _checked(number, row)
    else:
        with path.open("rb") as file:
            yield from lines_of(file)


def count_posts(path: Path) -> int | None:
    """Count the posts of a file, to estimate the time left; None = it cannot be known before."""
    if path == STDIN or is_table(path):
        return None
    with _read_errors(path):
        if is_conll(path):
            return sum(1 for _ in conll_posts(path, None))
        with path.open("rb") as file:
            return sum(1 for _ in _whole_lines(file))


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def lines_of(file: BinaryIO) -> Iterator[Line]:
    """Yield the posts of JSON Lines from the file's position on, numbered from 1."""
    return (_line(number, line) for number, line in enumerate(_whole_lines(file), start=1))


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that are not blank; in place of one that is too long, as many bytes of something else."""
    while line := file.readline(MAX_LINE_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE_BYTES)):
            line = b"x" * MAX_LINE_BYTES  # the rest of a line that is too long: it is no post, and is not kept
        if line.strip():
            yield line


def _line(number: int, line: bytes) -> Line:
    if len(line) >= MAX_LINE_BYTES:
        return Line(number, None, f"longer than {MAX_LINE_BYTES} bytes")
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # json's and Unicode's are ValueErrors
        return Line(number, None, " ".join(str(error).split()))
    return _checked(number, data)


def _checked(number: int, data: Any) -> Line:
    try:
        return Line(number, _post(data))
    except (ValidationError, PostError) as error:
        return Line(number, None, _message(error))


def _post(data: Any) -> PostInput:
    if not isinstance(data, dict):
        raise PostError('a post is an object: {"text": ...}')
    post = PostInput.model_validate(data)
    for name in ("id", "image", "caption"):
        try:
            (getattr(post, name) or "").encode("utf-8")
        except UnicodeEncodeError as error:  # it cannot be written into a result either
            raise PostError(f"{name}: character {error.start} is half of one: hand it in as valid Unicode") from error
    return post


def _message(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, fault['loc'][:1]))}: {fault['msg']}" for fault in error.errors())
    return " ".join(str(error).split())
