"""The type schemes that a run can be read in: gold's own, and the coarser ones that follow from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unco.evals.formats.predicted import Predicted
from unco.small_model.label_schemes import COARSE_OF, GMNER_OF
from unco.small_model.network.config import GMNER_LABELS
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class Reading:
    """A type scheme, and how gold's types are read in it."""

    name: str
    types: frozenset[str]
    of: Mapping[str, str] = field(default_factory=dict)
    """Gold's type -> the scheme's; types that do not stand here stay as they are."""

    def gold(self, posts: Iterable[GoldPost]) -> list[GoldPost]:
        """Gold posts with the scheme's types."""
        return [
            replace(
                post, entities=tuple(replace(item, type=self.of.get(item.type, item.type)) for item in post.entities)
            )
            for post in posts
        ]

    def predictions(self, posts: Iterable[Sequence[Predicted]]) -> list[list[Predicted]]:
        """Predictions with the scheme's types."""
        return [[replace(item, type=self.of.get(item.type, item.type)) for item in entities] for entities in posts]


def readings_of(gold: Sequence[GoldPost], run: Iterable[Sequence[Predicted]]) -> list[Reading]:
    """Gold's own scheme first; Twitter-FMNERG's fine types are read in its 8 coarse and in the 4 GMNER types too.

    A scheme of which the predictions have no type at all is left out where another fits them: a system of 4 types is
    not scored as one that has all 51 wrong.
    """
    said = {item.type for entities in run for item in entities}
    possible = _schemes({item.type for post in gold for item in post.entities})
    fitting = [one for one in possible if any(one.of.get(kind, kind) in one.types for kind in said)]
    return fitting or (possible[:1] if said else possible)


def types_to_choose(said: Collection[str]) -> frozenset[str]:
    """All types of the scheme that some types are of, and those themselves: what an annotator may choose from."""
    return _schemes(set(said))[0].types | set(said)


def _schemes(kinds: set[str]) -> list[Reading]:
    gmner = frozenset(label.name for label in GMNER_LABELS)
    if kinds <= gmner:
        return [Reading("gmner", gmner)]
    if kinds <= COARSE_OF.keys():
        return [
            Reading("fmnerg", frozenset(COARSE_OF)),
            Reading("fmnerg_coarse", frozenset(COARSE_OF.values()), COARSE_OF),
            Reading("gmner", gmner, GMNER_OF),
        ]
    return [Reading("gold's own types", frozenset(kinds))]
