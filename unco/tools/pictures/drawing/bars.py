"""Bars of uncertainty: how full one is says how unsure the small model is, a line in it where its threshold lies."""

from PIL import ImageDraw

from unco.tools.pictures.drawing.fonts import draw_text, text_width
from unco.types import ATTRIBUTES, Thresholds, Uncertainty

SURE, UNSURE, TRACK, LINE, PALE = "#9ca3af", "#d97706", "#e5e7eb", "#111827", "#374151"
"""Colours: a bar at or below its threshold, one above it, the empty part, the threshold, the words."""

LEGEND = "Bar: how unsure the small model is. Line: the threshold. Orange: above it, so the MLLM is asked."

WIDTH, HEIGHT, SIZE = 84, 12, 14
"""Pixels: of a bar, and of its words."""


def draw_bars(
    pen: ImageDraw.ImageDraw, left: int, middle: float, room: int, unsure: Uncertainty, thresholds: Thresholds
) -> None:
    """Draw a bar for each attribute, side by side.

    Args:
        pen: of the picture.
        left: where the first begins, in pixels.
        middle: height of their middle, in pixels.
        room: width for all of them, in pixels.
        unsure: how full they are.
        thresholds: where their lines are.
    """
    for place, name in enumerate(ATTRIBUTES):
        x = left + place * room / len(ATTRIBUTES)
        draw_text(pen, x, middle, name, PALE, SIZE)
        start = x + text_width("region ", SIZE)
        _bar(pen, start, middle, unsure.of(name), thresholds.of(name))
        draw_text(pen, start + WIDTH + 6, middle, f"{unsure.of(name):.2f}", PALE, SIZE)


def _bar(pen: ImageDraw.ImageDraw, left: float, middle: float, unsure: float, threshold: float) -> None:
    top, bottom = middle - HEIGHT / 2, middle + HEIGHT / 2
    pen.rectangle((left, top, left + WIDTH, bottom), TRACK)
    full = WIDTH * min(max(unsure, 0.0), 1.0)
    if full >= 1:
        pen.rectangle((left, top, left + full, bottom), UNSURE if unsure > threshold else SURE)
    line = left + WIDTH * min(max(threshold, 0.0), 1.0)
    pen.line((line, top - 3, line, bottom + 3), LINE, 2)
