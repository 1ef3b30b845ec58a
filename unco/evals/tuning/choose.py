"""Choose one combination of thresholds: the cheapest that is as good as the best, within one standard error."""

from dataclasses import dataclass, replace

import numpy as np

from unco.evals.metrics.bootstrap import f1_error
from unco.evals.metrics.drop_level import best_level
from unco.evals.metrics.paper import Task, total
from unco.evals.tuning.call_rate import thresholds_for_share
from unco.evals.tuning.expected import scores
from unco.evals.tuning.outcomes import Floats, Outcomes
from unco.evals.tuning.sweep import Grid, Sweep, sweep
from unco.types import Thresholds

STEPS = 21
"""Number of thresholds tried of each attribute: 0, 5, ... 100 % of the entities are asked about."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen thresholds, beside the best ones."""

    thresholds: Thresholds
    best: Thresholds
    """The combination of the highest F1, which may cost many more calls."""
    f1: float
    best_f1: float
    standard_error: float
    """Standard error of the best one's F1, over posts."""
    tried: int


def choose_jointly(outcomes: Outcomes, task: Task = "GMNER", steps: int = STEPS) -> Choice:
    """Sweep all three thresholds together and choose by the one-standard-error rule.

    Thresholds are tried where they ask about even shares of the entities: uncertainties crowd near 0. A dev set of
    1,500 posts does not tell apart combinations that are two points of F1 from each other, so of those that are within
    one standard error of the best the cheapest is taken (Breiman et al. 1984).

    Raises:
        SettingsError: the recording has a floor, and thresholds below it would be tried.
    """
    return one_standard_error(outcomes, sweep(outcomes, grid_of_shares(outcomes, steps)), task)


def grid_of_shares(outcomes: Outcomes, steps: int) -> Grid:
    """Make a grid of thresholds that ask about 0, 1 / (steps - 1), ... all entities, above the recording's floor."""
    rows = [thresholds_for_share(outcomes.uncertainty, share) for share in np.linspace(0, 1, steps)]
    floor = outcomes.about.floor

    def axis(values: list[float], least: float) -> Floats:
        return np.unique(np.maximum(values, least))

    return (
        axis([row.span for row in rows], floor.span),
        axis([row.type for row in rows], floor.type),
        axis([row.region for row in rows], floor.region),
    )


def one_standard_error(outcomes: Outcomes, swept: Sweep, task: Task, allowed: Floats | None = None) -> Choice:
    """Choose the cheapest combination within one standard error of the best; of equally cheap ones the better.

    An attribute that no threshold makes a difference to gets the highest: nothing on these posts says that asking is
    worth it. Without pictures, the region is so, and other posts may have pictures.

    Args:
        outcomes: what the sweep is of.
        swept: all combinations.
        task: whose F1 counts.
        allowed: 1 where a combination may be chosen, 0 elsewhere; None = all may be.
    """
    f1 = swept.f1(task) if allowed is None else np.where(allowed, swept.f1(task), -1.0)
    best = _place(f1.argmax(), f1)
    error = f1_error(scores(outcomes, outcomes.by_post(swept.thresholds(best)), task))
    good = f1 >= f1[best] - error
    cheapest = np.where(good, swept.calls - f1, np.inf)  # F1 is below 1, so it only decides between equal counts
    chosen = _highest_where_equal(_place(cheapest.argmin(), f1), cheapest)
    return Choice(
        thresholds=swept.thresholds(chosen),
        best=swept.thresholds(best),
        f1=float(f1[chosen]),
        best_f1=float(f1[best]),
        standard_error=error,
        tried=int(f1.size if allowed is None else np.count_nonzero(allowed)),
    )


def with_best_drop(outcomes: Outcomes, thresholds: Thresholds, task: Task) -> Thresholds:
    """Choose the level of doubt above which entities are dropped, by F1, for thresholds that are chosen."""

    def f1_at(level: float) -> float:
        return total(scores(outcomes, outcomes.by_post(replace(thresholds, drop=level)), task)).f1

    return replace(thresholds, drop=best_level(f1_at))


def _place(flat: np.intp, table: Floats) -> tuple[int, ...]:
    return tuple(map(int, np.unravel_index(flat, table.shape)))


def _highest_where_equal(place: tuple[int, ...], table: Floats) -> tuple[int, ...]:
    """Move to the highest threshold of each attribute along which all combinations are equal."""
    for axis in range(table.ndim):
        line = np.moveaxis(table, axis, -1)[place[:axis] + place[axis + 1 :]]
        if (line == line[0]).all():
            place = (*place[:axis], len(line) - 1, *place[axis + 1 :])
    return place
