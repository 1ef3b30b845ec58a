"""How well an uncertainty tells wrong from right: AUROC, positive class = wrong (Eq. 16, ties counted half)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from unco.evals.scores import Triplet
from unco.types import GoldPost


def auroc(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Chance that a wrong prediction is more uncertain than a right one, in [0, 1]; None if either is missing.

    The paper's Eq. 16 counts ties as 0; here they count half, as usual, so that a constant scores 0.5.
    """
    pairs = list(zip(uncertainty, wrong, strict=True))
    right = sorted(value for value, is_wrong in pairs if not is_wrong)
    mistaken = [value for value, is_wrong in pairs if is_wrong]
    if not right or not mistaken:
        return None
    wins = sum(bisect_left(right, value) + bisect_right(right, value) for value in mistaken)
    return wins / (2 * len(right) * len(mistaken))


def wrong_spans(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]]) -> list[bool]:
    """For each predicted entity, whether its span is not a gold span of the post."""
    return [
        all(entity.span != item.span for item in post.entities)
        for post, entities in zip(gold, predictions, strict=True)
        for entity in entities
    ]


def wrong_types(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]]) -> list[bool | None]:
    """For each predicted entity, whether its type is wrong; None where the span is wrong, so that type has no gold."""
    return [
        next((entity.type != item.type for item in post.entities if item.span == entity.span), None)
        for post, entities in zip(gold, predictions, strict=True)
        for entity in entities
    ]
