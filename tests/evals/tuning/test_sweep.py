"""A sweep counts what replays count, and the choice is cheap and as good as the best."""

from dataclasses import replace
from time import perf_counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.tuning.made_outcomes import made_outcomes
from tests.evals.tuning.recorded_posts import recorded_posts
from unco.errors import DataError, SettingsError
from unco.evals.metrics.bootstrap import f1_interval
from unco.evals.metrics.paper import THREE_TASKS, total
from unco.evals.metrics.protocols import evaluate
from unco.evals.tuning.choose import choose_jointly, grid_of_shares, one_standard_error
from unco.evals.tuning.expected import CALLS, USD, expected, scores
from unco.evals.tuning.held_out import held_out_f1
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import About, Recording
from unco.evals.tuning.recorded.replay import replay
from unco.evals.tuning.sweep import sweep, sweep_one
from unco.types import ALWAYS, Thresholds

RECORDED, GOLD = recorded_posts()
OUTCOMES = outcomes_of(RECORDED)
THRESHOLD = st.sampled_from([ALWAYS, 0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0]) | st.floats(0, 1)
ALL_THREE = st.builds(Thresholds, THRESHOLD, THRESHOLD, THRESHOLD)
LEVEL = st.sampled_from([0.0, 0.3, 0.5, 0.625, 0.9, 1.0]) | st.floats(0, 1)
WITH_LEVEL = st.builds(Thresholds, THRESHOLD, THRESHOLD, THRESHOLD, drop=LEVEL)


def test_some_posts_are_coupled_and_some_are_wrong() -> None:
    assert 0 < len(OUTCOMES.coupled) == 24, "in each post two corrected spans can share a word"
    assert OUTCOMES.wrong.any(axis=0).all()


@settings(max_examples=30)
@given(WITH_LEVEL)
def test_outcomes_count_what_a_replay_gives(thresholds: Thresholds) -> None:
    results = replay(RECORDED, thresholds)
    report = evaluate(GOLD, [result.entities for result in results])
    by_post = OUTCOMES.by_post(thresholds)
    for column, task in enumerate(THREE_TASKS):
        assert by_post[:, column].sum() == report.tasks[task].correct
        assert total(scores(OUTCOMES, by_post, task)) == report.tasks[task]
    assert by_post[:, 3].tolist() == [result.usage.calls for result in results]
    usd = [
        (2.5 * (result.usage.input_tokens or 0) + 10 * (result.usage.output_tokens or 0)) / 1e6 for result in results
    ]
    assert by_post[:, 4] == pytest.approx(usd)


@settings(max_examples=10)
@given(*(st.lists(THRESHOLD, min_size=1, max_size=4) for _ in range(3)))
def test_a_sweep_is_each_of_its_policies(spans: list[float], kinds: list[float], regions: list[float]) -> None:
    swept = sweep(OUTCOMES, (np.array(spans), np.array(kinds), np.array(regions)))
    for place in np.ndindex(len(spans), len(kinds), len(regions)):
        alone = OUTCOMES.by_post(swept.thresholds(place)).sum(0)
        assert [swept.right[task][place] for task in THREE_TASKS] == alone[:3].tolist()
        assert swept.calls[place] == alone[3]
        assert swept.usd[place] == pytest.approx(alone[4])


def test_one_threshold_with_the_others_fixed() -> None:
    others = Thresholds(0.4, 0.3, 0.5)
    swept = sweep_one(OUTCOMES, "type", others, [0.0, 0.3, 1.0])
    assert swept.calls.shape == (1, 3, 1)
    assert swept.thresholds((0, 1, 0)) == others
    calls = [len([1 for r in replay(RECORDED, Thresholds(0.4, t, 0.5)) for _ in range(r.usage.calls)]) for t in (0, 1)]
    assert swept.calls[0, [0, 2], 0].tolist() == calls


def test_the_cheapest_within_one_standard_error_of_the_best() -> None:
    choice = choose_jointly(OUTCOMES)
    swept = sweep(OUTCOMES, grid_of_shares(OUTCOMES, 21))
    f1 = swept.f1("GMNER")
    assert choice.best_f1 == f1.max()
    assert choice.f1 >= choice.best_f1 - choice.standard_error
    good = f1 >= choice.best_f1 - choice.standard_error
    assert OUTCOMES.by_post(choice.thresholds)[:, 3].sum() == swept.calls[good].min()
    assert 0 < choice.standard_error < 0.1
    assert choice.tried == f1.size
    never = one_standard_error(OUTCOMES, swept, "GMNER", (swept.calls == 0).astype(float))
    assert OUTCOMES.by_post(never.thresholds)[:, 3].sum() == 0


