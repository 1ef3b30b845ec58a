"""A stand-in for a detector with an open vocabulary."""

from collections.abc import Sequence

from PIL import Image

from unco.small_model.regions.region import Region
from unco.types import Box

FOUND = Box(1, 1, 50, 50)


class OpenWords:
    """Finds one thing by the first name, and notes what it was asked for."""

    def __init__(self, takes: bool) -> None:
        self.takes, self.asked = takes, list[Sequence[str]]()

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        return self.for_names(image, source, ())

    def takes_names(self) -> bool:
        return self.takes

    def for_names(self, image: Image.Image, source: str, names: Sequence[str]) -> list[Region]:
        self.asked.append(names)
        return [Region(FOUND, "object", "".join(names[:1]))]
