"""Reads posts one after another, from whatever holds them; every command reads them here."""

import json
import os
import re
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import TypeAdapter, ValidationError

from unco.corpus.formats.conll import conll_posts, plain_posts, sentences
from unco.corpus.formats.data_set_rows import FIELDS, fields_of, is_row, picture_in
from unco.corpus.formats.delimited import delimited_rows
from unco.corpus.formats.files import Form, files_of, form_of, is_list
from unco.corpus.formats.json_objects import json_objects
from unco.corpus.formats.opened import as_utf8, is_as_it_stands, opened
from unco.corpus.formats.tables import table_rows
from unco.corpus.post_faults import message_of
from unco.errors import DataError, PostError, SettingsError
from unco.state import PostId, PostInput

MAX_LINE_BYTES = 64 * 2**20
"""Length of a line; a longer one is no post, as an inline picture has a few million bytes."""

STDIN = Path("-")

_HERE = Path()

_ID: TypeAdapter[str] = TypeAdapter(PostId)

HEAD_BYTES = 4096

_BLANKS = re.compile(r"\s*")

BINARY = (
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"GIF8",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"%PDF",
)
"""First bytes of files that may hold no null byte near their beginning: pictures, archives, PDF."""


_OWN_PICTURES = 'names the picture of each post itself: {"image": ...}'
_PICTURES: dict[Form, str] = {
    "plain": "is running text, whose lines name none: hand in JSON Lines, "
    '{"text": ..., "image": ...}, or a table with the columns text and image',
    "table": "names the picture of each post in its column `image`",
    "delimited": "names the picture of each post in its column `image`",
    "document": _OWN_PICTURES,
    "lines": _OWN_PICTURES,
}
"""How posts of other forms have pictures."""


@dataclass(frozen=True, slots=True)
class Line:
    """One post of a file, or why it cannot be read."""

    number: int
    """From 1."""
    post: PostInput | None
    fault: str = ""
    id: str | None = None
    """Of a post that cannot be read, where it says its id."""


def read_posts(path: Path, pictures: Path | None = None) -> Iterator[Line]:
    """Yield the posts of a file as they are needed, so that memory does not grow. Blank lines are no posts.

    A line: {"text": "..." or [tokens], "image": ..., "id": ..., "regions", "caption", "private"}; text alone will do.
    Rows of a data set have the same fields, or `tokens` in place of `text`, and their other fields are not read. For
    folders see `unco.corpus.formats.files`, for CoNLL text `unco.corpus.formats.conll`.

    Args:
        path: a file, a folder, or `-`.
        pictures: of CoNLL text, whose posts name no picture; None = text alone.

    Raises:
        DataError: there is no such file, or it is none of these.
        SettingsError: pictures for posts that name their own.
    """
    with _read_errors(path):
        read = (_read(file, pictures) for file in ([path] if path == STDIN else files_of(path)))
        for number, line in enumerate(chain.from_iterable(read), start=1):
            yield line if line.number == number else replace(line, number=number)


def is_stream(path: Path) -> bool:
    """Return whether a path can be read only once: standard input, a pipe, `<(...)` of a shell."""
    return path == STDIN or (os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)))


def check_corpus(path: Path) -> None:
    """Refuse a file that is no corpus, by its beginning; `-` is looked at when it is read.

    Raises:
        DataError: a picture, a video, an archive, other text than posts; or it cannot be read.
    """
    with _read_errors(path):
        for file in () if path == STDIN else files_of(path):
            _checked_form(file)


def _checked_form(path: Path) -> Form:
    """Tell the form of a file of posts.

    Raises:
        DataError: it is no corpus.
    """
    form = form_of(path)
    if form != "table" and path.is_file():
        with opened(path) as file:
            _check_head(file, path, is_lines=form == "lines")
    return form


def _check_head(file: BinaryIO, path: Path, is_lines: bool) -> None:
    """Look at a file's first bytes; nothing is taken from it."""
    name = "the standard input" if path == STDIN else path
    peek = getattr(file, "peek", None)
    head = peek(HEAD_BYTES)[:HEAD_BYTES] if peek else b""
    if b"\0" in head or head.startswith(BINARY):
        raise DataError(
            f"{name} is no UTF-8 text, so it holds no posts: hand in JSON Lines, CSV (as spreadsheets can be saved), "
            'Parquet or CoNLL text; a post\'s picture is named in its line, {"text": ..., "image": ...}'
        )
    first = head.removeprefix(BOM_UTF8).split(b"\n")
    lines = [line for line in (first[:-1] if len(head) == HEAD_BYTES else first) if line.strip()]  # whole ones
    if is_lines and lines and not any(line.lstrip().startswith(b"{") for line in lines):
        raise DataError(
            f'{name} holds no JSON Lines: a post is an object on a line of its own, {{"text": ...}}, and its first '
            f"line is {lines[0][:40].decode(errors='replace')!r}; a file of running text, a post a line, is named .txt"
        )


