"""Choose thresholds that keep two promises at once: little that is wrong is kept, and few questions are asked.

Learn then test (Angelopoulos et al. 2021, arXiv 2110.01052): for each combination the hypothesis that it breaks a
promise is tested, and what is refuted for all of them together is certified; any of those may be chosen. p-values and
the correction for many tests are MAPIE's. Its ready-made controllers take a sample's loss for 0 or 1 and use a tighter
p-value that holds for these alone; a post's loss lies between, so its functions are called with `binary=False`.
"""

from dataclasses import dataclass

import numpy as np

from unco.errors import DataError, SettingsError, SetupError
from unco.evals.metrics.paper import Task
from unco.evals.tuning.choose import Choice, one_standard_error
from unco.evals.tuning.outcomes import ROUTINGS, Floats, Outcomes
from unco.evals.tuning.sweep import Grid, sweep, totals
from unco.types import ALWAYS

STEPS = 11
"""Number of thresholds of each attribute; every combination is one more test."""


@dataclass(frozen=True, slots=True)
class Promises:
    """The limits that hold for all but a share delta of calibration sets."""

    kept_wrong: float
    """Highest share of a post's entities that keep a wrong attribute, on average over posts."""
    asked: float
    """Highest share of a post's attributes that are asked about, on average over posts."""
    delta: float = 0.05


def learn_then_test(outcomes: Outcomes, promises: Promises, task: Task = "GMNER") -> Choice:
    """Choose the best certified combination, by the one-standard-error rule.

    Raises:
        SetupError: MAPIE is not installed.
        SettingsError: a promise is no share.
        DataError: no combination is certified.
    """
    grid = fixed_grid(outcomes)
    allowed = certified(post_losses(outcomes), outcomes, promises, grid)
    if not allowed.any():
        raise DataError(
            f"no thresholds are certified to keep at most {promises.kept_wrong} wrong and ask about at most"
            f" {promises.asked}, with {len(outcomes.gold)} posts: promise less, or label more posts"
        )
    return one_standard_error(outcomes, sweep(outcomes, grid), task, allowed)


def fixed_grid(outcomes: Outcomes, steps: int = STEPS) -> Grid:
    """Make a grid of ALWAYS and even steps from 0 to 1: it may not depend on the posts that it is tested on."""
    floor = outcomes.about.floor
    levels = np.array([ALWAYS, *np.linspace(0, 1, steps).round(6).tolist()])
    return levels[levels >= floor.span], levels[levels >= floor.type], levels[levels >= floor.region]


def post_losses(outcomes: Outcomes) -> Floats:
    """Compute what each entity adds to its post's two losses, by how it is routed: (E, 2, 2, 2, 2)."""
    table = np.zeros((len(outcomes.post_of), 2, 2, 2, 2))
    share = 1 / outcomes.predicted[outcomes.post_of]
    for routing in ROUTINGS:
        kept = (outcomes.wrong & ~np.array(routing)).any(axis=1)
        span, kind, region = map(int, routing)
        table[:, span, kind, region] = np.column_stack([kept * share, sum(routing) / 3 * share])
    return table


def certified(losses: Floats, outcomes: Outcomes, promises: Promises, grid: Grid) -> Floats:
    """Test each combination: 1 where both promises are certified, 0 elsewhere.

    Raises:
        SetupError: MAPIE is not installed.
        SettingsError: a promise is no share.
    """
    for name in ("kept_wrong", "asked", "delta"):
        if not 0 < getattr(promises, name) < 1:
            raise SettingsError(f"{name} must lie between 0 and 1, got {getattr(promises, name)!r}")
    try:
        from mapie.risk_control import control_fwer
        from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
    except ImportError as error:
        raise SetupError("learn-then-test needs MAPIE: pip install 'unco[mapie]'") from error
    posts = len(outcomes.gold)
    means = totals(outcomes.uncertainty, losses, grid) / max(posts, 1)
    limits = (promises.kept_wrong, promises.asked)
    p_values = [
        compute_hoeffding_bentkus_p_value(np.clip(means[..., place].ravel(), 0, 1), posts, limit)[:, 0]
        for place, limit in enumerate(limits)
    ]
    passed = np.zeros(means[..., 0].size)
    passed[control_fwer(np.max(p_values, axis=0), promises.delta)] = 1.0
    return passed.reshape(means.shape[:-1])
