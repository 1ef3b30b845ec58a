"""How sure a score is, and whether two runs differ: bootstrap over posts, and McNemar's test over gold entities.

Posts are drawn, not entities: those of one post share a text and a picture. The interval is the percentile one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, erfc, sqrt

import numpy as np
from numpy.typing import NDArray

from unco.evals.scores import Score

LEVEL = 0.95
DRAWS = 2000


@dataclass(frozen=True, slots=True)
class Interval:
    """A score in [0, 1] (of a difference: [-1, 1]) with its bootstrap interval."""

    value: float
    low: float
    high: float

    @property
    def sure_of_sign(self) -> bool:
        """Whether 0 lies outside."""
        return self.low > 0 or self.high < 0


def f1_interval(counts: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> Interval:
    """F1 over posts.

    Args:
        counts: of each post.
        draws: bootstrap samples.
        seed: of the draws.
    """
    table = _table(counts)
    return _interval(_f1(table.sum(0)), _f1(table[_drawn(len(counts), draws, seed)].sum(1)))


def f1_difference(first: Sequence[Score], second: Sequence[Score], draws: int = DRAWS, seed: int = 0) -> Interval:
    """How much the second run's F1 is above the first's, on the same posts, which are drawn together.

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
    one, other, drawn = _table(first), _table(second), _drawn(len(first), draws, seed)
    samples = _f1(other[drawn].sum(1)) - _f1(one[drawn].sum(1))
    return _interval(_f1(other.sum(0)) - _f1(one.sum(0)), samples)


def mcnemar(only_first: int, only_second: int) -> float:
    """Exact two-sided p-value that two runs are equally often right, from the gold entities that only one has right.

    Args:
        only_first: right in the first run alone.
        only_second: right in the second run alone.
    """
    changed, fewer = only_first + only_second, min(only_first, only_second)
    tail = (
        sum(comb(changed, k) for k in range(fewer + 1)) / 2**changed if changed < 1000 else _normal_tail(changed, fewer)
    )
    return min(1.0, 2 * tail)


def _normal_tail(changed: int, fewer: int) -> float:
    """The binomial tail by the normal approximation, with continuity correction."""
    return 0.5 * erfc((changed / 2 - fewer - 0.5) / (sqrt(changed) / 2) / sqrt(2))


def _table(counts: Sequence[Score]) -> NDArray[np.int64]:
    return np.array([(one.correct, one.predicted, one.gold) for one in counts], np.int64).reshape(-1, 3)


def _drawn(posts: int, draws: int, seed: int) -> NDArray[np.int64]:
    return np.random.default_rng(seed).integers(0, max(posts, 1), (draws, posts))


def _f1(sums: NDArray[np.int64]) -> NDArray[np.float64]:
    correct, both = sums[..., 0], sums[..., 1] + sums[..., 2]
    return np.asarray(2 * correct / np.maximum(both, 1), np.float64)


def _interval(value: NDArray[np.float64], samples: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(value), float(low), float(high))
