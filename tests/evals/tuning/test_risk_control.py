"""Promises are kept: over 200 simulated calibration sets, on posts whose entities err together."""

import builtins
from functools import cache
from typing import Any

import numpy as np
import pytest

from tests.evals.tuning.made_outcomes import made_outcomes
from unco.errors import DataError, SettingsError, SetupError
from unco.evals.tuning.learn_then_test import Promises, certified, fixed_grid, learn_then_test, post_losses
from unco.evals.tuning.outcomes import Floats, Outcomes
from unco.evals.tuning.risk_control import (
    LEVELS,
    confident_thresholds,
    conformal,
    conformal_thresholds,
    kept_wrong,
    p_value,
    with_confidence,
)
from unco.evals.tuning.sweep import totals
from unco.types import ALWAYS, ATTRIBUTES

pytestmark = pytest.mark.slow

SPLITS, POSTS, DELTA = 200, 300, 0.05


@cache
def truth() -> Outcomes:
    return made_outcomes(100_000, 1)


@cache
def true_risks() -> Floats:
    """True risks, (attributes, thresholds), to about 0.0005."""
    return np.array([kept_wrong(truth(), place).mean(0) for place in range(3)])


def risk_at(place: int, threshold: float) -> float:
    return float(true_risks()[place, LEVELS.index(threshold)])


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_the_promise_with_confidence_is_kept_in_95_of_100_splits(alpha: float) -> None:
    kept, levels = 0, list[float]()
    for seed in range(SPLITS):
        chosen = confident_thresholds(made_outcomes(POSTS, 100 + seed), alpha, DELTA)
        kept += all(risk_at(place, chosen.of(name)) <= alpha for place, name in enumerate(ATTRIBUTES))
        levels += [chosen.of(name) for name in ATTRIBUTES]
    assert kept >= (1 - DELTA) * SPLITS
    assert np.mean(np.array(levels) > 0) > 0.9, "it is kept by keeping something"


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_the_conformal_promise_is_kept_on_average(alpha: float) -> None:
    risks = np.array(
        [
            [risk_at(place, chosen.of(name)) for place, name in enumerate(ATTRIBUTES)]
            for seed in range(SPLITS)
            for chosen in [conformal_thresholds(made_outcomes(POSTS, 100 + seed), alpha)]
        ]
    )
    error = risks.std(0) / np.sqrt(SPLITS)
    assert (risks.mean(0) <= alpha + 2 * error).all()
    reachable = np.minimum(alpha, true_risks()[:, -1])
    assert (risks.mean(0) >= 0.8 * reachable).all(), "and as much is kept as can be"


def test_by_entity_instead_of_by_post_it_would_be_broken() -> None:
    """What calibrating by post is for: ten entities that err together are hardly more than one."""
    broken, alpha = {"post": 0, "entity": 0}, 0.2
    risks = kept_wrong(made_outcomes(30_000, 2, together=8, entities_each=10), 0).mean(0)
    for seed in range(SPLITS):
        outcomes = made_outcomes(60, 900 + seed, together=8, entities_each=10)
        kept = outcomes.uncertainty[:, 0, None] <= np.asarray(LEVELS)
        by_unit = {"post": kept_wrong(outcomes, 0), "entity": (kept & outcomes.wrong[:, 0, None]).astype(float)}
        for unit, losses in by_unit.items():
            broken[unit] += risks[LEVELS.index(with_confidence(losses, alpha, DELTA))] > alpha
    assert broken["post"] <= DELTA * SPLITS
    assert broken["entity"] > 2 * DELTA * SPLITS


def test_both_promises_of_learn_then_test_are_kept() -> None:
    promises = Promises(kept_wrong=0.3, asked=0.55, delta=DELTA)
    grid = fixed_grid(truth())
    losses = totals(truth().uncertainty, post_losses(truth()), grid) / len(truth().gold)
    holds = (losses[..., 0] <= promises.kept_wrong) & (losses[..., 1] <= promises.asked)
    assert 0 < holds.sum() < holds.size
    kept = found = 0
    for seed in range(SPLITS):
        outcomes = made_outcomes(POSTS, 100 + seed)
        passed = certified(post_losses(outcomes), outcomes, promises, grid) > 0
        kept, found = kept + bool(holds[passed].all()), found + bool(passed.any())
    assert kept >= (1 - DELTA) * SPLITS
    assert found > 0.5 * SPLITS


def test_learn_then_test_chooses_among_the_certified() -> None:
    outcomes = made_outcomes(1000, 7)
    choice = learn_then_test(outcomes, Promises(kept_wrong=0.25, asked=0.5))
    assert 0 < choice.tried < 12**3
    routed = outcomes.routed(choice.thresholds)
    assert routed.mean() < 0.5
    kept = (outcomes.wrong & ~routed).any(axis=1)
    assert kept.mean() < 0.3
    with pytest.raises(DataError, match="no thresholds are certified to keep at most 0.01 wrong"):
        learn_then_test(outcomes, Promises(kept_wrong=0.01, asked=0.01))
    with pytest.raises(SettingsError, match="asked must lie between 0 and 1, got 1.5"):
        learn_then_test(outcomes, Promises(kept_wrong=0.1, asked=1.5))


def test_our_p_value_is_mapies() -> None:
    from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value

    means = np.array([0.0, 0.01, 0.05, 0.08, 0.099])
    theirs = compute_hoeffding_bentkus_p_value(means, 1500, 0.1)[:, 0]
    assert [p_value(mean, 1500, 0.1) for mean in means.tolist()] == pytest.approx(theirs)


def test_without_mapie_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def no_mapie(name: str, *rest: Any) -> Any:
        if name.startswith("mapie"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", no_mapie)
    with pytest.raises(SetupError, match=r"pip install 'unco\[mapie\]'"):
        learn_then_test(made_outcomes(50, 0), Promises(0.2, 0.5))


def test_conformal_by_hand() -> None:
    levels = [ALWAYS, 0.2, 0.5, 1.0]
    losses = np.array([[0, 0, 0.5, 1.0], [0, 0, 0, 0.5], [0, 0.5, 0.5, 0.5], [0, 0, 0, 1]], float)
    assert conformal(losses, 0.4, levels) == 0.5  # (1.0 + 1) / 5
    assert conformal(losses, 0.39, levels) == 0.2  # (0.5 + 1) / 5
    assert conformal(losses, 0.2, levels) == ALWAYS
    with pytest.raises(DataError, match="4 posts cannot promise a risk of at most 0.1: take 9 or more"):
        conformal(losses, 0.1, levels)


def test_shares_are_shares() -> None:
    with pytest.raises(SettingsError, match="alpha must lie between 0 and 1, got 1.2"):
        conformal_thresholds(made_outcomes(50, 0), 1.2)
    with pytest.raises(SettingsError, match="delta must lie between 0 and 1, got 0"):
        confident_thresholds(made_outcomes(50, 0), 0.1, 0)
