"""Trees learn what goes together, give the library's own numbers, and need enough cases."""

import numpy as np
import pytest

from unco.evals.metrics.uncertainty import auroc
from unco.small_model.uncertainty.boosted_trees import BoostedTrees
from unco.small_model.uncertainty.region_signals import REGION_SIGNALS
from unco.small_model.uncertainty.regression import Regression
from unco.training.learn.boosting import _classifier, fit_trees
from unco.training.learn.regions import choose_fit


def crossed(count: int, features: int = 3) -> tuple[list[tuple[float, ...]], list[bool]]:
    """Make cases whose event needs two features of different sign, which no weighted sum can tell."""
    numbers = np.random.default_rng(0).normal(size=(count, features))
    return [tuple(row) for row in numbers.tolist()], (numbers[:, 0] * numbers[:, 1] < 0).tolist()


def test_trees_learn_what_goes_together() -> None:
    rows, events = crossed(2000)
    trees = fit_trees(rows[:1500], events[:1500])
    assert trees == fit_trees(rows[:1500], events[:1500])
    quality = auroc([trees(row) for row in rows[1500:]], events[1500:])
    assert quality is not None
    assert quality > 0.9


def test_the_kept_trees_give_the_numbers_of_the_library() -> None:
    rows, events = crossed(1000)
    x = np.array(rows, np.float32)
    expected = _classifier(3).fit(x, np.array(events)).predict_proba(x)[:, 1]
    trees = fit_trees(rows, events)
    assert [trees(row) for row in rows] == pytest.approx(expected.tolist(), abs=1e-5)


@pytest.mark.parametrize("events", [[True] * 300 + [False] * 99, [True] * 900])
def test_few_cases_or_one_outcome_give_the_share_alone(events: list[bool]) -> None:
    trees = fit_trees([(float(index),) for index in range(len(events))], events)
    assert trees.trees == ()
    assert trees((0.0,)) == pytest.approx(sum(events) / len(events), abs=1e-5)


def test_a_region_s_doubt_takes_what_is_better_on_other_posts() -> None:
    rows, events = crossed(2000, REGION_SIGNALS)
    fit, chances = choose_fit(rows, events, [index % 5 for index in range(2000)])
    assert isinstance(fit(rows, events), BoostedTrees)
    assert (auroc(chances, events) or 0.0) > 0.8
    straight = [row[0] + row[30] > 0 for row in rows[:300]]
    fit, chances = choose_fit(rows[:300], straight, [index % 5 for index in range(300)])
    assert isinstance(fit(rows[:300], straight), Regression)
    assert (auroc(chances, straight) or 0.0) > 0.9


def test_few_cases_are_never_all_doubted_alike() -> None:
    """By loss, the same chance for each is better than what a regression on many features learns from noisy cases."""
    rows, _ = crossed(200, REGION_SIGNALS)
    noise = np.random.default_rng(1).normal(size=len(rows))
    events = [row[0] + 2 * one > 0 for row, one in zip(rows, noise, strict=True)]
    fit, _ = choose_fit(rows, events, [index % 5 for index in range(len(rows))])
    assert isinstance(fit(rows, events), Regression)
