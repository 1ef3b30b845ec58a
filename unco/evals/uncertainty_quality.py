"""How well an uncertainty tells wrong from right; the positive class is "wrong" (Eq. 16)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import groupby

from unco.evals.scores import Triplet, region_correct
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


def average_precision(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Area under the precision-recall curve of finding wrong ones, in (0, 1]; None if nothing is wrong.

    Equal values count as one step, so that their order does not matter. A constant scores the share of wrong ones.
    """
    pairs = sorted(zip(uncertainty, wrong, strict=True), key=lambda pair: -pair[0])
    mistakes = sum(wrong)
    if not mistakes:
        return None
    area, found, seen = 0.0, 0, 0
    for _, group in groupby(pairs, key=lambda pair: pair[0]):
        flags = [is_wrong for _, is_wrong in group]
        seen += len(flags)
        found += sum(flags)
        area += sum(flags) / mistakes * found / seen
    return area


BINS = 10
"""Of equal width, for the calibration error."""


def calibration_error(chance_of_wrong: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Expected calibration error: mean gap between the stated chance and the share of wrong ones, in [0, 1].

    Args:
        chance_of_wrong: in [0, 1], sorted into ten bins of equal width; the gaps are weighted by the bins' sizes.
        wrong: of the same predictions.

    Returns:
        None when there are no predictions.
    """
    if not wrong:
        return None
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, is_wrong in zip(chance_of_wrong, wrong, strict=True):
        bins.setdefault(min(int(chance * BINS), BINS - 1), []).append((chance, is_wrong))
    gaps = (abs(sum(chance for chance, _ in held) - sum(flag for _, flag in held)) for held in bins.values())
    return sum(gaps) / len(wrong)


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


def wrong_groundings(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]]) -> list[bool | None]:
    """For each predicted entity, whether "in the picture or not" is wrong; None where the span is wrong."""
    return [
        next(((entity.region is None) == bool(item.boxes) for item in post.entities if item.span == entity.span), None)
        for post, entities in zip(gold, predictions, strict=True)
        for entity in entities
    ]


def wrong_regions(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Triplet]]) -> list[bool | None]:
    """For each predicted entity, whether its region is wrong (see `region_correct`); None where the span is wrong."""
    return [
        next(
            (not region_correct(entity.region, item.boxes) for item in post.entities if item.span == entity.span), None
        )
        for post, entities in zip(gold, predictions, strict=True)
        for entity in entities
    ]
