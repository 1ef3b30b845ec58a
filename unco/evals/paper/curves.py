"""Reproduce Figure 4: F1 against each threshold, from one recording of all answers, so that no value costs a call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.paper.reproduce import RunCache
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.record import record_experiment
from unco.evals.tuning.sweep import FIGURE_4, sweep_one
from unco.types import ATTRIBUTES, Attribute, Thresholds

OTHERS = Thresholds(1.0, 1.0, 1.0)
"""The other two thresholds while one is tried: nothing exceeds them, so a curve is of one corrector alone."""


@dataclass(frozen=True, slots=True)
class Curve:
    """One panel of Figure 4: scores and calls by threshold of one attribute."""

    attribute: Attribute
    thresholds: Sequence[float]
    """From 0 to 1, lowest first; at 1 no question is asked."""
    f1: Mapping[Task, Sequence[float]]
    """GMNER, MNER, EEG, in [0, 1]."""
    calls: Sequence[float]
    """Calls per entity of the small model."""

    @property
    def best(self) -> int:
        """Index of the threshold with the highest GMNER; of equal ones the highest, which asks least."""
        return max(range(len(self.thresholds)), key=lambda place: (self.f1["GMNER"][place], place))


def threshold_curves(runs: RunCache) -> list[Curve]:
    """Record all answers about the experiment's posts, and try 21 values of each threshold."""
    outcomes = outcomes_of(record_experiment(runs.experiment, None))
    curves = []
    for attribute in ATTRIBUTES:
        swept = sweep_one(outcomes, attribute, OTHERS, FIGURE_4)
        f1 = {task: tuple(map(float, swept.f1(task).ravel())) for task in THREE_TASKS}
        calls = tuple(float(count) / max(1, swept.predicted) for count in swept.calls.ravel())
        curves.append(Curve(attribute, FIGURE_4, f1, calls))
    return curves
