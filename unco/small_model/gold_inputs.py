"""What training shows the model of a post: its text alone, simulated regions, or regions found in the real picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from unco.errors import DataError
from unco.small_model.label_schemes import PERSON_TYPES
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region_files import RegionFolder
from unco.small_model.regions.simulated_regions import simulate_regions
from unco.types import GoldPost

DEFAULT_SIZE = (600, 450)
"""Picture size where no xml file tells it: the data set's most frequent one."""

Look = Callable[[GoldPost, Random], ModelInput]
"""Shows a gold post to the model; chance comes from the second argument alone."""


def text_only(post: GoldPost) -> ModelInput:
    """A post as it is without its picture."""
    return ModelInput(post.tokens)


@dataclass(frozen=True, slots=True)
class SimulatedLook:
    """Candidates simulated from the gold boxes."""

    names: tuple[str, ...]
    """Entity names of the training set, for distracting text lines."""

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """Other candidates with each call."""
        size = post.size or DEFAULT_SIZE
        gold = [
            (box, entity.type in PERSON_TYPES, " ".join(post.tokens[entity.span.start : entity.span.stop]))
            for entity in post.entities
            for box in entity.boxes
        ]
        return ModelInput(post.tokens, tuple(simulate_regions(gold, size, self.names, random)), size)


@dataclass(frozen=True, slots=True)
class FolderLook:
    """Candidates from region files, one for each post."""

    folder: RegionFolder

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """The same candidates with each call."""
        regions = self.folder.for_id(post.id)
        picture = regions[-1].box  # the whole picture comes last
        size = (round(picture.x2), round(picture.y2))
        if post.size not in (None, size):
            raise DataError(f"post {post.id}: its boxes are of a picture of {post.size} pixels, its regions of {size}")
        return ModelInput(post.tokens, tuple(regions), size)


@dataclass(frozen=True, slots=True)
class CaptionedLook:
    """Another look, with captions beside the text."""

    look: Look
    captions: Mapping[str, str]
    """By post id; a post that has none is shown without."""

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """What the other look shows, and the caption."""
        return replace(self.look(post, random), caption=self.captions.get(post.id, ""))


def look_steadily(look: Look, posts: Sequence[GoldPost], seed: int = 0) -> list[ModelInput]:
    """Each post as a look shows it, the same each time."""
    return [look(post, Random(f"{seed}:{post.id}")) for post in posts]


def look_at_all(look: Look, posts: Sequence[GoldPost]) -> None:
    """Show each post once and keep nothing.

    Raises:
        DataError: a post cannot be shown.
    """
    for post in posts:
        look(post, Random(0))


def entity_names(posts: Sequence[GoldPost]) -> tuple[str, ...]:
    """Surface forms of all entities, sorted."""
    spans = ((post.tokens, entity.span) for post in posts for entity in post.entities)
    return tuple(sorted({" ".join(tokens[span.start : span.stop]) for tokens, span in spans}))
