"""Box frames: conversion between pixel boxes and the numbers that a model reads and writes.

A frame also fixes the size at which a picture is sent. It is a property of the model
(`unco.tools.box_frames.families`), never guessed from the size of the numbers: a correct answer in 0-1000 read as
pixels keeps IoU > 0.5 for one box in fourteen (8,058 boxes of Twitter10000 v2.0).
The same frame serves the box that is shown and the box that is read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, isfinite
from types import MappingProxyType
from typing import Literal

from unco.errors import Rejected, SettingsError
from unco.tools.pictures.resize import Limits, Size, size_within
from unco.types import Box

MIN_AREA = 1.0
"""Square pixels of the original picture; a smaller answered box is rejected."""

MAX_OVERHANG = 0.5
"""How far a corner may lie outside the picture, as a share of its side; farther out, the frame must be wrong."""

ROUND_TRIP_IOU = 0.98
"""Least IoU of a box with itself after encoding and decoding."""

MIN_LONGEST_SIDE = 56
"""Pixels; a shorter limit on the longest side is refused, as nothing could be recognised."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A coordinate system in which one family of models writes boxes. Plain values only."""

    name: str
    scale: Literal["pixels"] | float
    """The coordinate of the far edge of the picture: its pixels as sent, or a fixed number."""
    order: Literal["xyxy", "yxyx"]
    words: str
    """Description for a prompt; {width} and {height} stand for the size that is sent."""
    limits: Limits = Limits()
    """The picture is resized to these before it is sent, so that the model does not resize it again."""
    decimals: int = 0
    """Digits after the point that are written; 0 = whole numbers."""
    offset: float = 0.0
    """Added to a number when it is read: 0.5 where a number names a cell and stands for its middle."""
    top: float | None = None
    """The greatest number that the model can write, where that is below the scale; None = the scale."""
    cells: int = 0
    """Cells along a side, where positions are quantised to cells; 0 = as fine as the numbers."""


_CORNERS = "(x1, y1) is the top left corner, (x2, y2) the bottom right one"
_PIXELS = (
    f"[x1, y1, x2, y2] in pixels of the picture, which is {{width}} pixels wide and {{height}} pixels high; {_CORNERS}"
)


def _share(top: str, order: str = "x1, y1, x2, y2") -> str:
    edges = f"where 0 is the left or top edge of the picture and {top} the right or bottom edge"
    return f"[{order}], {edges}; {_CORNERS}"


_Y_FIRST = "y1, x1, y2, x2"
_QWEN = Limits(longest=None, least=56 * 56, most=1_003_520, multiple=28)
_CLAUDE = Limits(longest=1568, most=1_150_000)

_ALL = (
    Frame("pixels", "pixels", "xyxy", _PIXELS),
    Frame("resized_pixels", "pixels", "xyxy", _PIXELS, _QWEN),
    Frame("claude_pixels", "pixels", "xyxy", _PIXELS, _CLAUDE),
    Frame("0-1000", 1000, "xyxy", _share("1000")),
    Frame("0-1000-yx", 1000, "yxyx", _share("1000", _Y_FIRST)),
    Frame("0-999", 999, "xyxy", _share("999")),
    Frame("0-999-cells", 1000, "xyxy", _share("999"), offset=0.5, top=999),
    Frame("0-1023-yx", 1024, "yxyx", _share("1023", _Y_FIRST), top=1023),
    Frame("0-1", 1, "xyxy", _share("1"), decimals=4),
    Frame("0-1-in-32", 1, "xyxy", _share("1"), decimals=4, cells=32),
)

FRAMES: Mapping[str, Frame] = MappingProxyType({frame.name: frame for frame in _ALL})
"""Every frame by its name. `resized_pixels:<max pixels>` makes another of that kind: see `frame_by_name`."""


