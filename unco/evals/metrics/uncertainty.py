"""Metrics of how well an uncertainty tells wrong from right; the positive class is "wrong" (Eq. 16)."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from unco.evals.metrics.paper import Triplet, region_correct
from unco.types import GoldPost


def auroc(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Compute AUROC in [0, 1]: the chance that a wrong one is more uncertain than a right one; None if one is missing.

    The paper's Eq. 16 counts ties as 0 (`strict_auroc`); here they count half, as usual, so that a constant scores 0.5.
    """
    strict, tied = _wins(uncertainty, wrong)
    return None if strict is None else strict + tied / 2


def strict_auroc(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Compute AUROC as the paper's Eq. 16 has it: ties count 0, so that a constant scores 0."""
    return _wins(uncertainty, wrong)[0]


def _wins(uncertainty: Sequence[float], wrong: Sequence[bool]) -> tuple[float | None, float]:
    """Compute the shares of wrong-right pairs in which the wrong one is more uncertain, and equally uncertain."""
    pairs = list(zip(uncertainty, wrong, strict=True))
    right = sorted(value for value, is_wrong in pairs if not is_wrong)
    mistaken = [value for value, is_wrong in pairs if is_wrong]
    if not right or not mistaken:
        return None, 0.0
    below = sum(bisect_left(right, value) for value in mistaken)
    not_above = sum(bisect_right(right, value) for value in mistaken)
    compared = len(right) * len(mistaken)
    return below / compared, (not_above - below) / compared


def average_precision(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Compute the area under the precision-recall curve of finding wrong ones, in (0, 1]; None if nothing is wrong.

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
"""Number of bins of equal width, for the calibration error."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions whose stated chance of being wrong is about the same."""

    stated: float
    """Mean of the stated chances, in [0, 1]."""
    wrong: float
    """Share of wrong ones, in [0, 1]; the same as `stated` when the uncertainty is calibrated."""
    count: int


def reliability_bins(chance_of_wrong: Sequence[float], wrong: Sequence[bool]) -> list[Bin]:
    """Bin predictions by their stated chance of being wrong: ten bins of equal width, lowest first, without empty ones.

    Args:
        chance_of_wrong: in [0, 1]; 1 belongs to the last bin.
        wrong: of the same predictions.

    Raises:
        ValueError: a chance lies outside [0, 1].
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for chance, is_wrong in zip(chance_of_wrong, wrong, strict=True):
        if not 0 <= chance <= 1:
            raise ValueError(f"a chance lies in [0, 1], got {chance}")
        bins.setdefault(min(int(chance * BINS), BINS - 1), []).append((chance, is_wrong))
    return [
        Bin(sum(chance for chance, _ in held) / len(held), sum(flag for _, flag in held) / len(held), len(held))
        for _, held in sorted(bins.items())
    ]


def calibration_error(chance_of_wrong: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Compute ECE: the mean gap between the stated chance and the share of wrong ones, in [0, 1].

    Args:
        chance_of_wrong: in [0, 1]; the gaps of `reliability_bins` are weighted by the bins' sizes.
        wrong: of the same predictions.

    Returns:
        None when there are no predictions.

    Raises:
        ValueError: a chance lies outside [0, 1].
    """
    bins = reliability_bins(chance_of_wrong, wrong)
    return sum(held.count * abs(held.stated - held.wrong) for held in bins) / len(wrong) if bins else None


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
