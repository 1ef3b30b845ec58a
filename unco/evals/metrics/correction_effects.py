"""Effects of corrections against gold: wrong values put right, and right values made wrong."""

from collections.abc import Sequence
from dataclasses import dataclass

from unco.evals.metrics.paper import region_correct
from unco.types import Attribute, Box, Correction, Entity, GoldEntity, GoldPost, Result, Span

Value = Span | Box | str | None


@dataclass(frozen=True, slots=True)
class CorrectionEffects:
    """Counts of corrected attributes over all posts."""

    better: int
    """Wrong before a correction and right after."""
    worse: int
    """Right before and wrong after: the harm."""
    asked_right: int
    """Asked about though they were right."""
    asked_wrong: int
    """Asked about, and wrong."""

    @property
    def harm_rate(self) -> float | None:
        """Share of the right values asked about that became wrong; None = none was asked about."""
        return self.worse / self.asked_right if self.asked_right else None

    @property
    def rescue_rate(self) -> float | None:
        """Share of the wrong values asked about that became right; None = none was asked about."""
        return self.better / self.asked_wrong if self.asked_wrong else None


def count_effects(gold: Sequence[GoldPost], results: Sequence[Result]) -> CorrectionEffects:
    """Count the effects of a run's corrections; where `value_correct` is None, nothing is counted.

    Args:
        gold: annotated posts.
        results: of the same posts in the same order.
    """
    values = [
        (
            value_correct(post, entity, note.attribute, note.before),
            value_correct(post, entity, note.attribute, note.after),
        )
        for post, result in zip(gold, results, strict=True)
        for entity in result.all_entities
        for note in entity.corrections
        if was_asked(note)
    ]
    return CorrectionEffects(
        better=sum(before is False and after is True for before, after in values),
        worse=sum(before is True and after is False for before, after in values),
        asked_right=sum(before is True for before, _ in values),
        asked_wrong=sum(before is False for before, _ in values),
    )


def was_asked(note: Correction) -> bool:
    """Whether the MLLM was asked about a value of the small model's."""
    return note.outcome in ("kept", "changed", "rejected", "failed", "low_confidence")


def value_correct(post: GoldPost, entity: Entity, attribute: Attribute, value: Value) -> bool | None:
    """Whether a value is correct; None where gold has nothing to compare it with.

    Type and region are compared with the gold entity of the span that the entity ended with.
    """
    if attribute == "span":
        return any(item.span == value for item in post.entities)
    item = gold_with_span(post, entity)
    if item is None:
        return None
    return item.type == value if attribute == "type" else region_correct(value, item.boxes)  # type: ignore[arg-type]


def gold_with_span(post: GoldPost, entity: Entity) -> GoldEntity | None:
    """Find the gold entity with the same span; None = there is none."""
    return next((item for item in post.entities if item.span == entity.span), None)