def frame_by_name(name: str) -> Frame:
    """Look up a frame by its name.

    Args:
        name: one of `FRAMES`, or `resized_pixels:<max pixels>`, e.g. resized_pixels:401408, for a server of Qwen2.5-VL
            whose max_pixels is set below 1,003,520: the picture is then sent small enough for it.

    Raises:
        SettingsError: there is none of that name; the message lists the known ones.
    """
    if name in FRAMES:
        return FRAMES[name]
    kind, _, most = name.partition(":")
    resized = FRAMES["resized_pixels"]
    if kind != resized.name:
        raise SettingsError(f"unknown box frame {name!r}: choose one of {', '.join(FRAMES)}")
    if not (most.isascii() and most.isdigit() and resized.limits.least <= int(most) <= 50_000_000):
        raise SettingsError(
            f"box frame {name!r}: max pixels are a whole number from 3136 to 50000000, e.g. {kind}:401408"
        )
    return replace(resized, name=name, limits=replace(resized.limits, most=int(most)))


def with_longest_side(frame: Frame, longest: int | None) -> Frame:
    """Limit the longest side of sent pictures, for privacy or for cost.

    The picture is resized to the limit first and to the family's own size then; boxes still are in original pixels.

    Args:
        frame: its own limits stay in force.
        longest: pixels, 56 or more; None = no further limit.

    Raises:
        SettingsError: a limit under 56 pixels.
    """
    if longest is None:
        return frame
    if longest < MIN_LONGEST_SIDE:
        raise SettingsError(
            f"the longest side of a sent picture must be {MIN_LONGEST_SIDE} pixels or more, got {longest}"
        )
    own = frame.limits.longest
    return replace(frame, limits=replace(frame.limits, longest=longest if own is None else min(own, longest)))


def sent_size(frame: Frame, width: int, height: int) -> Size:
    """Compute the size at which a picture of this original size is sent."""
    return size_within(frame.limits, width, height)


def describe(frame: Frame, width: int, height: int) -> str:
    """Describe the frame in words for a prompt, given the original size."""
    sent_width, sent_height = sent_size(frame, width, height)
    return frame.words.format(width=sent_width, height=sent_height)


def encode(box: Box, frame: Frame, width: int, height: int) -> list[float]:
    """Convert a box of the original picture to the numbers of the frame.

    Rounded to the nearest step (1, or 0.0001 for 0-1), so each corner moves by half a step at most, and a box of m x n
    steps comes back from `decode` at IoU (1 - 1/m)(1 - 1/n) or more. A box so small that this is under 0.98 is written
    with one decimal more, or two, where the model's numbers are free: not in `top` frames, whose numbers name tokens,
    nor in those of `cells`. Of the 8,058 boxes of Twitter10000 v2.0 all come back at IoU >= 0.98 but in these: 94-95 %
    in the token frames, and 0.87 on average in the cells of 0-1-in-32, 95.7 % above 0.5. A box so small that rounding
    would lose it is rounded outward instead, so at 1 square pixel or more it comes back as a valid box, unless the
    frame has no number for the far edge that it touches.

    Args:
        box: inside the picture, in original pixels.
        frame: the frame to write it in.
        width: of the original picture, in pixels.
        height: of the original picture, in pixels.
    """
    numbers = _nearest_steps(box, frame, width, height)
    for more in (1, 2):
        if frame.cells or frame.top is not None or _survives_round_trip(box, numbers, frame, width, height):
            break
        numbers = _nearest_steps(box, replace(frame, decimals=frame.decimals + more), width, height)
    return numbers


def _survives_round_trip(box: Box, numbers: list[float], frame: Frame, width: int, height: int) -> bool:
    try:
        return decode(numbers, frame, width, height).iou(box) >= ROUND_TRIP_IOU
    except Rejected:
        return False


def _nearest_steps(box: Box, frame: Frame, width: int, height: int) -> list[float]:
    """Round a box to the nearest steps of a frame."""
    per_x, per_y = _pixels_per_step(frame, width, height)
    if frame.cells:
        box = _in_cells(box, frame.cells, width, height)
    steps = [box.x1 / per_x, box.y1 / per_y, box.x2 / per_x, box.y2 / per_y]
    shift = _offset(frame)
    near = [_clamped_step(floor(step - shift + 0.5), frame) for step in steps]
    if (near[2] - near[0]) * per_x * (near[3] - near[1]) * per_y < MIN_AREA:
        near = [floor(step - shift) for step in steps[:2]] + [ceil(step - shift) for step in steps[2:]]
        near = _separated([_clamped_step(step, frame) for step in near], frame)
    numbers: list[float] = [round(step / 10**frame.decimals, frame.decimals) for step in near]
    return _reordered(numbers if frame.decimals else near, frame)


