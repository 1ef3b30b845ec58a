"""Model inputs from gold posts: text alone, simulated regions, or stored regions of the real picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from unco.errors import DataError
from unco.small_model.label_schemes import PERSON_TYPES
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region_files import MissingRegions, RegionFolder
from unco.small_model.regions.simulated.cluttered import simulate_clutter
from unco.small_model.regions.simulated.plain import simulate_regions
from unco.types import GoldPost

DEFAULT_SIZE = (600, 450)
"""Picture size where no xml file gives it: the data set's most frequent one."""

NO_REGIONS = "no regions"
"""What is shown where there are neither region files nor boxes to simulate regions from."""

InputBuilder = Callable[[GoldPost, Random], ModelInput]
"""Builds the model's input from a gold post; the second argument is the only source of randomness."""


def text_only(post: GoldPost) -> ModelInput:
    """Build the input from the text alone, without the picture."""
    return ModelInput(post.tokens)


@dataclass(frozen=True, slots=True)
class SimulatedRegionsInput:
    """Input builder with candidate regions simulated from the gold boxes."""

    names: tuple[str, ...]
    """Entity names of the training set, for distracting text lines."""
    people: frozenset[str] = frozenset()
    """Types of a user's own that are persons, beside those of our schemes."""
    clutter: bool = False
    """Whether they lie among people, things and text that nobody named; see `simulated.cluttered`."""

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """Build the input; each call simulates new candidates."""
        size = post.size or DEFAULT_SIZE
        people = PERSON_TYPES | self.people
        names = [" ".join(post.tokens[entity.span.start : entity.span.stop]) for entity in post.entities]
        gold = [
            (box, entity.type in people, name)
            for entity, name in zip(post.entities, names, strict=True)
            for box in entity.boxes
        ]
        if self.clutter:
            regions = simulate_clutter(gold, size, (post.tokens, names), self.names, random)
        else:
            regions = simulate_regions(gold, size, self.names, random)
        return ModelInput(post.tokens, tuple(regions), size)


@dataclass(frozen=True, slots=True)
class RegionFilesInput:
    """Input builder with candidate regions from region files, one file for each post."""

    folder: RegionFolder

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """Build the input; each call gives the same candidates, and none where the post has no file."""
        try:
            regions = self.folder.for_id(post.id)
        except MissingRegions:
            return text_only(post)
        picture = regions[-1].box  # the whole picture comes last
        size = (round(picture.x2), round(picture.y2))
        if post.size not in (None, size):
            raise DataError(f"post {post.id}: its boxes are of a picture of {post.size} pixels, its regions of {size}")
        return ModelInput(post.tokens, tuple(regions), size)


@dataclass(frozen=True, slots=True)
class CaptionedInput:
    """Input builder that adds captions to what another builder makes."""

    builder: InputBuilder
    captions: Mapping[str, str]
    """By post id; a post without one gets an empty caption."""

    def __call__(self, post: GoldPost, random: Random) -> ModelInput:
        """Build the other builder's input and add the caption."""
        return replace(self.builder(post, random), caption=self.captions.get(post.id, ""))


def simulates(builder: InputBuilder) -> bool:
    """Return whether a builder makes candidate regions from the gold boxes."""
    return isinstance(builder.builder if isinstance(builder, CaptionedInput) else builder, SimulatedRegionsInput)


def with_clutter(builder: InputBuilder) -> InputBuilder:
    """Return the builder with clutter around the regions that it simulates; any other builder as it is."""
    if isinstance(builder, CaptionedInput):
        return replace(builder, builder=with_clutter(builder.builder))
    return replace(builder, clutter=True) if isinstance(builder, SimulatedRegionsInput) else builder


def shown_by(builder: InputBuilder) -> str:
    """Name what a builder shows for scores of regions."""
    if isinstance(builder, CaptionedInput):
        return shown_by(builder.builder)
    if isinstance(builder, SimulatedRegionsInput):
        return "simulated regions in clutter" if builder.clutter else "simulated regions"
    return "region files" if isinstance(builder, RegionFilesInput) else NO_REGIONS


def build_inputs(builder: InputBuilder, posts: Sequence[GoldPost], seed: int = 0) -> list[ModelInput]:
    """Build the input of each post, seeded by its id: the same each time."""
    return [builder(post, Random(f"{seed}:{post.id}")) for post in posts]


def check_inputs(builder: InputBuilder, posts: Sequence[GoldPost]) -> int:
    """Build the input of each post once and discard it, to find faulty posts before training.

    Returns:
        Number of posts that have no picture.

    Raises:
        DataError: the input of a post cannot be built.
    """
    return sum(builder(post, Random(0)).size is None for post in posts)


def for_names(posts: Sequence[ModelInput]) -> list[ModelInput]:
    """Leave out regions, as names are scored from the text alone; not those that a visual encoder looked at.

    A network that reads visual features is trained to read text together with them.
    """
    seen = any(region.features is not None for post in posts for region in post.regions)
    return list(posts) if seen else [replace(post, regions=(), size=None) for post in posts]


def entity_names(posts: Sequence[GoldPost]) -> tuple[str, ...]:
    """Collect the surface forms of all entities, sorted."""
    spans = ((post.tokens, entity.span) for post in posts for entity in post.entities)
    return tuple(sorted({" ".join(tokens[span.start : span.stop]) for tokens, span in spans}))
