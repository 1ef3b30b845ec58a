"""The type schemes that a run can be scored in: gold's own, and the coarser ones that follow from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unco.evals.formats.predicted import Predicted
from unco.small_model.label_schemes import COARSE_OF, GMNER_OF
from unco.small_model.network.config import GMNER_LABELS
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class TypeScheme:
    """A type scheme, and how gold's types map to it."""

    name: str
    types: frozenset[str]
    from_gold: Mapping[str, str] = field(default_factory=dict)
    """Gold's type -> the scheme's; other types stay as they are."""

    def convert_gold(self, posts: Iterable[GoldPost]) -> list[GoldPost]:
        """Convert gold posts to the scheme's types."""
        return [
            replace(
                post,
                entities=tuple(replace(item, type=self.from_gold.get(item.type, item.type)) for item in post.entities),
            )
            for post in posts
        ]

    def convert_predictions(self, posts: Iterable[Sequence[Predicted]]) -> list[list[Predicted]]:
        """Convert predictions to the scheme's types."""
        return [
            [replace(item, type=self.from_gold.get(item.type, item.type)) for item in entities] for entities in posts
        ]


def type_schemes_of(gold: Sequence[GoldPost], run: Iterable[Sequence[Predicted]]) -> list[TypeScheme]:
    """List the type schemes to score in: gold's own first; for Twitter-FMNERG its 8 coarse and the 4 GMNER types too.

    A scheme of which the predictions have no type at all is left out where another fits them: a system of 4 types is
    not scored as one that has all 51 wrong.
    """
    types_found = {item.type for entities in run for item in entities}
    possible = _schemes({item.type for post in gold for item in post.entities})
    fitting = [one for one in possible if any(one.from_gold.get(kind, kind) in one.types for kind in types_found)]
    return fitting or (possible[:1] if types_found else possible)


def types_to_choose(types_found: Collection[str]) -> frozenset[str]:
    """List the types that an annotator may choose from: all of the scheme that the given types belong to, and these."""
    return _schemes(set(types_found))[0].types | set(types_found)


def _schemes(kinds: set[str]) -> list[TypeScheme]:
    gmner = frozenset(label.name for label in GMNER_LABELS)
    if kinds <= gmner:
        return [TypeScheme("gmner", gmner)]
    if kinds <= COARSE_OF.keys():
        return [
            TypeScheme("fmnerg", frozenset(COARSE_OF)),
            TypeScheme("fmnerg_coarse", frozenset(COARSE_OF.values()), COARSE_OF),
            TypeScheme("gmner", gmner, GMNER_OF),
        ]
    return [TypeScheme("gold's own types", frozenset(kinds))]
