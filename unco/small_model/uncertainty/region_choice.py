"""Choose the regions of a post's entities together: two names share a region only with a reason."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unco.small_model.regions.region import Region

NEARLY = 0.5
"""Share of the likeliest region's probability from which another counts as one more box of the same name."""
TAKEN = -1.0
"""Stands for the probability of a region that another name has."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """What the network says about the region of one entity."""

    name: str
    """Its words, with blanks between them."""
    is_person: bool
    chances: tuple[float, ...]
    """Probabilities of the K candidates and, last, of "not in the picture"."""


def share_out(pointers: Sequence[Pointer], candidates: Sequence[Region]) -> list[tuple[int, ...]]:
    """Choose the regions of each entity, the likeliest first; empty = not in the picture.

    The entity with the most probable region chooses first, and the others choose among what is left. Two entities get
    the same region only if one's name has all words of the other's, in any case, or if a word of each stands on it.
    When all have chosen, an entity takes further regions that are nearly as likely and not yet taken.

    Args:
        pointers: of all entities of a post.
        candidates: the K regions.
    """
    chosen: list[tuple[int, ...]] = [()] * len(pointers)
    holders = defaultdict[int, set[str]](set)
    order = sorted(range(len(pointers)), key=lambda index: -max(pointers[index].chances[:-1], default=0.0))
    for most in (1, None):
        for index in order:
            own = pointers[index]
            chosen[index] = likely_regions(_free(own, holders, candidates))[:most]
            for region in chosen[index]:
                holders[region].add(own.name)
    return chosen


def _free(own: Pointer, holders: Mapping[int, set[str]], candidates: Sequence[Region]) -> list[float]:
    """Give an entity's probabilities without the regions that another name has."""

    def taken(region: int) -> bool:
        return any(not _may_share(own.name, other, candidates[region].text) for other in holders.get(region, ()))

    *chances, none = own.chances
    return [*(TAKEN if taken(region) else chance for region, chance in enumerate(chances)), none]


def _may_share(name: str, other: str, text: str) -> bool:
    one_in_the_other = 1.0 in (said_by(other, name), said_by(name, other))
    return one_in_the_other or (said_by(text, name) > 0 and said_by(text, other) > 0)


def said_by(text: str, name: str) -> float:
    """Compute the share of a name's words that a text has, in any case and between any signs, in [0, 1]."""
    words = _words(name)
    return len(words & _words(text)) / max(1, len(words))


def _words(text: str) -> set[str]:
    return {_without_signs(word) for word in text.lower().split()}


def _without_signs(word: str) -> str:
    """Leave out the signs before and after a word, which OCR and hashtags add; a word of signs alone stays."""
    letters = [place for place, letter in enumerate(word) if letter.isalnum()]
    return word[letters[0] : letters[-1] + 1] if letters else word


def likely_regions(probabilities: Sequence[float]) -> tuple[int, ...]:
    """Choose the regions of one entity, the likeliest first.

    Args:
        probabilities: of the K candidates and, last, of "not in the picture".
    """
    *candidates, none = probabilities
    level = max(candidates, default=0.0)
    if not candidates or none > level:
        return ()
    chosen = [index for index, chance in enumerate(candidates) if chance >= max(NEARLY * level, none)]
    return tuple(sorted(chosen, key=lambda index: -candidates[index]))
