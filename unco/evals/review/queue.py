"""What a person should look at after a run: attributes that are still in doubt, the most doubtful first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unco.types import Attribute, Correction, Entity, Result

REASONS = ("unresolved", "disputed", "found by the MLLM")
"""Why an attribute is in the queue, in the order of the queue.

`unresolved`: above its threshold, and no answer that could be verified came. `disputed`: the MLLM changed what the
small model said, so one of the two is wrong. `found by the MLLM`: the small model did not see the entity.
"""

_UNRESOLVED = ("rejected", "failed", "unavailable")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One attribute that a person should look at."""

    entity: int
    """Index among the post's entities."""
    attribute: Attribute
    reason: str
    """One of `REASONS`."""
    uncertainty: float
    """The small model's, in [0, 1]; 1 where it did not see the entity."""
    note: str
    """In words."""


@dataclass(frozen=True, slots=True)
class Queued:
    """A post that a person should look at."""

    result: Result
    doubts: tuple[Doubt, ...]
    """The most doubtful first."""


def review_queue(results: Iterable[Result]) -> list[Queued]:
    """Posts that hold anything in doubt: unresolved ones first, then by uncertainty."""
    queued = [Queued(result, tuple(sorted(_doubts(result.entities), key=_rank))) for result in results]
    return sorted((one for one in queued if one.doubts), key=lambda one: _rank(one.doubts[0]))


def _rank(doubt: Doubt) -> tuple[int, float]:
    return REASONS.index(doubt.reason), -doubt.uncertainty


def _doubts(entities: Sequence[Entity]) -> list[Doubt]:
    return [
        Doubt(entity.index, note.attribute, reason, note.uncertainty, _words(entity, note, reason))
        for entity in entities
        for note in entity.corrections
        if (reason := _reason(note))
    ]


def _reason(note: Correction) -> str:
    if note.outcome in _UNRESOLVED:
        return "unresolved"
    return {"changed": "disputed", "added": "found by the MLLM"}.get(note.outcome, "")


def _words(entity: Entity, note: Correction, reason: str) -> str:
    why = "; ".join(filter(None, (note.detail, _whose(note))))
    detail = f" ({why})" if why else ""
    return f"{note.attribute} of {entity.text!r}: {reason}{detail}, uncertainty {note.uncertainty:.2f}"


def _whose(note: Correction) -> str:
    """A warning where no model gave the answer."""
    if note.simulated:
        return "the answer is simulated"
    return "the answer was written by hand" if note.authored else ""