def decode(values: Sequence[float], frame: Frame, width: int, height: int) -> Box:
    """Convert four numbers of the frame to a box of the original picture: corners ordered, clipped to the picture.

    Raises:
        Rejected: not four finite numbers, far outside the frame, beside the picture, or under 1 square pixel.
    """
    if len(values) != 4 or not all(_is_number(value) for value in values):
        raise Rejected(f"a box is four finite numbers, got {list(values)!r}")
    per_x, per_y = _pixels_per_step(frame, width, height)
    shift = _offset(frame)
    left, top, right, bottom = (value * 10**frame.decimals + shift for value in _reordered(values, frame))
    x1, x2 = sorted((left * per_x, right * per_x))
    y1, y2 = sorted((top * per_y, bottom * per_y))
    if not (_roughly_inside(x1, x2, width) and _roughly_inside(y1, y2, height)):
        raise Rejected(f"box {list(values)} lies far outside the picture: perhaps not in the frame {frame.name}")
    x1, y1, x2, y2 = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
    # A thousandth of slack: a box of exactly one pixel must survive the arithmetic.
    if x1 >= x2 or y1 >= y2 or (x2 - x1) * (y2 - y1) < MIN_AREA - 1e-3:
        raise Rejected(f"box {list(values)} covers less than one pixel of the {width} x {height} picture")
    return Box(x1, y1, x2, y2)


def _pixels_per_step(frame: Frame, width: int, height: int) -> tuple[float, float]:
    """Compute the original pixels of one step of the frame, along x and along y."""
    if frame.scale == "pixels":
        across, down = sent_size(frame, width, height)
        return width / (across * 10**frame.decimals), height / (down * 10**frame.decimals)
    steps = frame.scale * 10**frame.decimals
    return width / steps, height / steps


def _offset(frame: Frame) -> float:
    """Return the frame's offset in steps."""
    return frame.offset * 10.0**frame.decimals


def _clamped_step(step: int, frame: Frame) -> int:
    """Clamp a step to the last one that the model has a number for."""
    return step if frame.top is None else max(0, min(step, round(frame.top * 10**frame.decimals)))


def _separated(steps: list[int], frame: Frame) -> list[int]:
    """Move corners that coincide one step apart, where the frame has no number for the far edge."""
    x1, y1, x2, y2 = steps
    if frame.top is not None:
        x1, y1 = min(x1, _clamped_step(x1 + 1, frame) - 1), min(y1, _clamped_step(y1 + 1, frame) - 1)
    return [x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)]


def _in_cells(box: Box, cells: int, width: int, height: int) -> Box:
    """Move corners to the middles of their cells, or to the cells' outer edges if both share a row or column.

    Source: `coordinate_to_patch_index` and `patch_index_to_coordinate` in transformers, kosmos2/processing_kosmos2.py.
    """
    across, down = width / cells, height / cells
    x1, y1 = floor(box.x1 / across), floor(box.y1 / down)
    x2, y2 = max(x1, ceil(box.x2 / across - 1)), max(y1, ceil(box.y2 / down - 1))
    low, high = (0.0, 1.0) if x1 == x2 or y1 == y2 else (0.5, 0.5)
    return Box((x1 + low) * across, (y1 + low) * down, (x2 + high) * across, (y2 + high) * down)


def _reordered(values: Sequence[float], frame: Frame) -> list[float]:
    """Reorder between the frame's order and xyxy; its own inverse."""
    a, b, c, d = values
    return [b, a, d, c] if frame.order == "yxyx" else [a, b, c, d]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _roughly_inside(low: float, high: float, side: int) -> bool:
    return low >= -MAX_OVERHANG * side and high <= (1 + MAX_OVERHANG) * side
