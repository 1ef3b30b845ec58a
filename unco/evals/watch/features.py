"""Describe a post by a few whole numbers that need no labels: what is watched of a stream.

Each lies on a scale of 101 steps, so that a reference is a table of counts and a stream takes no memory.
"""

from collections.abc import Iterable, Sequence
from math import sqrt

from unco.tools.extraction.policy import REFERENCE_STEPS, PolicyReference
from unco.types import ATTRIBUTES, Correction, Entity, Outcome, Result, Thresholds

OUTCOMES: tuple[Outcome, ...] = ("changed", "rejected", "failed", "unavailable")
"""Outcomes whose shares are watched, of the attributes that were to be asked about."""

ENTITIES, WORDS, CAPITALS, DOUBT = "entities", "words", "capitals", "doubt"

UNTOUCHED_BY_MEMORY = frozenset({ENTITIES, WORDS, CAPITALS, "region uncertainty", "routed region"})
"""What a memory of names does not change: the others would tell of it, not of the posts."""


def features_of(result: Result, thresholds: Thresholds) -> dict[str, int]:
    """Describe a post by its letters, what the small model found in it, and what became of its questions.

    Args:
        result: of the post.
        thresholds: above which an attribute counts as routed; the reference's own.

    Returns:
        By name, a step from 0 to 100: the numbers of entities and words; the share of letters that are capitals; for
        each attribute the mean uncertainty (its square root, as most are near 0) and the share that is routed; the mean
        doubt, of span and type together, as an uncertainty; for each of `OUTCOMES` its share. Shares and means of
        nothing are missing.
    """
    found = [entity for entity in result.entities if entity.found_by == "small model"]
    letters = [letter for letter in result.text if letter.isalpha()]
    steps = {ENTITIES: min(len(found), REFERENCE_STEPS - 1), WORDS: min(len(result.tokens), REFERENCE_STEPS - 1)}
    if letters:
        steps[CAPITALS] = _step(_share([letter.isupper() for letter in letters]))
    for name in ATTRIBUTES if found else ():
        uncertainties = [entity.uncertainty.of(name) for entity in found]
        steps[f"{name} uncertainty"] = _step(sqrt(max(0.0, _share(uncertainties))))
        steps[f"routed {name}"] = _step(_share([value > thresholds.of(name) for value in uncertainties]))
    if found:
        steps[DOUBT] = _step(sqrt(max(0.0, _share([entity.uncertainty.doubt for entity in found]))))
    asked = _asked(found)
    for outcome in OUTCOMES if asked else ():
        steps[outcome] = _step(_share([note.outcome == outcome for note in asked]))
    return steps


def mean_of(name: str, counts: Sequence[int]) -> float | None:
    """Compute a feature's mean, as a number of entities, an uncertainty or a share; None = there is nothing.

    Args:
        name: of the feature.
        counts: how many posts are at each step.
    """
    total = sum(count * _value(name, step) for step, count in enumerate(counts))
    return total / sum(counts) if any(counts) else None


def _value(name: str, step: int) -> float:
    if name in (ENTITIES, WORDS):
        return step
    share = step / (REFERENCE_STEPS - 1)
    return share**2 if name.endswith((DOUBT, "uncertainty")) else share


def reference_of(results: Iterable[Result], thresholds: Thresholds) -> PolicyReference:
    """Count what posts look like, to compare others with them.

    Args:
        results: of posts as the policy was chosen on.
        thresholds: the policy's.
    """
    posts = 0
    counts: dict[str, list[int]] = {}
    for result in results:
        posts += 1
        for name, step in features_of(result, thresholds).items():
            counts.setdefault(name, [0] * REFERENCE_STEPS)[step] += 1
    return PolicyReference(posts=posts, counts={name: tuple(each) for name, each in counts.items()})


def _asked(found: Sequence[Entity]) -> list[Correction]:
    """List the corrections of attributes that were above their thresholds."""
    return [note for entity in found for note in entity.corrections if note.uncertainty > note.threshold]


def _share(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _step(share: float) -> int:
    """Find the step of a share; a small model of the user's own may leave [0, 1]."""
    return round(min(1.0, share) * (REFERENCE_STEPS - 1))
