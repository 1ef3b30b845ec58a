"""The type schemes that a run can be scored in: gold's own, and the coarser ones that follow from it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.small_model.config import GMNER_LABELS
from unco.small_model.label_schemes import COARSE_LABELS, COARSE_OF, FMNERG_LABELS, GMNER_OF
from unco.types import UNTYPED, GoldPost

_OWN_OF_GOLD = "gold's own types"


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


def type_schemes_of(
    gold: Sequence[GoldPost], run: Iterable[Sequence[Predicted]], own: Collection[str] = ()
) -> list[TypeScheme]:
    """List the type schemes to score in: gold's own first; for Twitter-FMNERG its 8 coarse and the 4 GMNER types too.

    A scheme of which the predictions have no type at all is left out where another fits them: a system of 4 types is
    not scored as one that has all 51 wrong.

    Args:
        gold: annotated posts.
        run: the predicted entities of each.
        own: the types of a user's own list that they were chosen from (`own_types`); it is the scheme where gold has no
            other.
    """
    types_found = {item.type for entities in run for item in entities} - {UNTYPED}
    possible = _schemes({item.type for post in gold for item in post.entities}, own)
    fitting = [one for one in possible if any(one.from_gold.get(kind, kind) in one.types for kind in types_found)]
    return fitting or (possible[:1] if types_found else possible)


def own_types(posts: Iterable[PredictedPost]) -> tuple[str, ...]:
    """List the types of the user's own that predictions were chosen from, in their order; empty = there are none."""
    return tuple(dict.fromkeys(kind for post in posts for kind in post.types))


def types_of_scheme(types_found: Collection[str], own: Sequence[str] = ()) -> list[str]:
    """List all types of the known scheme that the given ones belong to, in its order; empty = they belong to none."""
    known = _schemes(set(types_found) - {UNTYPED}, own)[0]
    order = own or [label.name for label in (*GMNER_LABELS, *FMNERG_LABELS, *COARSE_LABELS)]
    return [] if known.name == _OWN_OF_GOLD else [kind for kind in order if kind in known.types]


def types_to_choose(types_found: Collection[str], own: Sequence[str] = ()) -> list[str]:
    """List the types that an annotator may choose from: all of the scheme that the given types belong to, and these."""
    known = types_of_scheme(types_found, own)
    return [*known, *sorted(set(types_found).difference(known))]


def _schemes(kinds: set[str], own: Collection[str] = ()) -> list[TypeScheme]:
    gmner = frozenset(label.name for label in GMNER_LABELS)
    if own and kinds <= set(own):
        return [TypeScheme("own types", frozenset(own))]
    if kinds <= gmner:
        return [TypeScheme("gmner", gmner)]
    if kinds <= COARSE_OF.keys():
        return [
            TypeScheme("fmnerg", frozenset(COARSE_OF)),
            TypeScheme("fmnerg_coarse", frozenset(COARSE_OF.values()), COARSE_OF),
            TypeScheme("gmner", gmner, GMNER_OF),
        ]
    if kinds <= set(COARSE_OF.values()):
        return [TypeScheme("fmnerg_coarse", frozenset(COARSE_OF.values()))]
    return [TypeScheme(_OWN_OF_GOLD, frozenset(kinds))]
