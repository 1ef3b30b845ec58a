"""Reads the values of an answer in the ways that models write them: text, numbers, boxes, null."""

import json
import re
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from unco.prompts.box_notations import Corners, WrittenBox, is_null, read_written_box
from unco.prompts.other_names import boxes_of, with_our_names

_AROUND_KEYS = " \t\r\n:*\"'`"
_ORDINAL = re.compile(r"(?:candidate|box|region|number|no\.)? ?#? ?(\d{1,6}) ?\.?", re.IGNORECASE)
_BY_THE_WAY = re.compile(
    r"reason|thought|think|example|draft|original|given|current|initial|before|previous|input|question"
)
"""Keys of what is no answer, though it may look like one."""

_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def read_words(value: object) -> str:
    """Read reasoning; a list of steps is accepted too, as it is shown, never used."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(step, str) for step in value):
        value = "\n".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()  # an escape such as \ud83d alone is a lone surrogate


def read_name(value: object) -> object:
    """Read words or a type; of a list or an object that holds one text, this text. Anything else stays as it is.

    Numbers beside the text are a confidence, or places in the post.
    """
    while isinstance(value, list | dict):
        inner = list(value.values()) if isinstance(value, dict) else value
        texts = [item for item in inner if not _is_number(item)] if isinstance(value, dict) else inner
        if len(texts) != 1 or (len(inner) > 1 and not isinstance(texts[0], str)):
            return value
        value = texts[0]
    return value


def _is_number(value: object) -> bool:
    """Return whether a value is a number; true and false judge what stands beside them."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def read_ordinal(value: object) -> int | None:
    """Read the number of a candidate; None for "none of them".

    Raises:
        ValueError: it is neither.
    """
    if is_null(value):
        return None
    if isinstance(value, str) and (named := _ORDINAL.fullmatch(" ".join(value.split()))):
        return int(named[1])
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6 and value == int(value):
        return int(value)
    raise ValueError("a candidate is named by its number, or null")


def read_choice(value: object) -> object:
    """Read which of two values was chosen, as models write it: "Second.", "the first reading", 2."""
    named = re.findall(r"first|second|\b[12]\b", str(value).lower())
    return {"1": "first", "2": "second"}.get(named[0], named[0]) if len(set(named)) == 1 else value


def read_corners(value: object) -> Corners | None:
    """Read a box in any of the ways that models write one; None for an explicit "not in the picture".

    Raises:
        ValueError: it is no box.
    """
    return read_written_box(value).corners


def read_area(value: object) -> WrittenBox | None:
    """Read an area in any of the ways that models write a box; None for "none".

    Raises:
        ValueError: it is no box.
    """
    written = read_written_box(value)
    return None if written.corners is None else written


def normalize_keys(data: Any, known: Collection[str] = ()) -> Any:
    r"""Normalize keys: "Reasoning process", reasoningProcess and reasoning\_process are read as reasoning_process.

    Args:
        data: an answer.
        known: keys of such an answer; the only object in another that has one of them is the answer.
    """
    if not isinstance(data, dict):
        return data
    keys = {_CAPITAL.sub("_", str(key).strip(_AROUND_KEYS)): value for key, value in data.items()}
    data = {re.sub(r"[\s_\\-]+", "_", key.lower()): value for key, value in keys.items()}
    data = with_our_names(data, known)
    values = set(known) - {"reasoning_process"}
    return data if not values or data.keys() & values else _inside(data, known, values) or data


def _inside(data: dict[str, Any], known: Collection[str], values: Collection[str]) -> dict[str, Any] | None:
    """Return the answer that stands as the only object in another: as arguments of a tool, or with a word beside it."""
    inner = [found for key, value in data.items() if not _BY_THE_WAY.search(key) for found in _objects_in(value)]
    if len(inner) != 1:
        return None
    found = normalize_keys(inner[0], known)
    has_box = "corrected_bounding_box" in values and boxes_of(found)
    return found if has_box or found.keys() & values else None


def _objects_in(value: object) -> list[dict[str, Any]]:
    """Return the objects that a value is, holds as a list, or is as a text."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        with suppress(ValueError, RecursionError):
            value = json.loads(value)
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, dict)]


def note_notation(data: Any, box: str) -> Any:
    """Record in an answer how its box was written, and move a box under another family's key to the key of ours.

    Without a key of a box there is no box: the answer stays unreadable.
    """
    if not isinstance(data, dict):
        return data
    if box not in data and (others := boxes_of(data)):
        data[box] = others
    try:
        written = read_written_box(data.get(box))
    except ValueError:
        written = WrittenBox(None)  # the reader of the key says what is wrong
    data["named_corners"], data["location_tokens"] = written.named, written.tokens
    return data
