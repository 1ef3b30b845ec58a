"""Recordings: questions with their replies in one readable file that can be shared, reviewed and replayed.

JSON Lines, one question a line: `prompt` and `prompt_hash` for the reader, `request` in full (the picture by its hash),
`reply`. No keys, no addresses. A question is found again by its `request`, so a line can also be written by hand.
"""

import difflib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unco.context import Mode
from unco.errors import DataError, RecordingMiss, SetupError
from unco.fork_locks import ForkLock
from unco.tools.llm.request import (
    OWN_PARTS,
    Reply,
    Request,
    parts_key,
    reply_from,
    reply_parts,
    request_parts,
)
from unco.tools.whole_lines import append_line, is_half

_FIELDS = {"prompt", "prompt_hash", "request", "reply"}
_BEGINS = b'{"prompt":'
"""How every line that is written here begins."""
_MAX_COMPARED = 200
"""Recordings compared letter by letter after a miss; enough to explain it, few enough to be quick."""
_EXCERPT = 30
"""Characters shown on either side of a difference."""

Record = dict[str, Any]

log = logging.getLogger(__name__)


class Recording:
    """One file of recorded questions. It is read at its first use; safe for threads."""

    def __init__(self, path: str | Path) -> None:
        """Name the file; nothing is opened yet."""
        self.path = Path(path)
        self._lock = ForkLock()
        self._records: dict[str, Record] | None = None

    def check(self, mode: Mode) -> None:
        """Check before the first question that it can be read, and in mode `record` written.

        Raises:
            DataError: in mode `replay` there is no such file; or a line of it is not a recording.
            SetupError: in mode `record` it cannot be written.
        """
        with self._lock:
            if self._records is not None:
                return
            if mode == "replay" and not self.path.exists():
                raise DataError(f"there is no recording {self.path}: make one with mode record, or correct the path")
            if self.path.exists() and not (self.path.is_file() or self.path.is_fifo()):
                raise DataError(f"the recording {self.path} is not a file: a folder or device cannot be one")
            self._loaded()
            if mode == "record":
                _append(self.path, b"")

    def find(self, request: Request) -> Reply:
        """Return the recorded reply to a question, marked as cached.

        Raises:
            RecordingMiss: it is not recorded; says which recording is nearest and where it differs.
            DataError: there is no such file, or a line of it is not a recording.
        """
        self.check("replay")
        with self._lock:
            records = self._loaded()
            record = records.get(parts_key(request_parts(request)))
            if record is None:
                raise RecordingMiss(_explain(request, list(records.values())))
            return reply_from(record["reply"])

    def find_or_check(self, request: Request) -> Reply | None:
        """Return the recorded reply; without one, check that a reply can be written before it is paid for.

        Raises:
            DataError: the file that is there is not a recording.
            SetupError: it could not be written.
        """
        with self._lock:
            record = self._loaded().get(parts_key(request_parts(request)))
            if record is None:
                _append(self.path, b"")
        return None if record is None else reply_from(record["reply"])

    def add(self, request: Request, reply: Reply) -> None:
        """Append a reply; of two lines with the same question the last counts, so nothing is ever rewritten.

        Raises:
            DataError: the file that is there already is not a recording.
            SetupError: it cannot be written.
        """
        parts = request_parts(request)
        record = {
            "prompt": request.prompt,
            "prompt_hash": request.prompt_hash,
            "request": parts,
            "reply": reply_parts(reply),
        }
        with self._lock:
            records = self._loaded()
            _append(self.path, _line(record))
            records[parts_key(parts)] = record

    def _loaded(self) -> dict[str, Record]:
        if self._records is None:
            self._records = _read(self.path) if self.path.exists() else {}
        return self._records


def _read(path: Path) -> dict[str, Record]:
    """Read the records of a file by key; of two lines with the same question the last counts."""
    records = {}
    try:
        for number, line in _whole_lines(path):
            record = _parse(line, where=f"{path}:{number}")
            records[parts_key(record["request"])] = record
    except OSError as error:
        raise DataError(f"the recording {path} cannot be read: {error.strerror or error}") from error
    return records


def _whole_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield (number, line) of the lines that are not blank; half a last one, which is cut off when one is added."""
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.endswith(b"\n") and is_half(line, _BEGINS):
                log.warning("%s:%d was cut off when it was written, and is left out", path, number)
            elif line.strip():
                yield number, line


def _parse(line: bytes, where: str) -> Record:
    try:
        record = json.loads(line.decode("utf-8-sig"))
        if not isinstance(record, dict) or record.keys() != _FIELDS:
            raise ValueError(f"needs exactly {', '.join(sorted(_FIELDS))}")
        request, known = record["request"], request_parts(Request(model="", system="", user=""))
        if not isinstance(request, dict) or request.keys() - OWN_PARTS != known.keys():
            raise ValueError(f"its request needs exactly {', '.join(known)}")
        request["temperature"] = float(request["temperature"])
        reply_from(record["reply"])
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text: {error}") from error
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(f"{where}: not a recording: {error}") from error
    return record


def _line(record: Record) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode()


def _append(path: Path, line: bytes) -> None:
    """Append a line, so that two processes can record into one file; without one check that it can be written."""
    try:
        append_line(path, line, _BEGINS)
    except OSError as error:
        raise SetupError(f"the recording {path} cannot be written: {error}") from error


def _explain(request: Request, records: list[Record]) -> str:
    """Explain why a question is not found: the nearest recording, and the first thing that differs."""
    if not records:
        return "no recording matches this question: the recording is empty"
    asked = request_parts(request)
    shared = {id(record): sum(asked.get(name) == record["request"].get(name) for name in asked) for record in records}
    close = sorted(records, key=lambda record: -shared[id(record)])[:_MAX_COMPARED]
    similarity = {id(record): _similarity(asked["user"], record["request"]["user"]) for record in close}
    nearest = max(close, key=lambda record: (similarity[id(record)], shared[id(record)]))
    recorded = nearest["request"]
    name = next(name for name in asked | recorded if asked.get(name) != recorded.get(name))
    asked_text, recorded_text = _excerpts(asked.get(name), recorded.get(name))
    return (
        f"no recording matches this {request.prompt or 'question'}. Nearest is number {records.index(nearest) + 1} of "
        f"{len(records)} ({nearest['prompt']}), its user message {similarity[id(nearest)]:.0%} alike. "
        f"First difference in {name}: asked {asked_text}, recorded {recorded_text}"
    )


def _similarity(one: str, other: object) -> float:
    """Return the share of text in common, in [0, 1]."""
    return difflib.SequenceMatcher(None, one, str(other), autojunk=False).ratio()


def _excerpts(one: object, other: object) -> tuple[str, str]:
    """Cut two values around the first difference."""
    texts = [value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in (one, other)]
    start = max(len(os.path.commonprefix(texts)) - _EXCERPT, 0)
    first, second = (
        ("…" if start else "") + text[start : start + 2 * _EXCERPT] + ("…" if len(text) > start + 2 * _EXCERPT else "")
        for text in texts
    )
    return repr(first), repr(second)
