"""Build the review queue of a run: attributes that are still uncertain, the most uncertain first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from unco.types import Attribute, Correction, Dropped, Entity, Result

REASONS = ("unresolved", "dropped", "disputed", "found by the MLLM")
"""Why an attribute is in the queue, in the order of the queue.

`unresolved`: above its threshold, and no answer that could be verified came. `dropped`: the entity is left out of the
result, as it is too doubtful as a whole. `disputed`: the MLLM changed what the small model said, or would have if it
had been surer, so one of the two is wrong. `found by the MLLM`: the small model did not see the entity.
"""

_UNRESOLVED = ("rejected", "failed", "unavailable")


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One attribute that a person should look at."""

    entity: int
    """Index among the post's entities."""
    attribute: Attribute
    reason: str
    """One of `REASONS`."""
    uncertainty: float
    """The small model's uncertainty, in [0, 1]; 1 where it did not find the entity; of a dropped entity its doubt."""
    note: str
    """The reason in words."""


@dataclass(frozen=True, slots=True)
class QueuedPost:
    """A post that a person should look at."""

    result: Result
    items: tuple[ReviewItem, ...]
    """Attributes to look at, the most uncertain first."""


def review_queue(results: Iterable[Result]) -> list[QueuedPost]:
    """Collect the posts that need a review: unresolved ones first, then by uncertainty."""
    queued = [QueuedPost(result, tuple(sorted(_items(result), key=_rank))) for result in results]
    return sorted((one for one in queued if one.items), key=lambda one: _rank(one.items[0]))


def _rank(item: ReviewItem) -> tuple[int, float]:
    return REASONS.index(item.reason), -item.uncertainty


def _items(result: Result) -> list[ReviewItem]:
    return [*_review_items(result.all_entities), *map(_item_of_dropped, result.dropped)]


def _item_of_dropped(one: Dropped) -> ReviewItem:
    """Make the item of an entity that was left out: of its span, on which all else hangs."""
    words = f"{one.entity.text!r}: dropped, doubt {one.doubt:.2f}"
    return ReviewItem(one.entity.index, "span", "dropped", one.doubt, words)


def _review_items(entities: Sequence[Entity]) -> list[ReviewItem]:
    return [
        ReviewItem(entity.index, note.attribute, reason, note.uncertainty, _words(entity, note, reason))
        for entity in entities
        for note in entity.corrections
        if (reason := _reason(note, entity))
    ]


def _reason(note: Correction, entity: Entity) -> str:
    if note.outcome in _UNRESOLVED:
        return "unresolved"
    if note.outcome == "added" and entity.found_by == "small model":
        return ""  # a type of the user's own list, as wanted
    return {"changed": "disputed", "low_confidence": "disputed", "added": "found by the MLLM"}.get(note.outcome, "")


def _words(entity: Entity, note: Correction, reason: str) -> str:
    why = "; ".join(filter(None, (note.detail, _provenance_warning(note))))
    detail = f" ({why})" if why else ""
    return f"{note.attribute} of {entity.text!r}: {reason}{detail}, uncertainty {note.uncertainty:.2f}"


def _provenance_warning(note: Correction) -> str:
    """Warn where no model gave the answer."""
    if note.simulated:
        return "the answer is simulated"
    return "the answer was written by hand" if note.authored else ""