def test_where_thresholds_make_no_difference_the_highest_is_chosen() -> None:
    """Of posts without pictures all regions are sure and none is asked about; with pictures, others may come."""
    posts = made_outcomes(200, seed=1)
    unasked, sure = posts.values.copy(), posts.uncertainty.copy()
    unasked[:, :, :, 1] = unasked[:, :, :, 0]
    sure[:, 2] = 0.0
    blind = replace(posts, values=unasked, uncertainty=sure)
    assert grid_of_shares(blind, 21)[2].tolist() == [ALWAYS, 0.5]
    assert choose_jointly(blind).thresholds.region == 0.5


def test_what_to_expect_is_what_a_run_has() -> None:
    thresholds = Thresholds(0.4, 0.3, 0.5)
    found, results = expected(OUTCOMES, thresholds), replay(RECORDED, thresholds)
    report = evaluate(GOLD, [result.entities for result in results])
    entities = [entity for result in results for entity in result.entities]
    assert found["GMNER"].value == report.tasks["GMNER"].f1
    assert found["GMNER"].low < found["GMNER"].value < found["GMNER"].high
    assert found[CALLS].value == pytest.approx(sum(result.usage.calls for result in results) / len(entities))
    assert found["routed type"].value == pytest.approx(sum(e.uncertainty.type > 0.3 for e in entities) / len(entities))
    assert found[USD].value == pytest.approx(OUTCOMES.by_post(thresholds)[:, 4].sum() / 24 * 1000)
    assert found[CALLS].low < found[CALLS].value < found[CALLS].high
    assert found["GMNER"] == f1_interval(scores(OUTCOMES, OUTCOMES.by_post(thresholds), "GMNER"))


def test_without_a_price_cost_is_unknown_and_never_nothing() -> None:
    unpriced = outcomes_of(Recording(About(), RECORDED.posts))
    assert USD not in expected(unpriced, Thresholds(0.4, 0.3, 0.5))
    assert np.isnan(sweep_one(unpriced, "span", Thresholds(1, 1, 1)).usd).any()
    assert choose_jointly(unpriced).thresholds == choose_jointly(OUTCOMES).thresholds


@settings(max_examples=20)
@given(WITH_LEVEL, st.lists(st.booleans(), min_size=24, max_size=24))
def test_some_posts_alone_count_as_they_do_among_the_others(thresholds: Thresholds, kept: list[bool]) -> None:
    some = OUTCOMES.of_posts(np.array(kept))
    assert some.by_post(thresholds).tolist() == OUTCOMES.by_post(thresholds)[np.array(kept)].tolist()


def test_held_out_there_is_no_luck() -> None:
    """Where answers are pure dice the best combination seems good on the posts it was chosen on, and nowhere else."""
    best, held_out = list[float](), list[float]()
    for seed in range(10):
        made = made_outcomes(200, seed)
        values = made.values.copy()
        values[..., 0] = np.random.default_rng(100 + seed).random(values.shape[:-1]) < 0.5
        dice = replace(made, values=values)
        found = held_out_f1(dice, lambda some: choose_jointly(some).thresholds, "GMNER")
        assert found is not None
        best, held_out = [*best, choose_jointly(dice).best_f1], [*held_out, found.value]
    assert np.mean(best) > 0.55
    assert abs(np.mean(held_out) - 0.5) < 0.02
    assert held_out_f1(dice.of_posts(np.arange(200) < 9), lambda some: Thresholds(1, 1, 1), "GMNER") is None


def test_posts_without_labels_are_refused() -> None:
    bare = tuple(replace(post, gold=None) for post in RECORDED.posts[:2])
    with pytest.raises(DataError, match="2 of 24 recorded posts are not labelled"):
        outcomes_of(Recording(About(), (*bare, *RECORDED.posts[2:])))


def test_below_a_recordings_floor_nothing_is_tried() -> None:
    floored = outcomes_of(Recording(About(floor=Thresholds(0.3, 0.3, 0.3)), RECORDED.posts))
    with pytest.raises(SettingsError, match="nothing was recorded below a span threshold of 0.3"):
        sweep_one(floored, "span", Thresholds(1, 1, 1))
    assert choose_jointly(floored).thresholds.span >= 0.3


def test_nine_thousand_policies_are_tried_in_a_moment() -> None:
    start = perf_counter()
    swept = sweep(OUTCOMES, tuple(np.linspace(0, 1, 21) for _ in range(3)))  # type: ignore[arg-type]
    assert swept.calls.size == 9261
    assert perf_counter() - start < 5
