"""A part of a picture that is sent enlarged: its place, its size, and boxes to and fro."""

from dataclasses import dataclass

from unco.types import Box

MARGIN = 0.1
"""Margin around a box that is cut out, as a share of its sides: boxes are seldom exact."""

LEAST_SIDE = 56
"""Pixels of the original picture; a part that is asked for smaller is widened to it, as nothing could be seen."""

SHOWN_SIDE = 768
"""Pixels; a part is enlarged until its longest side has so many, but not more than `MOST_ENLARGED` times."""

MOST_ENLARGED = 8.0

WHOLE = 0.9
"""Share of the picture; a larger part shows nothing more than the picture did."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a picture. Its boxes are in pixels of the enlarged part, as if that were the picture."""

    corners: tuple[int, int, int, int]
    """Left, top, right and bottom edge, in whole original pixels inside the picture."""
    width: int
    """Of the part as it is enlarged."""
    height: int

    @property
    def box(self) -> Box:
        """The part, in original pixels."""
        return Box(*map(float, self.corners))

    def inside(self, box: Box) -> Box | None:
        """Convert a box of the original picture, clipped to the part; None = it lies outside."""
        left, top, right, bottom = self.corners
        across, down = self._scales
        x1, y1 = (max(box.x1, left) - left) * across, (max(box.y1, top) - top) * down
        x2, y2 = (min(box.x2, right) - left) * across, (min(box.y2, bottom) - top) * down
        return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None

    def share_inside(self, box: Box) -> float:
        """Compute the share of a box of the original picture that lies in the part, in [0, 1]."""
        inside, (across, down) = self.inside(box), self._scales
        return 0.0 if inside is None else inside.area / (across * down) / box.area

    def outside(self, box: Box) -> Box:
        """Convert a box of the part to the original picture."""
        across, down = self._scales
        left, top = self.corners[:2]
        return Box(left + box.x1 / across, top + box.y1 / down, left + box.x2 / across, top + box.y2 / down)

    @property
    def _scales(self) -> tuple[float, float]:
        left, top, right, bottom = self.corners
        return self.width / (right - left), self.height / (bottom - top)


def crop_corners(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """Return a box with its margin, in whole pixels inside the picture."""
    x, y = MARGIN * (box.x2 - box.x1), MARGIN * (box.y2 - box.y1)
    left, top = max(0, int(box.x1 - x)), max(0, int(box.y1 - y))
    return left, top, max(left + 1, min(width, round(box.x2 + x))), max(top + 1, min(height, round(box.y2 + y)))


def part_around(box: Box, width: int, height: int) -> Part | None:
    """Choose the part to show for an area that was asked for; None = it would be all but the whole picture.

    Args:
        box: the area, in original pixels inside the picture.
        width: of the original picture.
        height: of the original picture.
    """
    left, top, right, bottom = crop_corners(box, width, height)
    left, right = _widened(left, right, width)
    top, bottom = _widened(top, bottom, height)
    across, down = right - left, bottom - top
    if across * down >= WHOLE * width * height:
        return None
    larger = min(MOST_ENLARGED, max(1.0, SHOWN_SIDE / max(across, down)))
    return Part((left, top, right, bottom), round(across * larger), round(down * larger))


def _widened(low: int, high: int, side: int) -> tuple[int, int]:
    """Widen an interval about its middle to the least side, or to all of a smaller picture."""
    least = min(LEAST_SIDE, side)
    if high - low >= least:
        return low, high
    start = min(max(0, (low + high - least) // 2), side - least)
    return start, start + least
