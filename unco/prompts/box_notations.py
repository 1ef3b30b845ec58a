"""Reads a box in the notations of the model families: keys, named corners, pairs, tags, location tokens.

Each notation stands in a table with its source. None of them says in which units the numbers are, or whether y comes
first: that is the box frame's, by the model's family. Corners with names keep x and y by their names.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

from unco.prompts.other_names import (
    BOX_KEYS,
    CENTRE_KEYS,
    CORNER_KEYS,
    LIST_KEYS,
    PAIR_KEYS,
    SIZE_KEYS,
    SPELT_KEYS,
    squashed,
)

Corners = tuple[float, float, float, float]
"""Two corners as the model wrote them, in the order and units of its box frame."""

LocationTokens = Literal["", "loc", "loc_", "patch_index"]
"""Tokens that a box was written in: <loc0123>, <loc_123>, <patch_index_0123>; empty = plain numbers."""

FORMAT = "a box is four numbers [n, n, n, n], or null"

_INSIDE = "(.{0,200}?)"

TAGS: Mapping[str, str] = {
    f"<box>{_INSIDE}</box>": "InternVL: <box>[[x1, y1, x2, y2]]</box>, its docs' chat data format; "
    "Qwen-VL: <box>(x1,y1),(x2,y2)</box>; MiniCPM-V: <box>x1 y1 x2 y2</box>",
    f"<bbox>{_INSIDE}</bbox>": "Doubao, Seed: <bbox>x1 y1 x2 y2</bbox>, Volcengine Ark's guide to visual grounding",
    rf"<\|box_start\|>{_INSIDE}<\|box_end\|>": "Qwen2-VL: (x1,y1),(x2,y2), its README and tokenizer_config.json",
    rf"<\|det\|>{_INSIDE}<\|/det\|>": "DeepSeek-VL2: [[x1, y1, x2, y2]], its README; supervision's reader of it",
    rf"<\|begin_of_box\|>{_INSIDE}<\|end_of_box\|>": "GLM-4.1V to 4.6V: [[x1,y1,x2,y2]], model card; vLLM's recipe",
}
"""Tags around a box; each must be closed."""

_LOCATIONS: Mapping[LocationTokens, tuple[re.Pattern[str], int, str]] = {
    "loc": (re.compile(r"<loc(\d{4})>"), 4, "PaliGemma: big_vision, detection example; supervision's from_paligemma"),
    "loc_": (re.compile(r"<loc_(\d{1,3})>"), 4, "Florence-2: transformers, florence2/processing_florence2.py"),
    "patch_index": (
        re.compile(r"<patch_index_(\d{4})>"),
        2,
        "Kosmos-2: transformers, kosmos2/processing_kosmos2.py: two cells of 32 x 32",
    ),
}
"""Location tokens: their pattern, how many make a box, and their source."""

_CELLS = 32
_DEPTH = 6
_NUMBER = r"[-+]?\d{1,12}(?:\.\d{0,12})?"
_GAP = r" ?[\])]? ?(?:,|(?<=[\d.]) ) ?[\[(]? ?"
_FOUR_NUMBERS = re.compile(rf"[ \[(]*({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER}){_GAP}({_NUMBER})[ \])]*")
_FOUR_WITH_COMMAS = re.compile(_FOUR_NUMBERS.pattern.replace(r"|(?<=[\d.]) ", ""))
_NAMED_NUMBER = rf"([A-Za-z][A-Za-z_ ]{{0,10}}?\d?) ?[:=] ?({_NUMBER})"
_NAMED_NUMBERS = re.compile(rf"[ (\[]*(?:{_NAMED_NUMBER}[ ,;]*){{4}}[)\]]*")
_LABEL = re.compile(r"\s*(?:b(?:ounding[ _]?)?box|coordinates)\s*[:=]\s*(?=[\[(])", re.IGNORECASE)
_FENCE = re.compile(r"\s*```[^\n`]*\n(.*?)```\s*", re.DOTALL)
_PLACEHOLDER = re.compile(r"<([^<>]*)>")  # as the prompts show where the value goes


@dataclass(frozen=True, slots=True)
class WrittenBox:
    """A box as a model wrote it."""

    corners: Corners | None
    """None for an explicit "not in the picture"."""
    named: bool = False
    """Whether the corners came with names; then they are x1, y1, x2, y2, also where the box frame puts y first."""
    tokens: LocationTokens = ""


_THERE = "(?:in|on) (?:the )?(?:picture|image|photo)"

_NULL = re.compile(
    r"null|none|nil|n/?a|not applicable|absent|no (?:(?:bounding )?box|bbox|region)|none of them|"
    r"(?:(?:it|the entity) is )?not "
    rf"(?:(?:visible|present|shown|found|depicted|pictured|there)(?: {_THERE})?|{_THERE})|"
    r"无|無|没有|不可见|未出现|不在图(?:片|像)?中|(?:图(?:片|像)?中)?(?:没有|未找到|未出现|不存在)"
)
"""Words for "not in the picture", and nothing else: "unknown" and "not sure" are no answer."""

_REMARK = re.compile(r" ?[(\[][^()\[\]\d]*[)\]]\Z")


def is_null(value: object) -> bool:
    """Return whether a value is null, or says so in words, with a remark behind them or without."""
    if not isinstance(value, str):
        return value is None
    return bool(_NULL.fullmatch(_REMARK.sub("", " ".join(value.split())).strip(" .。!").lower()))


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


def read_written_box(value: object, depth: int = _DEPTH) -> WrittenBox:
    """Read the one box that a value holds, in any notation of the tables.

    Raises:
        ValueError: it holds none, or several that differ.
    """
    if depth == 0:
        raise ValueError(FORMAT)
    if is_null(value) or value == []:
        return WrittenBox(None)
    if isinstance(value, str):
        return _from_text(value, depth - 1)
    if isinstance(value, dict):
        return _from_object(value, depth - 1)
    if isinstance(value, list | tuple):
        return _from_list(value, depth - 1)
    raise ValueError(FORMAT)


def tagged_box(text: str) -> WrittenBox | None:
    """Read the one box that stands in tags or location tokens in a text; None where there is neither.

    Raises:
        ValueError: what stands there is no box, or there are several that differ.
    """
    found = [match for pattern in TAGS for match in re.findall(pattern, text, re.DOTALL)]
    located = list(_located(text))
    if not found and not located:
        return None
    return _the_one([*(_from_numbers(inner) for inner in found if not _holds_tokens(inner)), *located])


def _from_object(value: Mapping[Any, Any], depth: int) -> WrittenBox:
    """Read an object: named corners, a corner with a size, or a key of the tables."""
    named = {squashed(key): number for key, number in value.items()}
    for key, names in SPELT_KEYS.items():
        if isinstance(numbers := named.get(key), list) and len(numbers) == len(names):
            named |= dict(zip(names, numbers, strict=True))
    for names in CORNER_KEYS:
        if named.keys() >= set(names):
            if all(named[name] is None for name in names):
                return WrittenBox(None)
            return WrittenBox(_corners([named[name] for name in names]), named=True)
    for first, last in PAIR_KEYS:
        if named.keys() >= {first, last}:
            return _from_pairs(named[first], named[last])
    named = _with_corner(named)
    for names in SIZE_KEYS:
        if named.keys() >= set(names):
            x, y, width, height = (read_number(named[name]) for name in names)
            if width <= 0 or height <= 0:
                raise ValueError("a box needs a width and a height above 0")
            return WrittenBox((x, y, x + width, y + height), named=True)
    boxes = [read_written_box(inner, depth) for key, inner in named.items() if key in BOX_KEYS]
    boxes += [_from_list(inner, depth) for key, inner in named.items() if key in LIST_KEYS and isinstance(inner, list)]
    return _the_one(boxes)


def _with_corner(named: dict[str, Any]) -> dict[str, Any]:
    """Return an object that gives a centre and a size with the upper left corner besides."""
    for names in CENTRE_KEYS:
        if named.keys() >= set(names):
            x, y, width, height = (read_number(named[name]) for name in names)
            return named | {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height}
    return named


def _from_pairs(first: object, last: object) -> WrittenBox:
    """Read two corners, each a pair in the frame's own order, or by name."""
    if (named := _named_corners([first, last])) is not None:
        return named
    if not (isinstance(first, list) and isinstance(last, list) and len(first) == len(last) == 2):
        raise ValueError(FORMAT)
    return WrittenBox(_corners([*first, *last]))


