"""Size at which a picture is sent: within the limits of a family of models, so that the model does not resize it."""

from dataclasses import dataclass
from math import ceil, floor, inf, sqrt

from unco.errors import PictureError

Size = tuple[int, int]
"""Width and height in pixels."""

MAX_ASPECT = 200
"""Greatest ratio of longer to shorter side; Qwen's own code refuses more, as its multiples then break its limits."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Size limits of a picture; a model does not resize a picture that is within its limits."""

    longest: int | None = 2048
    """Pixels of the longest side, at most; hosted models shrink larger pictures unasked. None = no limit."""
    least: int = 0
    """Pixels in all, at least; a smaller picture is enlarged."""
    most: float = inf
    """Pixels in all, at most."""
    multiple: int = 1
    """Both sides are multiples of so many pixels."""


def size_within(limits: Limits, width: int, height: int) -> Size:
    """Compute the nearest size within the limits: longest side first, then the rest.

    Only where `least` enlarges a picture again may its longest side exceed `longest`.
    """
    if limits.multiple > 1 and max(width, height) > MAX_ASPECT * min(width, height):
        raise PictureError(f"{width} x {height} pixels are too narrow for this model: crop or pad the picture")
    if limits.longest is not None:
        width, height = fit(width, height, limits.longest // limits.multiple * limits.multiple)
    if limits.multiple > 1:
        return smart_resize(width, height, limits.multiple, limits.least, limits.most)
    if width * height <= limits.most:
        return width, height
    factor = sqrt(limits.most / (width * height))
    return max(1, floor(width * factor)), max(1, floor(height * factor))


def fit(width: int, height: int, side: int = 2048) -> Size:
    """Shrink a size to a longest side of so many pixels; smaller ones stay as they are."""
    factor = min(1.0, side / max(width, height))
    return max(1, round(width * factor)), max(1, round(height * factor))


def smart_resize(width: int, height: int, factor: int = 28, least: int = 56 * 56, most: float = 1_003_520) -> Size:
    """Compute the size of Qwen2.5-VL's own resize: sides in multiples of 28, 3,136 to 1,003,520 pixels in all.

    A picture that we resize to it is not resized again, so the model's pixels are ours.
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
