"""Sweep thresholds: one at a time as in the paper's Figure 4, or all three together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.tuning.outcomes import COLUMNS, COUNTED, ROUTINGS, CoupledPost, Floats, Outcomes
from unco.evals.tuning.recorded.replay import Routing, check_floor
from unco.types import ATTRIBUTES, Attribute, Thresholds

Grid = tuple[Floats, Floats, Floats]
"""Thresholds to try of span, type and region."""

AT_ONCE = 10_000
"""Entities counted at once, so that many posts fit the memory."""

FIGURE_4 = tuple(round(0.05 * step, 2) for step in range(21))
"""The thresholds of Figure 4, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Sums over all posts for each combination of a grid, (span, type, region)."""

    grid: Grid
    right: dict[Task, Floats]
    calls: Floats
    usd: Floats
    """nan = unknown."""
    kept: Floats
    """Entities that are not dropped."""
    predicted: int
    """Entities that the small model found."""
    gold: int

    def f1(self, task: Task) -> Floats:
        """Compute the F1 of each combination, in [0, 1]."""
        return np.asarray(2 * self.right[task] / np.maximum(self.kept + self.gold, 1), np.float64)

    def thresholds(self, place: Sequence[int]) -> Thresholds:
        """Return the thresholds of one combination."""
        span, kind, region = (float(axis[index]) for axis, index in zip(self.grid, place, strict=True))
        return Thresholds(span, kind, region)


def sweep(outcomes: Outcomes, grid: Grid) -> Sweep:
    """Try every combination of a grid: 21 x 21 x 21 over 1,500 posts in a tenth of a second.

    Raises:
        SettingsError: a threshold is below the recording's floor.
    """
    check_floor(outcomes.about.floor, Thresholds(*(float(axis.min()) for axis in grid)))
    sums = totals(outcomes.uncertainty, outcomes.values, grid)
    for post in outcomes.coupled:
        sums[..., COUNTED] += _coupled(outcomes, post, grid)
    return Sweep(
        grid=grid,
        right={task: sums[..., column] for column, task in enumerate(THREE_TASKS)},
        calls=sums[..., COLUMNS.index("calls")],
        usd=sums[..., COLUMNS.index("usd")],
        kept=sums[..., COLUMNS.index("kept")],
        predicted=int(outcomes.predicted.sum()),
        gold=int(outcomes.gold.sum()),
    )


def sweep_one(
    outcomes: Outcomes, attribute: Attribute, others: Thresholds, values: Sequence[float] = FIGURE_4
) -> Sweep:
    """Try values of one threshold, the two others fixed: a panel of Figure 4."""
    span, kind, region = (
        np.array(values if name == attribute else [others.of(name)], np.float64) for name in ATTRIBUTES
    )
    return sweep(outcomes, (span, kind, region))


def totals(uncertainty: Floats, values: Floats, grid: Grid) -> Floats:
    """Sum the values of all entities, each as it is routed, for each combination: (S, T, R, columns).

    Args:
        uncertainty: (E, 3).
        values: (E, 2, 2, 2, columns).
        grid: S, T and R thresholds.
    """
    shape = (len(grid[0]), values.shape[-1], len(grid[1]), len(grid[2]))
    sums = np.zeros((shape[0] * shape[1], shape[2] * shape[3]))
    for start in range(0, len(uncertainty), AT_ONCE):
        part = slice(start, start + AT_ONCE)
        sums += _totals(uncertainty[part], values[part], grid).reshape(sums.shape)
    return np.moveaxis(sums.reshape(shape), 1, -1)


def _totals(uncertainty: Floats, values: Floats, grid: Grid) -> Floats:
    """Sum the values of some entities for each combination: (S, columns, T, R)."""
    routed = [uncertainty[:, place, None] > axis for place, axis in enumerate(grid)]
    spans, kinds, regions = ((np.where(hit, 0.0, 1.0), np.where(hit, 1.0, 0.0)) for hit in routed)
    entities, columns = len(uncertainty), values.shape[-1]
    sums = np.zeros((len(grid[0]) * columns, len(grid[1]) * len(grid[2])))
    for b, c in product((0, 1), repeat=2):
        pairs = (kinds[b][:, :, None] * regions[c][:, None, :]).reshape(entities, sums.shape[1])
        by_span = (spans[a][:, :, None] * values[:, a, b, c, None, :] for a in (0, 1))
        sums += np.asarray(sum(by_span)).reshape(entities, sums.shape[0]).T @ pairs
    return sums


def _coupled(outcomes: Outcomes, post: CoupledPost, grid: Grid) -> Floats:
    """Count one coupled post: (S, T, R, tasks and kept); each joint routing of its entities is scored once."""
    ways: list[tuple[Routing, ...]] = [()]
    which: NDArray[np.int64] = np.zeros(tuple(map(len, grid)), np.int64)
    for row in post.entities:
        s, t, r = (value > axis for value, axis in zip(outcomes.uncertainty[row], grid, strict=True))
        routing = 4 * s[:, None, None] + 2 * t[None, :, None] + r[None, None, :]
        known, which = np.unique(8 * which + routing, return_inverse=True)
        which = which.reshape(tuple(map(len, grid)))
        ways = [(*ways[code // 8], ROUTINGS[code % 8]) for code in known.tolist()]
    return np.asarray(np.array([post.counts(way) for way in ways])[which], np.float64)
