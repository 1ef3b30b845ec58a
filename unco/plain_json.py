"""Reads JSON that can be written again: integers beyond all use, and halves of characters, are refused."""

import json
import re
from typing import Any

_BLANKS = re.compile(r"\s*")
_HALF = re.compile(r"[\ud800-\udfff]")

_MAX_DIGITS = 19
"""Of an integer of 64 bits, as ids of posts are; longer ones fit into no other program's."""


def read_json(text: str) -> Any:
    """Parse a JSON value.

    Raises:
        ValueError: it is none; or holds an integer that is too long, or an escape that is half a character.
        RecursionError: it is nested too deeply.
    """
    value = json.loads(text, parse_int=_integer)
    if "\\ud" in text or "\\uD" in text:
        check_characters(value)
    return value


def read_values(text: str) -> list[Any]:
    """Parse JSON values that stand one after another; raises as `read_json`."""
    decoder, values, end = json.JSONDecoder(parse_int=_integer), list[Any](), 0
    while (start := _BLANKS.match(text, end).end()) < len(text):  # type: ignore[union-attr]  # it always matches
        value, end = decoder.raw_decode(text, start)
        values.append(value)
    check_characters(values)
    return values


def check_characters(value: Any) -> None:
    """Check that all text is in whole characters: half of one, which JSON can escape, can be written into no file.

    Raises:
        ValueError: some is not.
    """
    left = [value]
    while left:
        match left.pop():
            case str() as text if half := _HALF.search(text):
                raise ValueError(f"{half[0]!r} is half a character: write it as valid Unicode")
            case dict() as members:
                left += [*members, *members.values()]
            case list() as items:
                left += items


def _integer(digits: str) -> int:
    if len(digits.removeprefix("-")) > _MAX_DIGITS or not -(2**63) <= int(digits) < 2**63:
        raise ValueError(f"{digits[:_MAX_DIGITS]}... is a number of {len(digits)} digits, more than 64 bits hold")
    return int(digits)
