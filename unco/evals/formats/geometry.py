"""Make spans and boxes from numbers, and check them against their text and picture."""

from collections.abc import Sequence
from typing import Any

from unco.errors import DataError
from unco.evals.formats.predicted import NOWHERE
from unco.types import Box, Span
from unco.types.geometry import IN_SHARES

Size = tuple[int, int] | None
"""(width, height) in pixels; None = not known."""

SLACK = 1.0
"""Pixels by which a box may leave the picture: data sets count edges from 0 or from 1, and detectors round."""


def to_span(start: int, stop: int, where: str) -> Span:
    """Make a span.

    Raises:
        DataError: it is empty or negative.
    """
    try:
        return Span(start, stop)
    except ValueError as error:
        raise DataError(f"{where}: {error}") from error


def check_span(span: Span, tokens: Sequence[str], where: str) -> None:
    """Check that a span lies in the text.

    Raises:
        DataError: it does not.
    """
    if span.stop > len(tokens):
        raise DataError(f"{where}: the span {span.start}:{span.stop} lies outside the text of {len(tokens)} tokens")


def to_box(corners: Any, where: str) -> Box:
    """Make a box.

    Raises:
        DataError: there are not four numbers, or it is empty or inverted.
    """
    if not isinstance(corners, list) or len(corners) != 4 or not all(type(edge) in (int, float) for edge in corners):
        raise DataError(f"{where}: a box is [x1, y1, x2, y2], got {corners!r}"[:200])
    try:
        return Box(*map(float, corners))
    except (ValueError, OverflowError) as error:
        raise DataError(f"{where}: {error}") from error


def check_box(box: Box, size: Size, where: str) -> None:
    """Check that a box lies in the picture, as far as its size is known; `NOWHERE` is let pass.

    Raises:
        DataError: it does not.
    """
    if not is_inside(box, size) and box != NOWHERE:
        picture = f"the picture of {size[0]} x {size[1]} pixels" if size else "any picture"
        raise DataError(f"{where}: the box {box_to_list(box)} lies outside {picture}: was it brought to its pixels?")


def check_pixels(box: Box, where: str) -> None:
    """Check that a box is in pixels.

    Raises:
        DataError: it is smaller than one, and lies in the first.
    """
    if box.is_in_shares:
        raise DataError(f"{where}: the box {box_to_list(box)} is {IN_SHARES}")


def is_inside(box: Box, size: Size) -> bool:
    """Return whether a box lies in the picture, as far as its size is known, or leaves it by `SLACK` at most."""
    width, height = size or (float("inf"), float("inf"))
    return -SLACK <= min(box.x1, box.y1) and box.x2 - SLACK <= width and box.y2 - SLACK <= height


def box_to_list(box: Box) -> list[float]:
    """Convert a box to its corners; whole numbers without a fraction, as the data sets have them."""
    return [int(edge) if edge == int(edge) else edge for edge in (box.x1, box.y1, box.x2, box.y2)]