def _read(path: Path, pictures: Path | None) -> Iterator[Line]:
    form = "lines" if path == STDIN else _checked_form(path)
    if pictures is not None and form != "conll":
        raise SettingsError(f"--pictures is for CoNLL text with lines IMGID:<id>; {path} {_PICTURES[form]}")
    if form == "conll":
        yield from map(_of_fields, conll_posts(path, pictures))
    elif form == "plain":
        yield from map(_of_fields, plain_posts(path))
    elif form == "table":
        yield from (_of_fields(fields_of(row, path.parent)) for row in table_rows(path, FIELDS))
    elif form == "delimited":
        rows = delimited_rows(path, FIELDS)
        yield from (_of_fields(row if isinstance(row, str) else fields_of(row, path.parent)) for row in rows)
    elif form == "document":
        yield from _document(path)
    elif path == STDIN:
        stdin = as_utf8(sys.stdin.buffer)
        _check_head(stdin, path, is_lines=True)
        yield from lines_of(stdin, _HERE)
    else:
        with opened(path) as file:
            if is_stream(path):
                _check_head(file, path, is_lines=True)
            yield from lines_of(file, path.parent)


def is_cut_by_line(path: Path) -> bool:
    """Return whether a path is JSON Lines, which can be read from the beginning of any line on."""
    with _read_errors(path):
        return path != STDIN and path.is_file() and form_of(path) == "lines" and is_as_it_stands(path)


def count_posts(path: Path) -> int | None:
    """Count the posts of a file, to estimate the time left; None = it cannot be known before."""
    if is_stream(path):
        return None
    with _read_errors(path):
        counts = [_count(file) for file in files_of(path)]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None


def _count(path: Path) -> int | None:
    form = form_of(path)
    if form == "conll":
        return sum(1 for _ in sentences(path))
    if form == "plain":
        return sum(1 for _ in plain_posts(path))
    if form != "lines":
        return None
    with opened(path) as file:
        return sum(1 for _ in _whole_lines(file))


def _document(path: Path) -> Iterator[Line]:
    """Yield the posts of JSON that is not written line by line: a list, or objects over many lines each."""
    if is_list(path):
        return (_checked(data, path.parent) for data in _list(path))
    return (_of_fields(data, path.parent) for data in json_objects(path, MAX_LINE_BYTES))


def _list(path: Path) -> list[Any]:
    try:
        with opened(path) as file:
            values = list(_values(file.read().decode("utf-8-sig", "surrogatepass")))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}") from error
    return values[0] if len(values) == 1 and isinstance(values[0], list) else values


def _values(text: str) -> Iterator[Any]:
    """Yield the JSON values of a text, one after another."""
    decoder, end = json.JSONDecoder(), 0
    while (start := _BLANKS.match(text, end).end()) < len(text):  # type: ignore[union-attr]  # it always matches
        value, end = decoder.raw_decode(text, start)
        yield value


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"{error.filename or path} cannot be read: {error.strerror or error}") from error


def lines_of(file: BinaryIO, folder: Path) -> Iterator[Line]:
    """Yield the posts of JSON Lines from the file's position on, numbered from 1.

    Args:
        file: open.
        folder: where it is; a picture may be named from there.
    """
    return (_line(number, line, folder) for number, line in enumerate(_whole_lines(file), start=1))


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that are not blank; in place of one that is too long, as many bytes of something else."""
    while line := file.readline(MAX_LINE_BYTES):
        rest = line
        while not rest.endswith(b"\n") and (rest := file.readline(MAX_LINE_BYTES)):
            line = b"x" * MAX_LINE_BYTES  # the rest of a line that is too long: it is no post, and is not kept
        if line.strip():
            yield line


def _line(number: int, line: bytes, folder: Path) -> Line:
    if len(line) >= MAX_LINE_BYTES:
        return Line(number, None, f"longer than {MAX_LINE_BYTES} bytes")
    try:
        data = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Line(number, None, "it is not UTF-8 text: save the file as UTF-8")
    except (ValueError, RecursionError) as error:  # json's are ValueErrors
        return Line(number, None, f"it is not one JSON object on a line: {' '.join(str(error).split())}")
    return _checked(data, folder, number)


def _of_fields(fields: dict[str, Any] | str, folder: Path = _HERE) -> Line:
    return Line(0, None, fields) if isinstance(fields, str) else _checked(fields, folder)


def _checked(data: Any, folder: Path, number: int = 0) -> Line:
    """Validate a post; 0 = its number is given later."""
    try:
        return Line(number, _post(data, folder))
    except (ValidationError, PostError) as error:
        return Line(number, None, message_of(error), _id_of(data))


def _id_of(data: Any) -> str | None:
    """Return the id of a post that cannot be read; None = it has none, or none that can be written."""
    try:
        identity = _ID.validate_python(data["id"])
        identity.encode("utf-8")
        return identity
    except (ValueError, TypeError, KeyError):
        return None


def _post(data: Any, folder: Path) -> PostInput:
    if not isinstance(data, dict):
        raise PostError('a post is an object: {"text": ...}')
    if is_row(data):
        data = fields_of(data, folder)
    elif "image" in data:
        data = data | {"image": picture_in(data["image"], folder)}
    post = PostInput.model_validate(data)
    for name in ("id", "image", "caption"):
        try:
            (getattr(post, name) or "").encode("utf-8")
        except UnicodeEncodeError as error:  # it cannot be written into a result either
            raise PostError(f"{name}: character {error.start} is half a surrogate pair: give valid Unicode") from error
    return post