def _named_corners(points: list[Any] | tuple[Any, ...]) -> WrittenBox | None:
    """Read two points with names, or the four corners of a rectangle; None = they are none."""
    if not points or not all(isinstance(point, dict) and {"x", "y"} <= point.keys() for point in points):
        return None
    ends = pairs if len(pairs := [[point["x"], point["y"]] for point in points]) == 2 else _opposite(pairs)
    return WrittenBox(_corners([*ends[0], *ends[1]]), named=True) if ends else None


def _opposite(points: list[Any] | tuple[Any, ...]) -> list[Any] | None:
    """Return two opposite corners of a rectangle that is given by its four; None = it is none."""
    if len(points) != 4 or not all(isinstance(point, list | tuple) and len(point) == 2 for point in points):
        return None
    pairs = [(read_number(one), read_number(other)) for one, other in points]
    ends = [sorted({pair[axis] for pair in pairs}) for axis in (0, 1)]
    if len(set(pairs)) != 4 or any(len(values) != 2 for values in ends):
        return None
    return [[ends[0][0], ends[1][0]], [ends[0][1], ends[1][1]]]


def _from_list(value: list[Any] | tuple[Any, ...], depth: int) -> WrittenBox:
    """Read a list: four numbers, two pairs of them, or boxes of which all are one; four times null is null."""
    if value and all(item is None for item in value):
        return WrittenBox(None)
    value = _opposite(value) or value
    if (named := _named_corners(value)) is not None:
        return named
    if len(value) == 2 and all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in value):
        value = [*value[0], *value[1]]
    if all(isinstance(item, list | dict) and item for item in value):
        return _the_one([read_written_box(item, depth) for item in value])
    if len(value) == 1 and isinstance(value[0], str):
        return read_written_box(value[0], depth)
    if len(value) != 4:
        raise ValueError(FORMAT)
    return WrittenBox(_corners(value))


