"""Spans of tokens and boxes in a picture."""

from dataclasses import dataclass
from math import isfinite


@dataclass(frozen=True, slots=True)
class Span:
    """A run of tokens, half open: tokens[start:stop]."""

    start: int
    """Index of the first token, from 0."""
    stop: int
    """Index after the last token; stop > start."""

    def __post_init__(self) -> None:
        """Refuse an empty or negative span."""
        if not 0 <= self.start < self.stop:
            raise ValueError(f"a span needs 0 <= start < stop, got start={self.start} stop={self.stop}")

    def __len__(self) -> int:
        """Return the number of tokens."""
        return self.stop - self.start

    def overlaps(self, other: "Span") -> bool:
        """Return whether the two share a token."""
        return self.start < other.stop and other.start < self.stop


IN_SHARES = "smaller than a pixel: give pixels of the picture, no shares of it"
"""What is wrong with a box that is."""

_PIXEL = 0.99
"""Square pixels; a box of one pixel loses some thousandths where a model writes it in its own numbers."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture as it is shown (EXIF orientation applied), x to the right, y down."""

    x1: float
    """Left edge."""
    y1: float
    """Top edge."""
    x2: float
    """Right edge; x2 > x1."""
    y2: float
    """Bottom edge; y2 > y1."""

    def __post_init__(self) -> None:
        """Refuse an empty, inverted or non-finite box."""
        corners = (self.x1, self.y1, self.x2, self.y2)
        if not (all(map(isfinite, corners)) and self.x1 < self.x2 and self.y1 < self.y2):
            raise ValueError(f"a box needs finite x1 < x2 and y1 < y2, got {corners}")

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return (self.x2 - self.x1) * (self.y2 - self.y1)

    @property
    def is_in_shares(self) -> bool:
        """Whether it is smaller than a pixel and lies in the first: its numbers are shares of a picture."""
        return min(self.x1, self.y1) >= 0 and max(self.x2, self.y2) <= 1 and self.area < _PIXEL

    def iou(self, other: "Box") -> float:
        """Compute the intersection over union with another box, in [0, 1]; without +1 on the edges, as is usual."""
        width = min(self.x2, other.x2) - max(self.x1, other.x1)
        height = min(self.y2, other.y2) - max(self.y1, other.y1)
        if width <= 0 or height <= 0:
            return 0.0
        shared = width * height
        return shared / (self.area + other.area - shared)


def all_boxes(region: Box | None, regions: tuple[Box, ...]) -> tuple[Box, ...]:
    """Give all boxes of an entity whose first is `region`: `regions`, unless they are those of another first box."""
    first = () if region is None else (region,)
    return regions if regions[:1] == first else first
