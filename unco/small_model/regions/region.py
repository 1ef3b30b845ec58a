"""Candidate regions: where in a picture something might be that a name stands for.

The small model points at one of these or at "not in the picture". Any callable of these shapes will do: a provider
finds regions, a featuriser looks at what is in them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from PIL import Image

from unco.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RegionKind = Literal["person", "text", "object", "picture"]
"""What was seen there; `picture` is the whole picture."""

MOST_REGIONS = 28
"""As many as the paper takes from its detector (K)."""

PEOPLE = frozenset(
    "person people man men woman women boy girl child children kid baby guy lady gentleman player batter catcher"
    " pitcher umpire skier surfer skateboarder snowboarder cyclist rider pedestrian bride groom singer speaker"
    " soldier".split()
)
"""Class names of detectors that mean a person, by their last word."""


@dataclass(frozen=True, slots=True)
class Region:
    """A candidate."""

    box: Box
    kind: RegionKind
    text: str = ""
    """What is written there, as recognised; empty for what is not text."""
    score: float = 1.0
    """The detector's confidence, in [0, 1]."""
    features: "NDArray[np.float32] | None" = field(default=None, compare=False, repr=False)
    """What a visual encoder saw there, shape (F,); None = nobody looked. Two regions are equal without it."""


class RegionProvider(Protocol):
    """Finds regions: the same ones in the same order each time it is shown the same picture."""

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Regions of an upright RGB picture, in its pixels.

        Args:
            image: the picture.
            source: its reference as the caller gave it: a path, a URL or a `data:` reference.
        """
        ...


class Featuriser(Protocol):
    """Looks at regions: the same ones in the same order, with their `features` set."""

    def __call__(self, image: Image.Image, regions: Sequence[Region]) -> list[Region]:
        """Regions of an upright RGB picture, each with features of one and the same length."""
        ...


def looked_at(provider: RegionProvider, featuriser: Featuriser) -> RegionProvider:
    """A provider whose regions, the whole picture among them, come with what a featuriser sees there."""

    def provide(image: Image.Image, source: str) -> list[Region]:
        return featuriser(image, with_whole_picture(provider(image, source), image.size))

    return provide


def regions_from_boxes(boxes: Sequence[Box]) -> list[Region]:
    """A caller's own boxes, in their order."""
    return [Region(box, "object") for box in boxes]


def whole_picture(size: tuple[int, int]) -> Region:
    """The picture itself, (width, height) pixels: the last candidate of every post with a picture, as in the paper."""
    return Region(Box(0.0, 0.0, float(size[0]), float(size[1])), "picture")


def with_whole_picture(regions: Sequence[Region], size: tuple[int, int]) -> tuple[Region, ...]:
    """The regions and, unless the whole picture is among them already, the whole picture of (width, height) pixels."""
    if any(region.kind == "picture" for region in regions):
        return tuple(regions)
    return (*regions, whole_picture(size))


def kind_of_class(name: str) -> RegionKind:
    """`person` for a detector's class that means a person (man, woman, tennis player), else `object`."""
    words = name.lower().split()
    return "person" if words and words[-1] in PEOPLE else "object"


def clipped_box(corners: Sequence[float], size: tuple[int, int]) -> Box | None:
    """(x1, y1, x2, y2) in pixels, cut at the edges of a picture of (width, height); None when nothing is left."""
    x1, x2 = (min(max(float(x), 0.0), float(size[0])) for x in corners[::2])
    y1, y2 = (min(max(float(y), 0.0), float(size[1])) for y in corners[1::2])
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None
