"""Reads JSON objects that are written over many lines each, one after another; a broken one costs no other."""

import json
import re
from collections.abc import Iterator
from json import JSONDecodeError
from pathlib import Path
from typing import Any, TextIO

from unco.corpus.formats.text_lines import is_utf8, open_text

_PIECE = 2**16
"""Characters that are read at once, at least."""

_BLANKS = re.compile(r"\s*")
_NEXT = re.compile(r"[\r\n]\{")
_DECODER = json.JSONDecoder()


def json_objects(path: Path, longest: int) -> Iterator[dict[str, Any] | str]:
    """Yield the objects of a file as they are needed, or why one cannot be read.

    Below a broken object the reading goes on at the next line that begins with a brace.

    Args:
        path: of the file.
        longest: characters of an object; no more of the file is held in memory.

    Raises:
        OSError: it cannot be read.
    """
    with open_text(path) as file:
        window = _Window(file, longest)
        while window.skip_blanks():
            yield window.take_object()


class _Window:
    """The part of a file that is held in memory."""

    def __init__(self, file: TextIO, longest: int) -> None:
        self._file, self._longest = file, longest
        self._text, self._at, self._line = "", 0, 1

    def skip_blanks(self) -> bool:
        """Go to what follows; return whether anything does."""
        while True:
            self._at = _BLANKS.match(self._text, self._at).end()  # type: ignore[union-attr]  # it always matches
            if self._at < len(self._text):
                return True
            if not self._read_on():
                return False

    def take_object(self) -> dict[str, Any] | str:
        """Return the object that begins here, or why it cannot be read, and go behind it."""
        while True:
            begin = self._at
            try:
                found, self._at = _DECODER.raw_decode(self._text, begin)
            except JSONDecodeError as error:
                may_be_cut_off = self._text.find("\n", error.pos) < 0
                if may_be_cut_off and self._read_on():
                    continue
                is_long = may_be_cut_off and len(self._text) - begin >= self._longest
                return self._fault(f"longer than {self._longest} characters" if is_long else error.msg, error.pos)
            except RecursionError as error:
                return self._fault(str(error), begin)
            if not is_utf8(self._text[begin : self._at]):
                return f"the object in line {self._line_of(begin)} is not UTF-8 text: save the file as UTF-8"
            return found if isinstance(found, dict) else "a post is an object on lines of its own"

    def _read_on(self) -> bool:
        """Read the next part, and drop what is behind; return False at the end and where too much would be held."""
        held = len(self._text) - self._at
        more = self._file.read(max(0, min(max(_PIECE, held), self._longest - held)))
        self._line = self._line_of(self._at)
        self._text, self._at = self._text[self._at :] + more, 0
        return bool(more)

    def _fault(self, reason: str, place: int) -> str:
        """Say why there is no object here, and go to the next line that begins with a brace, wherever the fault is."""
        message = f"the object in line {self._line_of(self._at)} is no JSON, line {self._line_of(place)}: {reason}"
        while (found := _NEXT.search(self._text, self._at)) is None:
            self._at = max(self._at, len(self._text) - 1)  # the last character may be that line end
            if not self._read_on():
                break
        self._at = found.start() if found else len(self._text)
        return message

    def _line_of(self, place: int) -> int:
        return self._line + self._text.count("\n", 0, place)
