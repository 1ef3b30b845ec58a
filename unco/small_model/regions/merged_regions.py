"""Region provider that merges people and things of a detector with faces and lines of text."""

from collections.abc import Sequence

from PIL import Image

from unco.small_model.regions.region import MOST_REGIONS, PromptedProvider, Region, RegionProvider

SURE = 0.5
"""Score from which a person comes before all else: a page full of text must not push out the one person on it."""

SAME = 0.9
"""IoU above which two regions of one kind are one; the surer one is kept."""

FACE_HEIGHT = 1 / 6
"""Where the middle of a face lies in the body that was guessed from it, as a share of the height."""


class MergedRegions:
    """Region provider that finds people and things by a detector, and faces and text by another provider.

    A body that was guessed from a face is left out where the detector has seen the person. At most 28 regions: sure
    people, then all others by falling score.
    """

    def __init__(self, detector: RegionProvider, faces_and_text: RegionProvider | None, things: bool = True) -> None:
        """Set what is merged.

        Args:
            detector: its regions of kind `person` and `object` are taken as they are.
            faces_and_text: gives people guessed from faces, and lines of text; None = the detector alone.
            things: whether to take things that were not found by a name of the post.
        """
        self.detector, self.faces_and_text, self.things = detector, faces_and_text, things

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Find the regions of an upright RGB picture, in its pixels.

        Raises:
            SetupError: a model cannot be loaded.
        """
        return self.for_names(image, source, ())

    def takes_names(self) -> bool:
        """Return whether the detector looks for names; may load its configuration."""
        return isinstance(self.detector, PromptedProvider) and self.detector.takes_names()

    def for_names(self, image: Image.Image, source: str, names: Sequence[str]) -> list[Region]:
        """Find regions as `__call__` does, and look for the names of the post, too."""
        if names and isinstance(self.detector, PromptedProvider):
            seen = self.detector.for_names(image, source, names)
        else:
            seen = self.detector(image, source)
        seen = [region for region in seen if self.things or region.kind == "person" or region.text]
        return merged(seen, self.faces_and_text(image, source) if self.faces_and_text else [])


def merged(seen: Sequence[Region], guessed: Sequence[Region], most: int = MOST_REGIONS) -> list[Region]:
    """Merge a detector's regions with people guessed from faces and lines of text, the best first.

    Args:
        seen: by a detector.
        guessed: people guessed from faces; regions of other kinds are kept as they are.
        most: regions at most.
    """
    people = [region for region in seen if region.kind == "person"]
    others = [region for region in guessed if region.kind != "person" or not any(_head_in(region, p) for p in people)]
    ranked = sorted((*seen, *others), key=_rank)
    kept = list[Region]()
    for region in ranked:
        if not any(one.kind == region.kind and one.box.iou(region.box) > SAME for one in kept):
            kept.append(region)
    return kept[:most]


def _rank(region: Region) -> tuple[bool, float, float, float]:
    first = region.kind == "person" and region.score >= SURE
    return not first, -region.score, region.box.y1, region.box.x1


def _head_in(guess: Region, person: Region) -> bool:
    """Whether the face that a body was guessed from lies in a person's box."""
    x = (guess.box.x1 + guess.box.x2) / 2
    y = guess.box.y1 + FACE_HEIGHT * (guess.box.y2 - guess.box.y1)
    return person.box.x1 <= x <= person.box.x2 and person.box.y1 <= y <= person.box.y2
