"""What the small model predicts of a post: its entities with their regions shared out and their doubts normalised."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from unco.small_model.config import Estimator
from unco.small_model.label_schemes import PERSON_TYPES
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import distinct_boxes
from unco.small_model.uncertainty.boosted_trees import BoostedTrees
from unco.small_model.uncertainty.entropy import Normaliser
from unco.small_model.uncertainty.raw_entities import RawEntity
from unco.small_model.uncertainty.region_choice import Pointer, likely_regions, share_out
from unco.small_model.uncertainty.region_signals import region_signals
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.types import Box, Span, Uncertainty
from unco.types.geometry import all_boxes

RegionRegression = Regression | BoostedTrees
"""From `region_signals` to the probability of a wrong region."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One entity as the small model predicts it."""

    span: Span
    type: str
    region: Box | None
    nats: Uncertainty
    """Raw: in nats, or a probability where the estimator gives one."""
    uncertainty: Uncertainty
    """Normalised to [0, 1]."""
    fine_type: str
    """The network's own label, of which `type` is the coarser reading."""
    regions: tuple[Box, ...] = ()
    """All of its boxes, `region` first."""

    def __post_init__(self) -> None:
        """Let `regions` begin with `region`."""
        object.__setattr__(self, "regions", all_boxes(self.region, self.regions))


@dataclass(frozen=True, slots=True)
class Pointed:
    """The regions of a post's entities."""

    pointers: tuple[Pointer, ...]
    chosen: tuple[tuple[int, ...], ...]
    """By entity, numbers of candidates, the likeliest first; empty = not in the picture."""
    post: ModelInput

    def signals(self) -> list[Signals]:
        """Compute the features of each region; none where there is no picture. See `region_signals`."""
        if self.post.size is None:
            return []
        return region_signals(self.pointers, self.chosen, self.post.candidates, self.post.size)


def point(post: ModelInput, found: Sequence[RawEntity], people: Collection[str]) -> Pointed:
    """Choose the regions of a post's entities.

    Args:
        post: with its candidates.
        found: all entities of the post.
        people: the user's own types that are persons.
    """
    count = len(post.candidates)
    pointers = tuple(
        Pointer(
            name=" ".join(post.words[raw.span.start : raw.span.stop]),
            is_person=raw.fine_type in PERSON_TYPES or raw.fine_type in people,
            chances=(*raw.region_chances[:count], raw.region_chances[-1]),
        )
        for raw in found
    )
    return Pointed(pointers, tuple(share_out(pointers, post.candidates)), post)


def predictions(
    pointed: Pointed,
    found: Sequence[RawEntity],
    estimator: Estimator,
    normaliser: Normaliser,
    regression: RegionRegression | None,
) -> list[Prediction]:
    """Turn the raw entities of a post into predictions.

    Args:
        pointed: their regions.
        found: all entities of the post.
        estimator: of uncertainty.
        normaliser: for this estimator.
        regression: from `region_signals` to the probability of a wrong region; None = it was not fitted, and an
            estimator that would use it says how unsure "in the picture or not" is.
    """
    candidates = pointed.post.candidates
    learned = estimator.region == "learned" and regression
    doubts = [learned(signals) for signals in pointed.signals()] if learned else _measured(pointed, found, estimator)
    doubts = doubts or [raw.nats.region for raw in found]
    entities = []
    for raw, chosen, doubt in zip(found, pointed.chosen, doubts, strict=True):
        boxes = distinct_boxes([candidates[index] for index in chosen])
        nats = replace(raw.nats, region=doubt)
        kinds = (raw.type, next(iter(boxes), None), nats, normaliser(nats), raw.fine_type)
        entities.append(Prediction(raw.span, *kinds, regions=boxes))
    return entities


def _measured(pointed: Pointed, found: Sequence[RawEntity], estimator: Estimator) -> list[float]:
    """Give the measured doubts; 1 - confidence is of what was chosen where another name has the likeliest region."""
    doubts = []
    for raw, pointer, chosen in zip(found, pointed.pointers, pointed.chosen, strict=True):
        displaced = likely_regions(pointer.chances)[:1] != chosen[:1]
        stated = 1.0 - pointer.chances[chosen[0] if chosen else -1]
        doubts.append(stated if displaced and estimator.measure == "doubt" else raw.nats.region)
    return doubts
