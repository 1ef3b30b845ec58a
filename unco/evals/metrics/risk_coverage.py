"""Risk-coverage curves: the share of wrong predictions when only the surest ones are kept."""

from collections.abc import Sequence
from itertools import groupby

Point = tuple[float, float]
"""(coverage, risk): the share of predictions that are kept, the surest first, and the share of wrong ones of these."""


def risk_coverage(uncertainty: Sequence[float], wrong: Sequence[bool]) -> list[Point]:
    """Compute the curve, from low coverage to 1; predictions of equal uncertainty make one point."""
    points, seen, mistakes = list[Point](), 0, 0
    for flags in _by_uncertainty(uncertainty, wrong):
        seen, mistakes = seen + len(flags), mistakes + sum(flags)
        points.append((seen / len(wrong), mistakes / seen))
    return points


def area_under_risk(uncertainty: Sequence[float], wrong: Sequence[bool]) -> float | None:
    """Compute AURC (Geifman and El-Yaniv 2017): mean risk over coverages 1/n, 2/n, ... 1, in [0, 1]; lower is better.

    Of predictions that are equally sure the mean over their orders counts, so that a constant scores the share of
    wrong ones. None when there are no predictions.
    """
    area, seen, mistakes = 0.0, 0, 0
    for flags in _by_uncertainty(uncertainty, wrong):
        share = sum(flags) / len(flags)
        area += sum((mistakes + kept * share) / (seen + kept) for kept in range(1, len(flags) + 1))
        seen, mistakes = seen + len(flags), mistakes + sum(flags)
    return area / seen if seen else None


def _by_uncertainty(uncertainty: Sequence[float], wrong: Sequence[bool]) -> list[list[bool]]:
    """Group the wrong/right flags by equal uncertainty, the surest group first."""
    pairs = sorted(zip(uncertainty, wrong, strict=True), key=lambda pair: pair[0])
    return [[is_wrong for _, is_wrong in group] for _, group in groupby(pairs, key=lambda pair: pair[0])]
