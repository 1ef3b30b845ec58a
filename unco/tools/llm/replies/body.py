"""Reads the body of a reply: JSON, or the pieces of a stream, which some servers send though nobody asked for one.

How a body looks counts, not what its header says of it.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from unco.state import Json
from unco.tools.llm.replies.chunks import Pieces, completion_of

_BEFORE = re.compile(r"\A(?:\s+|:[^\r\n]*(?:[\r\n]+|\Z))*+")
"""What keeps a connection open before the answer: blanks, and comments as `: keep-alive`."""

_LINE_END = re.compile(r"\r\n|\n|\r")  # not `splitlines`: U+2028 may stand inside of a JSON text
_FIELD = re.compile(r"(?P<name>data|event|id|retry|):[ ]?(?P<value>.*)", re.DOTALL)
_DONE = "[DONE]"


class Event(NamedTuple):
    """One event of a stream."""

    name: str
    """Empty = none."""
    lines: Sequence[str]
    """Of its data."""


def read_body(body: bytes) -> object:
    """Return the JSON value of a body; of a stream the chat completion that its pieces make together.

    Raises:
        ValueError: it is neither.
    """
    text = _BEFORE.sub("", body.decode(json.detect_encoding(body), "surrogatepass"))
    lines = _LINE_END.split(text)
    if _FIELD.match(lines[0]):
        return completion_of(_of_events(list(_events(lines))))
    try:
        found = json.loads(text)
    except ValueError as error:
        if not text.startswith("{") or len(lines) < 2:
            raise
        found = _of_lines([line for line in lines if line.strip()], error)
    match found:
        case [_, *_]:
            return completion_of(Pieces(found, False))
        case {"choices": [{"delta": _}, *_]} | {"message": dict(), "done": False}:  # a part that came alone
            return completion_of(Pieces([found], False))
    return found


def _of_lines(lines: Sequence[str], error: ValueError) -> list[Json]:
    """Read an object a line, up to a last one that breaks off; raises the error where they are none."""
    found: list[Json] = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:
            if not found or line is not lines[-1]:
                raise error from None
    return found


def _of_events(events: Sequence[Event]) -> Pieces:
    """Read the JSON values of events, up to a last one that breaks off; raises `ValueError` over another."""
    pieces: list[Json] = []
    done = False
    for event in events:
        done = done or _DONE in map(str.strip, event.lines)
        try:
            found = _values(event.lines)
        except ValueError:
            if not pieces or event is not events[-1]:
                raise
            break
        pieces += [{"error": one} for one in found] if event.name == "error" else found
    return Pieces(pieces, done)


def _events(lines: Sequence[str]) -> Iterator[Event]:
    """Yield the events of a stream; a line that is no field goes on with the data before it."""
    name, data = "", list[str]()
    for line in [*lines, ""]:
        found = _FIELD.fullmatch(line)
        if not line.strip():
            if data:
                yield Event(name, data)
            name, data = "", []
        elif found is None or found["name"] == "data":
            data.append(line if found is None else found["value"])
        elif found["name"] == "event":
            name = found["value"].strip()


def _values(lines: Sequence[str]) -> list[Json]:
    """Read the data of an event: one value over its lines, or, where no blank line parts the events, one a line."""
    lines = [line for line in lines if line.strip() not in ("", _DONE)]
    try:
        return [json.loads("\n".join(lines))] if lines else []
    except ValueError:
        return [json.loads(line) for line in lines]
