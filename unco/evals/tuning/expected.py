"""Estimate the scores and costs to expect of thresholds, with intervals over posts."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.bootstrap import Interval, f1_difference, f1_intervals, ratio_intervals
from unco.evals.metrics.paper import THREE_TASKS, Score, Task
from unco.evals.tuning.outcomes import COLUMNS, Floats, Outcomes
from unco.types import ATTRIBUTES, Thresholds

Expected = Mapping[str, Interval]
"""By name: F1 of GMNER, MNER, EEG; share of entities whose span, type, region is asked about, as `routed span` and so
on; the mean over posts of the share of entities that keep it wrong, as `kept wrong span` and so on, which is what risk
control limits; `calls per entity`; `usd per 1000 posts`, missing where the price is unknown. Where thresholds drop
entities, also the share that is `dropped`, and what F1 gains by it, as `GMNER gained by dropping` and so on."""

CALLS, USD = "calls per entity", "usd per 1000 posts"


def expected(outcomes: Outcomes, thresholds: Thresholds) -> Expected:
    """Estimate what to expect of thresholds on posts like these.

    Of thresholds that were chosen on the very same posts F1 is a little too high, the more so the more were tried.
    """
    by_post = outcomes.by_post(thresholds)
    f1 = f1_intervals([scores(outcomes, by_post, task) for task in THREE_TASKS])
    calls, usd = (by_post[:, COLUMNS.index(name)] for name in ("calls", "usd"))
    posts, entities = np.full(len(calls), 1.0), outcomes.predicted.astype(np.float64)
    routed = outcomes.routed(thresholds)
    unasked = ~routed & ~outcomes.dropped(thresholds)[:, None]
    kept_wrong = _summed(outcomes, outcomes.wrong & unasked) / np.maximum(entities, 1)[:, None]
    names = [f"{what} {name}" for what in ("routed", "kept wrong") for name in ATTRIBUTES] + [CALLS, USD]
    above = np.column_stack([_summed(outcomes, routed), kept_wrong, calls, np.nan_to_num(1000 * usd)])
    below = np.column_stack([entities] * 3 + [posts] * 3 + [entities, posts])
    found = dict(zip(THREE_TASKS, f1, strict=True)) | dict(zip(names, ratio_intervals(above, below), strict=True))
    if np.isnan(usd).any():
        del found[USD]
    return found if thresholds.drop == 1.0 else found | _of_dropping(outcomes, thresholds)


def _of_dropping(outcomes: Outcomes, thresholds: Thresholds) -> dict[str, Interval]:
    """Estimate the share that is dropped, and what F1 gains by it, on the same draws of posts."""
    after, before = outcomes.by_post(thresholds), outcomes.by_post(replace(thresholds, drop=1.0))
    found = outcomes.predicted.astype(np.float64)
    (share,) = ratio_intervals((found - after[:, COLUMNS.index("kept")])[:, None], found[:, None])
    return {"dropped": share} | {
        f"{task} gained by dropping": f1_difference(scores(outcomes, before, task), scores(outcomes, after, task))
        for task in THREE_TASKS
    }


def scores(outcomes: Outcomes, by_post: Floats, task: Task) -> list[Score]:
    """Count each post for a task."""
    right, kept = (by_post[:, COLUMNS.index(name)].astype(int).tolist() for name in (task, "kept"))
    counts = zip(right, kept, outcomes.gold.tolist(), strict=True)
    return [Score(*row) for row in counts]


def _summed(outcomes: Outcomes, flags: NDArray[np.bool_]) -> Floats:
    """Count how many of each post's entities have each flag: (P, n)."""
    sums = np.zeros((len(outcomes.gold), flags.shape[1]))
    np.add.at(sums, outcomes.post_of, flags)
    return sums
