"""Features of an entity's region for the regression of the estimator `learned`: is it the right one of K candidates?

They are the pointer's probabilities, and what speaks against a choice: another name that wants the same region, no word
of the name on it, a kind that does not fit, a small box, people who were not chosen. The weights are fitted on dev.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from unco.small_model.regions.region import Region
from unco.small_model.uncertainty.region_choice import Pointer, likely_regions, said_by
from unco.small_model.uncertainty.span_signals import NATS_OFFSET, Signals

REGION_SIGNALS = 41
"""Number of features of a region."""
EARLIER_REGION_SIGNALS = 25
"""The first of them, which earlier checkpoints have a weight for; the others are products of these."""
AREA_OFFSET = 1e-3
"""Added to a box's share of the picture before the logarithm is taken."""


@dataclass(frozen=True, slots=True)
class _Post:
    """What all entities of a post have in common."""

    pointers: Sequence[Pointer]
    candidates: Sequence[Region]
    area: int
    """Of the picture, in pixels."""

    def count(self, kind: str) -> int:
        """Count the candidates of a kind."""
        return sum(region.kind == kind for region in self.candidates)

    def counts(self) -> Signals:
        """Describe how many candidates there are, of each kind and together."""
        kinds = (self.count("object"), self.count("person"), self.count("text"), len(self.candidates))
        return tuple(log(1 + count) for count in kinds)


def region_signals(
    pointers: Sequence[Pointer],
    chosen: Sequence[tuple[int, ...]],
    candidates: Sequence[Region],
    size: tuple[int, int],
) -> list[Signals]:
    """Compute the features of each entity's region in one post.

    Args:
        pointers: of all entities of the post.
        chosen: the candidates that they got; empty = not in the picture.
        candidates: the K regions, at least one.
        size: (width, height) of the picture in pixels.
    """
    post = _Post(pointers, candidates, max(1, size[0] * size[1]))
    return [_of_entity(own, regions, post) for own, regions in zip(pointers, chosen, strict=True)]


def _of_entity(own: Pointer, regions: tuple[int, ...], post: _Post) -> Signals:
    """Describe one entity's choice; a box and none, a person and a thing, are judged by weights of their own."""
    chances = _of_chances(own.chances, regions)
    around = (_said_elsewhere(own, regions[:1], post.candidates), float(own.is_person), *post.counts())
    return (
        *chances,
        *(_of_region(own, regions[0], post) if regions else _without_region(own, post)),
        *around,
        *(float(bool(regions)) * number for number in (*chances, *around)),
        *(float(own.is_person) * number for number in chances),
    )


def _of_chances(chances: Sequence[float], regions: Sequence[int]) -> Signals:
    """Describe the distribution, and whether another name has the likeliest region."""
    *within, none = chances
    chance = within[regions[0]] if regions else none
    total = max(sum(within), 1e-9)
    others = _log(_entropy([one / total for one in within])) if regions else 0.0
    left = likely_regions(chances)[:1] != tuple(regions[:1])
    return (_log(_entropy(chances)), _log(1.0 - chance), _log(none), others, float(left))


def _of_region(own: Pointer, index: int, post: _Post) -> Signals:
    """Describe a chosen region: who else wants it, its kind, the name's words on it, its size, and the people."""
    region, people = post.candidates[index], post.count("person")
    wanted = max(sum(pointer.chances[index] for pointer in post.pointers), 1e-9)
    is_person = region.kind == "person"
    largest = is_person and all(region.box.area >= one.box.area for one in post.candidates if one.kind == "person")
    said = said_by(region.text, own.name)
    return (
        1.0,
        1.0 - own.chances[index] / wanted,
        *(float(region.kind == kind) for kind in ("person", "text", "object")),
        said,
        float(bool(region.text) and not said),
        log(region.box.area / post.area + AREA_OFFSET),
        float(largest),
        log(1 + people) if is_person else 0.0,
        float(is_person and sum(pointer.is_person for pointer in post.pointers) > people),
        float(is_person and own.is_person),
        0.0,
        0.0,
    )


def _without_region(own: Pointer, post: _Post) -> Signals:
    """Describe what a name that is not in the picture could have been: a person among people, one of the things."""
    return (*(0.0,) * 12, float(own.is_person and post.count("person") > 0), log(1 + post.count("object")))


def _said_elsewhere(own: Pointer, chosen: Sequence[int], candidates: Sequence[Region]) -> float:
    """Compute the largest share of the name's words on a region that was not chosen."""
    return max(
        (said_by(one.text, own.name) for index, one in enumerate(candidates) if index not in chosen), default=0.0
    )


def _entropy(chances: Sequence[float]) -> float:
    return -sum(chance * log(chance) for chance in chances if chance > 0.0)


def _log(value: float) -> float:
    return log(max(value, 0.0) + NATS_OFFSET)