def _from_text(text: str, depth: int) -> WrittenBox:
    """Read a text: four numbers, tags, location tokens, or JSON, also in a code fence."""
    text = unicodedata.normalize("NFKC", text).strip().rstrip(".")  # full-width brackets and commas
    if wrapped := _FENCE.fullmatch(text) or _PLACEHOLDER.fullmatch(text):
        text = wrapped[1]
    if is_null(text):
        return WrittenBox(None)
    if _NAMED_NUMBERS.fullmatch(line := " ".join(text.split())):
        return _from_object(dict(re.findall(_NAMED_NUMBER, line)), depth)
    if labelled := _LABEL.match(text):
        text = text[labelled.end() :]
    if match := _FOUR_WITH_COMMAS.fullmatch(" ".join(text.split())):
        return WrittenBox(_corners(match.groups()))
    if (tagged := tagged_box(text)) is not None:
        return tagged
    if not text.strip().startswith(("[", "{")):
        raise ValueError(FORMAT)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(FORMAT) from None
    return read_written_box(value, depth)


def _from_numbers(text: str) -> WrittenBox:
    """Read what stands in a tag: four numbers, in whatever brackets."""
    if (match := _FOUR_NUMBERS.fullmatch(" ".join(text.split()))) is None:
        raise ValueError(FORMAT)
    return WrittenBox(_corners(match.groups()))


def _holds_tokens(text: str) -> bool:
    return any(pattern.search(text) for pattern, _, _ in _LOCATIONS.values())


def _located(text: str) -> Iterable[WrittenBox]:
    """Yield the boxes of a text's location tokens; a number of tokens that makes no whole box is an error."""
    for tokens, (pattern, count, _) in _LOCATIONS.items():
        numbers = [int(number) for number in pattern.findall(text)]
        if len(numbers) % count:
            raise ValueError(FORMAT)
        for start in range(0, len(numbers), count):
            group = numbers[start : start + count]
            yield WrittenBox(_cell_corners(*group) if tokens == "patch_index" else _corners(group), tokens=tokens)


def _cell_corners(first: int, last: int) -> Corners:
    """Convert two cells to corners from 0 to 1: their middles, or their outer edges if both share a row or column.

    Source: `patch_index_to_coordinate` in transformers, kosmos2/processing_kosmos2.py.
    """
    if not 0 <= first < _CELLS**2 or not 0 <= last < _CELLS**2:
        raise ValueError(FORMAT)
    (y1, x1), (y2, x2) = divmod(first, _CELLS), divmod(last, _CELLS)
    low, high = (0.0, 1.0) if x1 == x2 or y1 == y2 else (0.5, 0.5)
    return (x1 + low) / _CELLS, (y1 + low) / _CELLS, (x2 + high) / _CELLS, (y2 + high) / _CELLS


def _corners(numbers: Iterable[object]) -> Corners:
    x1, y1, x2, y2 = map(read_number, numbers)
    return x1, y1, x2, y2


def _the_one(boxes: list[WrittenBox]) -> WrittenBox:
    """Return the box that all of them are.

    Raises:
        ValueError: there is none, or they differ.
    """
    if not boxes:
        raise ValueError(FORMAT)
    if len(set(boxes)) > 1:
        raise ValueError(f"one box is asked for, and there are {len(set(boxes))}")
    return boxes[0]
