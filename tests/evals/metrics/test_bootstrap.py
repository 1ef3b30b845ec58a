"""Intervals hold what they promise, on data whose truth is known."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.evals.metrics import bootstrap as intervals
from unco.evals.metrics.bootstrap import Interval, f1_difference, f1_interval, f1_intervals, mcnemar
from unco.evals.metrics.paper import Score


def simulated(posts: int, chance: float, rng: np.random.Generator) -> list[Score]:
    """Posts of one to three entities, all predicted, each right by chance; posts differ in how hard they are."""
    made = []
    for _ in range(posts):
        entities = int(rng.integers(1, 4))
        hard = float(np.clip(chance + rng.normal(0, 0.15), 0, 1))
        made.append(Score(int(rng.binomial(entities, hard)), entities, entities))
    return made


@pytest.mark.slow
def test_a_nominal_95_percent_interval_covers_in_93_to_97() -> None:
    rng = np.random.default_rng(7)
    truth = f1_interval(simulated(200_000, 0.7, rng), draws=2).value
    runs = 1000
    covered = 0
    for seed in range(runs):
        interval = f1_interval(simulated(300, 0.7, rng), draws=400, seed=seed)
        covered += interval.low <= truth <= interval.high
    assert 0.93 <= covered / runs <= 0.97


def test_the_same_seed_gives_the_same_interval() -> None:
    counts = simulated(50, 0.6, np.random.default_rng(1))
    assert f1_interval(counts, seed=3) == f1_interval(counts, seed=3)
    assert f1_interval(counts, seed=3) != f1_interval(counts, seed=4)


def test_a_run_does_not_differ_from_itself() -> None:
    counts = simulated(50, 0.6, np.random.default_rng(1))
    assert f1_difference(counts, counts) == Interval(0.0, 0.0, 0.0)
    assert not f1_difference(counts, counts).excludes_zero


def test_a_small_steady_gain_is_seen_because_posts_are_paired() -> None:
    first = simulated(400, 0.5, np.random.default_rng(2))
    second = [
        Score(min(one.correct + (index % 12 == 0), one.gold), one.predicted, one.gold)
        for index, one in enumerate(first)
    ]
    alone = f1_interval(second)
    difference = f1_difference(first, second)
    assert difference.excludes_zero
    assert 0 < difference.value < 0.06
    assert alone.high - alone.low > 2 * (difference.high - difference.low)


def test_different_posts_are_refused() -> None:
    with pytest.raises(ValueError, match="1 posts against 2"):
        f1_difference([Score(1, 1, 1)], [Score(1, 1, 1)] * 2)


def test_many_at_once_are_as_each_alone_however_many_draws_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = [simulated(60, chance, np.random.default_rng(1)) for chance in (0.2, 0.5, 0.9)]
    together = f1_intervals(columns, draws=300)
    assert together == [f1_interval(counts, draws=300) for counts in columns]
    monkeypatch.setattr(intervals, "AT_ONCE", 60 * 7 + 1)
    assert f1_intervals(columns, draws=300) == together
    assert f1_intervals([]) == []


def test_the_interval_is_that_of_drawing_posts_one_by_one() -> None:
    counts = simulated(40, 0.6, np.random.default_rng(5))
    drawn = np.random.default_rng(0).integers(0, 40, (500, 40))
    samples = []
    for draw in drawn:
        taken = [counts[index] for index in draw]
        right, both = sum(one.correct for one in taken), sum(one.predicted + one.gold for one in taken)
        samples.append(2 * right / both)
    found = f1_interval(counts, draws=500)
    assert (found.low, found.high) == pytest.approx(tuple(np.quantile(samples, [0.025, 0.975])), abs=1e-12)


def test_draws_without_a_rare_type_do_not_pull_its_interval_to_zero() -> None:
    counts = [Score(2, 2, 2)] + [Score(0, 0, 0)] * 99
    assert f1_interval(counts) == Interval(1.0, 1.0, 1.0)


def test_nothing_to_score_is_zero() -> None:
    assert f1_interval([Score(0, 0, 0)] * 3) == Interval(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("first", "second", "p"), [(0, 0, 1.0), (5, 5, 1.0), (0, 5, 2 / 32), (1, 9, 2 * 11 / 1024), (9, 1, 2 * 11 / 1024)]
)
def test_mcnemar_by_hand(first: int, second: int, p: float) -> None:
    assert mcnemar(first, second) == pytest.approx(p)


@given(st.integers(1000, 1040), st.integers(0, 60))
def test_mcnemars_approximation_joins_the_exact_test(changed: int, apart: int) -> None:
    fewer = changed // 2 - apart
    exact = min(1.0, 2 * sum(comb(changed, k) for k in range(fewer + 1)) / 2**changed)
    assert mcnemar(fewer, changed - fewer) == pytest.approx(exact, rel=0.05, abs=1e-5)
