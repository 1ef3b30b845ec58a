"""Read and write JSON files; errors name the place of a fault."""

import json
import os
import reprlib
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from unco.corpus.formats.opened import opened
from unco.errors import DataError
from unco.plain_json import read_json, read_values

LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity", "-")


_HEAD_BYTES = 4096


class Record(BaseModel):
    """A JSON object with known keys and no conversions: "3" is no number, and a missing key is no zero."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


R = TypeVar("R", bound=Record)


def read_text(path: Path) -> str:
    """Read a file's text.

    Raises:
        DataError: it is missing, empty, or not UTF-8.
    """
    try:
        with opened(path) as file:
            text = file.read().decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _not_text(str(path), error) from error
    if not text or text.isspace():
        raise DataError(f"{path} is empty")
    return text


def starts_as_list(path: Path) -> bool:
    """Whether a file starts as a JSON list; only its beginning is read.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with opened(path) as file:
            return file.read(_HEAD_BYTES).removeprefix(BOM_UTF8).lstrip().startswith(b"[")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error


def parse_json(text: str, where: str, read: Callable[[str], Any] = read_json) -> Any:
    """Parse a JSON value.

    Args:
        text: of it.
        where: it stands, for messages.
        read: reads it.

    Raises:
        DataError: it is none; says so where it was cut off.
    """
    try:
        return read(text)
    except JSONDecodeError as error:
        if _cut_off(text, error):
            raise DataError(
                f"{where}: cut off in the middle, after {text[-40:]!r}: the file is not complete"
            ) from error
        place = f"line {error.lineno}, column {error.colno}" if error.lineno > 1 else f"column {error.colno}"
        raise DataError(f"{where}: not JSON at {place}: {error.msg}") from error
    except (RecursionError, ValueError) as error:  # nested, or a number of digits, beyond what Python reads; or odd
        raise DataError(f"{where}: not JSON that can be read: {error}") from error


def _cut_off(text: str, error: JSONDecodeError) -> bool:
    rest = text[error.pos : error.pos + 100].strip()  # longer than any literal, however long the text
    return error.msg.startswith("Unterminated string") or any(word.startswith(rest) for word in LITERALS)


def json_lines(path: Path) -> Iterator[tuple[str, Any]]:
    """Read (place, value) of each line that is not blank; or of each JSON object over many lines.

    Lines are read as they are needed: a long one takes the memory of one, whatever the file holds.

    Raises:
        DataError: the file cannot be read, is empty, or a line is no JSON.
    """
    empty = True
    for where, line in _lines(path):
        empty = False
        if where == f"{path}:1" and len(line) < 100 and line.strip() == "{":
            yield from _objects(path)
            return
        yield where, parse_json(line, where)
    if empty:
        raise DataError(f"{path} is empty")


def _objects(path: Path) -> Iterator[tuple[str, Any]]:
    """Read (place, value) of JSON objects over many lines each, one after another."""
    values = parse_json(read_text(path), str(path), read_values)
    if len(values) == 1:
        return iter([(str(path), values[0])])
    return ((f"{path}: object {number}", value) for number, value in enumerate(values, start=1))


def _not_text(where: str, error: UnicodeDecodeError) -> DataError:
    if error.object.startswith(b"PK"):
        return DataError(
            f"{where} is not UTF-8 text but a ZIP archive, or a file of Office: unpack it, or save its text"
        )
    return DataError(f"{where} is not UTF-8 text: {error}: save it as UTF-8")


def json_rows(path: Path) -> Iterator[tuple[str, Any]]:
    """Read (place, value) of each item of a JSON list, or of each line: see `json_lines`.

    Raises:
        DataError: it cannot be read, or is no JSON.
    """
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
        raise DataError(f"{path} is a pipe or a device, whose beginning cannot be read twice: write it to a file")
    if starts_as_list(path):
        items = enumerate(parse_json(read_text(path), str(path)))
        return ((f"{path}: item {number}", item) for number, item in items)
    return json_lines(path)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """Read (place, text) of each line that is not blank; they end at line feeds alone."""
    number = 0
    try:
        with opened(path) as file:
            for number, line in enumerate(file, start=1):
                text = line.decode("utf-8-sig" if number == 1 else "utf-8")
                del line  # a long one would be held twice
                if text and not text.isspace():
                    yield f"{path}:{number}", text
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise _not_text(f"{path}:{number}", error) from error


def write_lines(path: Path, lines: list[dict[str, Any]]) -> None:
    """Write one JSON object a line, UTF-8.

    Raises:
        DataError: the file cannot be written.
    """
    text = "".join(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n" for line in lines)
    write_text(text, path)


def write_text(text: str, path: Path) -> None:
    """Write a UTF-8 text file, and make its folder.

    Raises:
        DataError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise DataError(f"{path} cannot be written: {error.strerror or error}") from error


def checked(model: type[R], data: Any, where: str) -> R:
    """Validate a value as a record.

    Raises:
        DataError: it is none; names the first key at fault.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise DataError(f"{where}: {_first_fault(error, model)}") from error


def _first_fault(error: ValidationError, model: type[Record]) -> str:
    faults = error.errors(include_url=False)
    # A misspelt key is missing under its right name as well: the one that stands in the file explains more.
    fault = next((one for one in faults if one["type"] == "extra_forbidden"), faults[0])
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{str(part)[:200]}" for part in fault["loc"]).lstrip(
        "."
    )[:200]
    if fault["type"] == "extra_forbidden":
        return f"unknown key {place!r}; known are {', '.join(_keys(model, fault['loc']))}"
    if fault["type"] == "missing":
        return f"{place} is missing"
    message = "it is no object" if fault["type"] == "model_type" else fault["msg"].removeprefix("Value error, ")
    found = fault["input"]
    shown = (
        reprlib.repr(found) if isinstance(found, dict | list) else repr(found[:60] if isinstance(found, str) else found)
    )[:60]
    return f"{place + ': ' if place else ''}{message}, got {shown}"


def _keys(model: type[Record], place: tuple[int | str, ...]) -> Iterable[str]:
    """List the keys that an object of a record may have: the record itself, or one that a field of it holds."""
    for name in place[:-1]:
        if isinstance(name, str):
            model = next(_records_in(model.model_fields[name].annotation))
    return model.model_fields


def _records_in(kind: Any) -> Iterator[type[Record]]:
    """Find the records in a type such as `list[Record] | None`."""
    if isinstance(kind, type) and issubclass(kind, Record):
        yield kind
    for part in get_args(kind):
        yield from _records_in(part)
