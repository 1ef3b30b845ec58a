"""Weighs remembered decisions: those that agree with the small model lower its doubt, those that contradict raise it.

In log-odds of being wrong, each decision counts `WEIGHT`, less the older it is, and half where the small model had said
another type of the same words: then they stood in another context. A lowered doubt is left out for one mention in
`SPOT_CHECK`, so that a wrong memory is asked about again, and answered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from math import exp, log

from unco.tools.extraction.known_names import name_key
from unco.tools.memory.decisions import REMEMBERED, DecidedBy, Decision, Remembered, hash_of_labels, hash_of_place
from unco.types import Entity, Extraction

WEIGHT: Mapping[DecidedBy, float] = {"answer": 0.25, "review": 1.0}
"""Of a decision, in log-odds, rounded from what `python -m benchmarks.memory` measures."""

MOST = 2.0
"""All decisions together change log-odds by no more: a factor of 7 in the odds."""

LASTS_DAYS = 180
"""Age at which a decision counts nothing, in days."""

SPOT_CHECK = 10

_LEAST = 1e-4
"""Uncertainties are taken to lie this far from 0 and 1."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What memory did to one doubt."""

    agree: int
    """Decisions that came to the small model's value."""
    against: int
    before: float
    """The small model's uncertainty, in [0, 1]."""

    def __str__(self) -> str:
        """Say it in words, for the detail of a correction."""
        return f"memory: {self.agree} decisions agree, {self.against} do not; uncertainty {self.before:.3f} without it"


Found = Mapping[str, Sequence[Decision]]
"""What is remembered, by `name_key`."""


def names_of(extraction: Extraction) -> frozenset[str]:
    """Collect the names of an extraction, as memory keeps them."""
    return frozenset(name_key(entity.text) for entity in extraction.entities)


def weigh(extraction: Extraction, found: Found, today: date) -> tuple[Extraction, dict[int, dict[Remembered, Weighed]]]:
    """Change the doubts of an extraction by what is remembered of its names.

    Returns:
        The extraction with these uncertainties; and what was changed, by entity and attribute.
    """
    labels = hash_of_labels(extraction.labels)
    weighed = {
        entity.index: _of_entity(entity, _of_others(found, entity, extraction.text), labels, today, extraction.text)
        for entity in extraction.entities
    }
    entities = tuple(_with(entity, weighed[entity.index]) for entity in extraction.entities)
    why = {index: {name: one for name, (_, one) in changed.items()} for index, changed in weighed.items() if changed}
    return replace(extraction, entities=entities), why


_Changed = dict[Remembered, tuple[float, Weighed]]


def _of_others(found: Found, entity: Entity, text: str) -> list[Decision]:
    """List what other posts came to: a post that is run again is asked what it was asked before."""
    own = hash_of_place(text, entity.span)
    return [one for one in found.get(name_key(entity.text), ()) if one.post != own]


def _of_entity(entity: Entity, known: Sequence[Decision], labels: str, today: date, text: str) -> _Changed:
    changed: _Changed = {}
    for attribute in REMEMBERED:
        value = name_key(entity.text) if attribute == "span" else entity.type
        about = [one for one in known if one.attribute == attribute and (attribute == "span" or one.labels == labels)]
        if value is None or not about:
            continue
        before = entity.uncertainty.of(attribute)
        after = _shifted(before, _shift(about, value, today))
        if after < before and _is_spot_check(text, entity, attribute):
            continue
        agree = sum(one.decided == value for one in about)
        changed[attribute] = after, Weighed(agree, len(about) - agree, before)
    return changed


def _shift(about: Iterable[Decision], value: str, today: date) -> float:
    """Sum up the decisions; above 0 = they contradict."""
    total = 0.0
    for one in about:
        days = abs((today - one.day).days)  # ahead of us too: of a machine whose clock was wrong
        left = max(0.0, 1.0 - days / LASTS_DAYS)
        weight = WEIGHT[one.by] * left * (1.0 if one.said == value else 0.5)
        total += -weight if one.decided == value else weight
    return max(-MOST, min(MOST, total))


def _shifted(uncertainty: float, shift: float) -> float:
    """Shift it, never the other way: near 0 and 1, and by rounding, it would cross a threshold that lies there."""
    kept = min(1.0 - _LEAST, max(_LEAST, uncertainty))
    shifted = 1.0 / (1.0 + exp(-(log(kept / (1.0 - kept)) + shift)))
    further = max if shift > 0 else min
    return further(uncertainty, shifted) if shift else uncertainty


def _is_spot_check(text: str, entity: Entity, attribute: Remembered) -> bool:
    """Choose mentions that are asked about all the same: always the same ones, so that a run can be repeated."""
    drawn = sha256(f"{text}\n{entity.span}\n{attribute}".encode("utf-8", "backslashreplace")).digest()
    return drawn[0] % SPOT_CHECK == 0


def _with(entity: Entity, changed: _Changed) -> Entity:
    numbers = {name: after for name, (after, _) in changed.items()}
    return replace(entity, uncertainty=replace(entity.uncertainty, **numbers)) if numbers else entity
