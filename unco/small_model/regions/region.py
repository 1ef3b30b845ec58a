"""Candidate regions: the boxes that the small model chooses from when it grounds an entity.

It points at one of them or at "not in the picture". Any callables with these signatures will do: a provider finds
regions, a featuriser adds visual features to them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

from PIL import Image

from unco.types import Box

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RegionKind = Literal["person", "text", "object", "picture"]
"""What was detected there; `picture` is the whole picture."""

MOST_REGIONS = 28
"""Most candidate regions of a post: as many as the paper takes from its detector (K)."""

PEOPLE = frozenset(
    "person people man men woman women boy girl child children kid baby guy lady gentleman player batter catcher"
    " pitcher umpire skier surfer skateboarder snowboarder cyclist rider pedestrian bride groom singer speaker"
    " soldier".split()
)
"""Last words of detector classes that mean a person."""


@dataclass(frozen=True, slots=True)
class Region:
    """One candidate region."""

    box: Box
    kind: RegionKind
    text: str = ""
    """Recognised text, or the name by which a detector found it; else empty."""
    score: float = 1.0
    """The detector's confidence, in [0, 1]."""
    features: "NDArray[np.float32] | None" = field(default=None, compare=False, repr=False)
    """Visual features, shape (F,); None = none were computed. Equality ignores them."""


def scaled(regions: Sequence[Region], factor: float) -> Sequence[Region]:
    """Convert regions to a copy of the picture with `factor` times as many pixels along each side."""
    if factor == 1:
        return regions
    return [replace(region, box=_scaled_box(region.box, factor)) for region in regions]


def _scaled_box(box: Box, factor: float) -> Box:
    return Box(factor * box.x1, factor * box.y1, factor * box.x2, factor * box.y2)


class RegionProvider(Protocol):
    """Callable that finds regions: for the same picture always the same, in the same order."""

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Find regions of an upright RGB picture, in its pixels.

        Args:
            image: the picture.
            source: its reference as the caller gave it: a path, a URL or a `data:` reference.
        """
        ...


@runtime_checkable
class PromptedProvider(RegionProvider, Protocol):
    """Region provider that can look for the post's own names."""

    def takes_names(self) -> bool:
        """Return whether it looks for names: some detectors know their own classes alone."""
        ...

    def for_names(self, image: Image.Image, source: str, names: Sequence[str]) -> list[Region]:
        """Find regions as `__call__` does, and those of names as they stand in the post."""
        ...


class Featuriser(Protocol):
    """Callable that computes visual features: it returns the same regions in order, with `features` set."""

    def __call__(self, image: Image.Image, regions: Sequence[Region]) -> list[Region]:
        """Compute features of one length for each region of an upright RGB picture."""
        ...


def with_features(provider: RegionProvider, featuriser: Featuriser) -> RegionProvider:
    """Wrap a provider so that its regions, and the whole picture, come with a featuriser's features."""

    def provide(image: Image.Image, source: str) -> list[Region]:
        return featuriser(image, with_whole_picture(provider(image, source), image.size))

    return provide


def regions_from_boxes(boxes: Sequence[Box]) -> list[Region]:
    """Make regions of a caller's own boxes, in their order."""
    return [Region(box, "object") for box in boxes]


def whole_picture(size: tuple[int, int]) -> Region:
    """Make the region of the whole picture, (width, height) pixels: every post's last candidate, as in the paper."""
    return Region(Box(0.0, 0.0, float(size[0]), float(size[1])), "picture")


def with_whole_picture(regions: Sequence[Region], size: tuple[int, int]) -> tuple[Region, ...]:
    """Append the whole picture of (width, height) pixels, unless it is among the regions already."""
    if any(region.kind == "picture" for region in regions):
        return tuple(regions)
    return (*regions, whole_picture(size))


def kind_of_class(name: str) -> RegionKind:
    """Map a detector's class to `person` if it means one (man, woman, tennis player), else to `object`."""
    words = name.lower().split()
    return "person" if words and words[-1] in PEOPLE else "object"


def distinct_boxes(regions: Sequence[Region]) -> tuple[Box, ...]:
    """Give the boxes of one name: of the first region, and of others of its kind that show something beside it.

    A region that overlaps a chosen one by an IoU of 0.5 or more shows the same.
    """
    chosen: list[Box] = []
    for region in regions:
        alike = region.kind == regions[0].kind and region.kind != "picture"
        if not chosen or (alike and all(region.box.iou(box) < 0.5 for box in chosen)):
            chosen.append(region.box)
    return tuple(chosen)


def clipped_box(corners: Sequence[float], size: tuple[int, int]) -> Box | None:
    """Clip (x1, y1, x2, y2) in pixels to a picture of (width, height); None when nothing is left."""
    x1, x2 = (min(max(float(x), 0.0), float(size[0])) for x in corners[::2])
    y1, y2 = (min(max(float(y), 0.0), float(size[1])) for y in corners[1::2])
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None
