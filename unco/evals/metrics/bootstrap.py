"""Confidence intervals and tests: bootstrap over posts, and McNemar's test over gold entities.

Posts are drawn, not entities: those of one post share a text and a picture. The interval is the percentile one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.paper import NO_COUNTS, Score

LEVEL = 0.95
LEVELS = ((1 - LEVEL) / 2, (1 + LEVEL) / 2)
DRAWS = 2000

AT_ONCE = 4_000_000
"""Posts drawn at once, over all draws together, so that many posts fit the memory: 32 MB for each array of them."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A score in [0, 1] (of a difference: [-1, 1]), or another ratio, with its bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def excludes_zero(self) -> bool:
        """Whether 0 lies outside the interval."""
        return self.low > 0 or self.high < 0


def f1_interval(counts: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> Interval:
    """Compute F1 with its interval over posts.

    Args:
        counts: of each post.
        draws: bootstrap samples.
        seed: of the draws.
    """
    return f1_intervals([counts], draws, seed)[0]


def f1_intervals(columns: Sequence[Sequence[Score]], draws: int = DRAWS, seed: int = 0) -> list[Interval]:
    """Compute F1 with intervals for many tasks on the same posts and draws: as `f1_interval` of each, but much faster.

    A draw in which nothing is counted, as of a type that few posts have, has no F1 and is left out.

    Args:
        columns: counts of each post, for each task, type, ...
        draws: bootstrap samples.
        seed: of the draws.
    """
    if not columns:
        return []
    tables = np.stack([_table(counts) for counts in columns], axis=1)
    values, sums = _f1(tables.sum(0)), _resampled(tables, draws, seed)
    samples = _f1(sums)
    counted: NDArray[np.bool_] = sums[..., 1:].sum(-1) > 0
    bounds = np.quantile(samples, LEVELS, axis=0)
    for column in map(int, np.flatnonzero(~counted.all(0) & counted.any(0))):
        bounds[:, column] = np.quantile(samples[counted[:, column], column], LEVELS)
    return [Interval(*map(float, one)) for one in zip(values, *bounds, strict=True)]


def f1_difference(first: Sequence[Score], second: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> Interval:
    """Compute how much the second run's F1 is above the first's, on the same posts, which are drawn together.

    Args:
        first: counts of each post.
        second: of the same posts, in the same order.
        draws: bootstrap samples.
        seed: of the draws.

    Raises:
        ValueError: the two differ in length.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} posts against {len(second)}: the same posts are needed")
    tables = np.stack([_table(first), _table(second)], axis=1)
    (one, other), samples = _f1(tables.sum(0)), _f1(_resampled(tables, draws, seed))
    low, high = np.quantile(samples[:, 1] - samples[:, 0], LEVELS)
    return Interval(float(other - one), float(low), float(high))


def f1_error(counts: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> float:
    """Estimate the standard error of F1 over posts, by the same draws as `f1_interval`."""
    return float(_f1(_resampled(_table(counts)[:, None], draws, seed)).std())


def ratio_intervals(
    above: NDArray[np.float64], below: NDArray[np.float64], draws: int = DRAWS, seed: int = 0
) -> list[Interval]:
    """Compute ratios of sums over posts, such as calls per entity, with intervals from the same draws of posts.

    Args:
        above: (posts, ratios).
        below: the same shape, at least 0; of nothing the ratio is 0.
        draws: bootstrap samples.
        seed: of the draws.
    """
    tables = np.stack([above, below, np.zeros_like(below)], axis=-1)

    def ratio(sums: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.divide(sums[..., 0], sums[..., 1], out=np.zeros(sums.shape[:-1]), where=sums[..., 1] > 0)

    bounds = np.quantile(ratio(_resampled(tables, draws, seed)), LEVELS, axis=0)
    return [Interval(*map(float, one)) for one in zip(ratio(tables.sum(0)), *bounds, strict=True)]


def mcnemar(only_first: int, only_second: int) -> float:
    """Compute the exact two-sided p-value of McNemar's test that two runs are equally often right.

    Args:
        only_first: gold entities that are right in the first run alone.
        only_second: gold entities that are right in the second run alone.
    """
    changed, fewer = only_first + only_second, min(only_first, only_second)
    tail = (
        sum(comb(changed, k) for k in range(fewer + 1)) / 2**changed if changed < 1000 else _normal_tail(changed, fewer)
    )
    return min(1.0, 2 * tail)


def _normal_tail(changed: int, fewer: int) -> float:
    """Approximate the binomial tail by the normal distribution, with continuity correction."""
    return 0.5 * erfc((changed / 2 - fewer - 0.5) / (sqrt(changed) / 2) / sqrt(2))


def _table(counts: Sequence[Score]) -> NDArray[np.int64]:
    table = np.zeros((len(counts), 3), np.int64)
    for row, one in enumerate(counts):
        if one is not NO_COUNTS:  # most posts have no entity of a rare type
            table[row] = one.correct, one.predicted, one.gold
    return table


def _resampled(tables: NDArray[np.int64] | NDArray[np.float64], draws: int, seed: int) -> NDArray[np.float64]:
    """Sum over posts drawn with replacement: (posts, columns, 3) to (draws, columns, 3).

    A draw is how often it takes each post, so all its sums are one product of matrices; whole numbers, so exact.
    """
    posts, columns, _ = tables.shape
    flat, rng = tables.reshape(posts, 3 * columns).astype(np.float64), np.random.default_rng(seed)
    sums = np.zeros((draws, 3 * columns))
    step = max(1, AT_ONCE // max(posts, 1))
    for start in range(0, draws if posts else 0, step):
        rows = min(step, draws - start)
        drawn = rng.integers(0, posts, (rows, posts)) + posts * np.arange(rows)[:, None]
        taken = np.bincount(drawn.ravel(), minlength=rows * posts).reshape(rows, posts)
        sums[start : start + rows] = taken.astype(np.float64) @ flat
    return sums.reshape(draws, columns, 3)


def _f1(sums: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.float64]:
    correct, both = sums[..., 0], sums[..., 1] + sums[..., 2]
    return np.asarray(2 * correct / np.maximum(both, 1), np.float64)
