"""Reads the values of an answer in the ways that models write them: text, numbers, boxes, null."""

import json
import re
from math import isfinite
from typing import Any

Corners = tuple[float, float, float, float]
"""Two corners as the model wrote them, in the order and units of its box frame."""

_NAMES = (("x1", "y1", "x2", "y2"), ("xmin", "ymin", "xmax", "ymax"), ("left", "top", "right", "bottom"))
_NUMBER = r"[-+]?\d{1,12}(?:\.\d{0,12})?"
_FOUR_NUMBERS = re.compile(
    rf"\s*[\[(]?\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*,\s*({_NUMBER})\s*[\])]?\s*"
)


def read_words(value: object) -> str:
    """Read reasoning; a list of steps is accepted too, as it is shown, never used."""
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(step, str) for step in value):
        value = "\n".join(value)
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode("utf-8", "replace").decode()  # an escape such as \ud83d alone is a lone surrogate


def read_number(value: object) -> float:
    """Read one coordinate.

    Raises:
        ValueError: it is no plain number.
    """
    if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip()):
        value = float(value)
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e12 or not isfinite(value):
        raise ValueError("a box needs four plain numbers")
    return float(value)


def is_null(value: object) -> bool:
    """Return whether a value is null, or the word."""
    return value is None or (isinstance(value, str) and value.strip().lower() in ("null", "none"))


def read_ordinal(value: object) -> int | None:
    """Read the number of a candidate; None for "none of them".

    Raises:
        ValueError: it is neither.
    """
    if is_null(value):
        return None
    if isinstance(value, str) and re.fullmatch(r"\s*#?\s*\d{1,6}\s*", value):
        return int(value.strip().lstrip("#"))
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e6 and value == int(value):
        return int(value)
    raise ValueError("a candidate is named by its number, or null")


def read_corners(value: object) -> Corners | None:
    """Read a box in any of the ways that models write one; None for an explicit "not in the picture".

    Raises:
        ValueError: it is no box.
    """
    if is_null(value) or value == []:
        return None
    if isinstance(value, str) and (match := _FOUR_NUMBERS.fullmatch(value)):
        value = list(match.groups())
    if isinstance(value, dict):
        named = {str(key).strip().lower(): number for key, number in value.items()}
        value = next(([named[name] for name in names] for names in _NAMES if named.keys() == set(names)), value)
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], list):
        value = value[0]  # InternVL writes [[x1, y1, x2, y2]]
    if not isinstance(value, list | tuple) or len(value) != 4:
        raise ValueError("a box is four numbers [n, n, n, n], or null")
    return (read_number(value[0]), read_number(value[1]), read_number(value[2]), read_number(value[3]))


def normalize_keys(data: Any) -> Any:
    """Normalize keys: "Reasoning process" is read as reasoning_process, as the paper writes it both ways."""
    if not isinstance(data, dict):
        return data
    return {re.sub(r"\s+", "_", str(key).strip().lower()): value for key, value in data.items()}


def note_named_corners(data: Any, box: str) -> Any:
    """Record in an answer whether the corners of its box came with names."""
    if isinstance(data, dict):
        data["named_corners"] = isinstance(data.get(box), dict)
    return data
