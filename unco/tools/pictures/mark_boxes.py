"""Drawing of boxes into a picture that is sent to an MLLM: numbered candidates, and the small model's box.

Thin lines, and small numbers beside the boxes or in their corners, so that they hide as little as they can.
"""

from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont

from unco.types import Box

COLOURS = ("#e11d48", "#2563eb", "#16a34a", "#d97706", "#9333ea", "#0891b2")
"""Colours of the candidates, in turn: distinguishable, and dark enough for white digits."""

FOUND = "#facc15"
"""Colour of the small model's box: yellow, with a dark line inside, so that it shows on any background."""

_DARK = "#111827"


def mark_boxes(
    picture: Image.Image,
    candidates: Sequence[Box],
    found: Box | None,
    scales: tuple[float, float],
    numbers: Sequence[int] = (),
) -> Image.Image:
    """Copy a picture and draw boxes into it.

    Args:
        picture: RGB, at the size at which it is sent.
        candidates: in original pixels.
        found: the box that the small model chose, in original pixels.
        scales: pixels of this picture for one original pixel, along x and along y.
        numbers: of the candidates; empty = from 1 on.
    """
    marked = picture.copy()
    pen = ImageDraw.Draw(marked)
    # Pillow's own font, not one of the machine's: the picture's hash is part of a recording's key.
    font = ImageFont.load_default(max(10, min(18, min(picture.size) // 24)))
    numbered = list(zip(numbers or range(1, len(candidates) + 1), candidates, strict=True))
    for number, box in numbered:
        pen.rectangle(_scaled(box, scales), outline=_colour(number), width=2)
    if found is not None:
        x1, y1, x2, y2 = _scaled(found, scales)
        pen.rectangle((x1, y1, x2, y2), outline=FOUND, width=3)
        if x2 - x1 > 8 and y2 - y1 > 8:
            pen.rectangle((x1 + 3, y1 + 3, x2 - 3, y2 - 3), outline=_DARK, width=1)
    for number, box in numbered:
        x1, y1, _, _ = _scaled(box, scales)
        width = pen.textlength(str(number), font) + 4
        x = x1 - width if x1 >= width else x1  # beside the box where there is room: a line of text loses no letter
        left, top, right, bottom = pen.textbbox((x + 2, y1 + 1), str(number), font)
        pen.rectangle((left - 2, top - 1, right + 2, bottom + 1), _colour(number))
        pen.text((x + 2, y1 + 1), str(number), "white", font)
    return marked


def _colour(number: int) -> str:
    return COLOURS[(number - 1) % len(COLOURS)]


def _scaled(box: Box, scales: tuple[float, float]) -> tuple[float, float, float, float]:
    """Scale corners to the picture's pixels; the right and bottom edges stand on the last pixel inside."""
    x1, y1 = box.x1 * scales[0], box.y1 * scales[1]
    return x1, y1, max(x1, box.x2 * scales[0] - 1), max(y1, box.y2 * scales[1] - 1)
