"""Box frames: in which numbers a model of a given family reads and writes a box.

A frame is a property of the model; it is looked up by name or set, never guessed from the size of the numbers: a
correct answer in 0-1000 read as pixels keeps IoU > 0.5 for one box in fourteen (8,058 boxes of Twitter10000 v2.0).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, isfinite, sqrt
from types import MappingProxyType
from typing import Literal

from unco.errors import Rejected, SettingsError
from unco.types import Box

Size = tuple[int, int]
"""Width and height in pixels."""

LEAST_AREA = 1.0
"""Square pixels of the original picture; an answered box below it is no box."""

OVERSHOOT = 0.5
"""How far a corner may lie outside the picture, as a share of its side; farther out it speaks another frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """How one family of models counts the corners of a box."""

    name: str
    scale: Literal["pixels"] | float
    """What the far edge of the picture is called: its pixels as sent, or a fixed number."""
    order: Literal["xyxy", "yxyx"]
    words: str
    """For a prompt; {width} and {height} stand for the size that is sent."""
    resize: Callable[[int, int], Size]
    """From the original size to the size that we send."""
    decimals: int = 0
    """Digits after the point that are written; 0 = whole numbers."""


def fit(width: int, height: int, side: int = 2048) -> Size:
    """The size itself, or shrunk to a longest side of 2048 pixels: hosted models shrink larger pictures unasked."""
    factor = min(1.0, side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def smart_resize(width: int, height: int, factor: int = 28, least: int = 56 * 56, most: int = 1_003_520) -> Size:
    """Qwen2.5-VL's own resize: sides in multiples of 28, 3,136 to 1,003,520 pixels in all.

    A picture that we bring to this size is not resized again, so the model's pixels are ours.
    Source: `smart_resize` in transformers, models/qwen2_vl/image_processing_qwen2_vl.py.
    """
    shrink = sqrt(width * height / most)
    grow = sqrt(least / (width * height))
    sides = [max(factor, round(side / factor) * factor) for side in (width, height)]
    if sides[0] * sides[1] > most:
        sides = [max(factor, floor(side / shrink / factor) * factor) for side in (width, height)]
    elif sides[0] * sides[1] < least:
        sides = [ceil(side * grow / factor) * factor for side in (width, height)]
    return sides[0], sides[1]


_PIXELS = "[x1, y1, x2, y2] in pixels of the picture, which is {width} pixels wide and {height} pixels high"
_CORNERS = "(x1, y1) is the top left corner, (x2, y2) the bottom right one"
_SHARE = "where 0 is the left or top edge of the picture and {top} the right or bottom edge"

_ALL = (
    Frame("pixels", "pixels", "xyxy", f"{_PIXELS}; {_CORNERS}", fit),
    Frame("resized_pixels", "pixels", "xyxy", f"{_PIXELS}; {_CORNERS}", smart_resize),
    Frame("0-1000", 1000, "xyxy", f"[x1, y1, x2, y2], {_SHARE.replace('{top}', '1000')}; {_CORNERS}", fit),
    Frame("0-1000-yx", 1000, "yxyx", f"[y1, x1, y2, x2], {_SHARE.replace('{top}', '1000')}; {_CORNERS}", fit),
    Frame("0-1", 1, "xyxy", f"[x1, y1, x2, y2], {_SHARE.replace('{top}', '1')}; {_CORNERS}", fit, decimals=4),
)

FRAMES: Mapping[str, Frame] = MappingProxyType({frame.name: frame for frame in _ALL})
"""Every frame by its name."""

FAMILIES: tuple[tuple[str, str], ...] = (
    (r"qwen-?2\.5-?vl", "resized_pixels"),  # QwenLM/Qwen3-VL issues 676, 866, 940: pixels of the resized picture
    (r"qwen-?[23]-?vl", "0-1000"),  # the same issue 866 for Qwen2-VL; 1486 and 1741 for Qwen3-VL
    (r"internvl", "0-1000"),  # OpenGVLab/InternVL issues 227, 285
    (r"gemini", "0-1000-yx"),  # Vertex AI, "Bounding box detection": box_2d is [ymin, xmin, ymax, xmax]
    (r"gpt-?(4o|4\.1|5)", "pixels"),  # no documented frame; answers in the frame that the prompt shows
    (r"^authored", "pixels"),  # answers written by hand
)
"""Pattern in a model's name, in lower case, and its frame; the first match counts."""


def frame_by_name(name: str) -> Frame:
    """The frame of a name.

    Raises:
        SettingsError: there is none; the message lists those there are.
    """
    if name not in FRAMES:
        raise SettingsError(f"unknown box frame {name!r}: choose one of {', '.join(FRAMES)}")
    return FRAMES[name]


def frame_for(model: str) -> Frame:
    """The frame of a model's family, by the model's name.

    Raises:
        SettingsError: the family is not known.
    """
    for pattern, name in FAMILIES:
        if re.search(pattern, model.lower()):
            return FRAMES[name]
    raise SettingsError(
        f"no box frame is known for model {model!r}: set Context.frame or UNCO_LLM_FRAME to one of {', '.join(FRAMES)}"
    )


def sent_size(frame: Frame, width: int, height: int) -> Size:
    """The size at which a picture of this original size is sent."""
    return frame.resize(width, height)


def describe(frame: Frame, width: int, height: int) -> str:
    """The frame in words for a prompt, given the original size."""
    sent_width, sent_height = sent_size(frame, width, height)
    return frame.words.format(width=sent_width, height=sent_height)


def encode(box: Box, frame: Frame, width: int, height: int) -> list[float]:
    """A box of the original picture, in the numbers of the frame.

    Rounded to the nearest step (1, or 0.0001 for 0-1). With sides of 100 steps (and 1 pixel) or more `decode`
    gives it back at IoU >= 0.98. A box so small that rounding would lose it is rounded outward instead, so at
    1 square pixel or more it comes back as a valid box.

    Args:
        box: inside the picture, in original pixels.
        frame: the frame to write it in.
        width: of the original picture, in pixels.
        height: of the original picture, in pixels.
    """
    per_x, per_y = _pixels_per_step(frame, width, height)
    steps = [box.x1 / per_x, box.y1 / per_y, box.x2 / per_x, box.y2 / per_y]
    near = [floor(step + 0.5) for step in steps]
    if (near[2] - near[0]) * per_x * (near[3] - near[1]) * per_y < LEAST_AREA:
        near = [floor(steps[0]), floor(steps[1]), ceil(steps[2]), ceil(steps[3])]
    numbers: list[float] = [round(step / 10**frame.decimals, frame.decimals) for step in near]
    return _swap(numbers if frame.decimals else near, frame)


def decode(values: Sequence[float], frame: Frame, width: int, height: int) -> Box:
    """Four numbers of the frame, as a box of the original picture: corners ordered, clipped to the picture.

    Raises:
        Rejected: not four finite numbers, far outside the frame, beside the picture, or under 1 square pixel.
    """
    if len(values) != 4 or not all(_is_number(value) for value in values):
        raise Rejected(f"a box is four finite numbers, got {list(values)!r}")
    per_x, per_y = _pixels_per_step(frame, width, height)
    left, top, right, bottom = (value * 10**frame.decimals for value in _swap(values, frame))
    x1, x2 = sorted((left * per_x, right * per_x))
    y1, y2 = sorted((top * per_y, bottom * per_y))
    if not (_near(x1, x2, width) and _near(y1, y2, height)):
        raise Rejected(f"box {list(values)} lies far outside the picture: perhaps not in the frame {frame.name}")
    x1, y1, x2, y2 = max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height))
    # A thousandth of slack: a box of exactly one pixel must survive the arithmetic.
    if x1 >= x2 or y1 >= y2 or (x2 - x1) * (y2 - y1) < LEAST_AREA - 1e-3:
        raise Rejected(f"box {list(values)} covers less than one pixel of the {width} x {height} picture")
    return Box(x1, y1, x2, y2)


def _pixels_per_step(frame: Frame, width: int, height: int) -> tuple[float, float]:
    """Original pixels for one step of the frame, along x and along y."""
    if frame.scale == "pixels":
        sent_width, sent_height = sent_size(frame, width, height)
        return width / sent_width, height / sent_height
    steps = frame.scale * 10**frame.decimals
    return width / steps, height / steps


def _swap(values: Sequence[float], frame: Frame) -> list[float]:
    """Between the frame's order and xyxy; its own inverse."""
    a, b, c, d = values
    return [b, a, d, c] if frame.order == "yxyx" else [a, b, c, d]


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _near(low: float, high: float, side: int) -> bool:
    return low >= -OVERSHOOT * side and high <= (1 + OVERSHOOT) * side
