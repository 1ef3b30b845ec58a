"""Thresholds for a share or a budget: by quantiles, never above it, without labels."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evals.tuning.recorded_posts import recorded_posts
from unco.errors import DataError, SettingsError
from unco.evals.tuning.call_rate import share_for_calls, share_for_usd, thresholds_for_share, uncertainties
from unco.evals.tuning.expected import USD, expected
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import About, Recording
from unco.evals.tuning.recorded.question_cost import recorded_calls, recorded_usd
from unco.types import ALWAYS, Attribute, Thresholds

RECORDED, _ = recorded_posts()


@given(
    st.lists(st.tuples(*(st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]) for _ in range(3))), min_size=1),
    st.floats(0, 1),
)
def test_no_more_than_the_share_is_asked_about_and_no_fewer_without_need(
    rows: list[tuple[float, ...]], share: float
) -> None:
    uncertainty = np.array(rows)
    chosen = thresholds_for_share(uncertainty, share)
    for place, threshold in enumerate((chosen.span, chosen.type, chosen.region)):
        column, most = uncertainty[:, place], int(share * len(rows) + 1e-9)
        asked = int((column > threshold).sum())
        assert asked <= most
        possible = [int((column > value).sum()) for value in (ALWAYS, *column.tolist())]
        assert asked == max(count for count in possible if count <= most), "only ties keep it below"


def test_between_neighbouring_numbers_the_lower_is_taken() -> None:
    uncertainty = np.array([[0.5] * 3, [1 - 2**-53] * 3, [1.0] * 3])
    assert thresholds_for_share(uncertainty, 1 / 3).span == 1 - 2**-53


def test_a_threshold_lies_between_two_values() -> None:
    """Uncertainties differ a little from batch to batch; none may change sides for that."""
    uncertainty = np.array([[0.1, 0.5, 0.9], [0.2, 0.5, 0.9], [0.4, 0.5, 1.0], [0.8, 0.7, 1.0]])
    chosen = thresholds_for_share(uncertainty, 0.5)
    assert (chosen.span, chosen.type, chosen.region) == pytest.approx((0.3, 0.6, 0.95))
    none = thresholds_for_share(uncertainty, 0.0)
    assert (none.span, none.type, none.region) == pytest.approx((0.9, 0.85, 1.0))


def test_all_and_none() -> None:
    uncertainty = uncertainties(post.extraction for post in RECORDED.posts)
    assert uncertainty.shape == (72, 3)
    assert thresholds_for_share(uncertainty, 1) == Thresholds(ALWAYS, ALWAYS, ALWAYS)
    assert not (uncertainty > [thresholds_for_share(uncertainty, 0).span]).all(axis=1).any()


def test_budgets_as_shares() -> None:
    uncertainty = np.zeros((200, 3))
    assert share_for_calls(uncertainty, posts=100, calls_per_1000=600) == pytest.approx(0.1)
    assert share_for_calls(uncertainty, posts=100, calls_per_1000=600, calls_per_question=1.2) == pytest.approx(1 / 12)
    prices: dict[Attribute, float] = {"span": 0.001, "type": 0.002, "region": 0.002}
    assert share_for_usd(uncertainty, posts=100, usd_per_1000=5, usd_per_question=prices) == pytest.approx(0.5)
    assert share_for_usd(uncertainty, 100, 50, prices) == 1.0
    assert share_for_calls(np.zeros((0, 3)), 100, 5) == 1.0


def test_what_a_budget_buys_is_spent_and_not_much_more() -> None:
    outcomes = outcomes_of(RECORDED)
    everything = expected(outcomes, Thresholds(ALWAYS, ALWAYS, ALWAYS))[USD].value
    share = share_for_usd(outcomes.uncertainty, 24, everything / 3, recorded_usd(RECORDED))
    spent = expected(outcomes, thresholds_for_share(outcomes.uncertainty, share))[USD].value
    assert 0.5 * everything / 3 < spent < 1.2 * everything / 3
    assert 0.9 < recorded_calls(RECORDED) < 1.1, "some are asked again, some posts have no picture to ask about"


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: thresholds_for_share(np.zeros((2, 3)), 1.2), SettingsError, r"lies in \[0, 1\], got 1.2"),
        (lambda: thresholds_for_share(np.zeros((0, 3)), 0.5), DataError, "no entities were found"),
        (lambda: share_for_calls(np.zeros((2, 3)), 1, -1), SettingsError, "a number of calls of at least 0, got -1"),
        (lambda: share_for_usd(np.zeros((2, 3)), 1, float("nan"), {}), SettingsError, "US dollars of at least 0"),
        (lambda: recorded_usd(Recording(About(), RECORDED.posts)), SettingsError, "needs the MLLM's price"),
    ],
)
def test_what_cannot_be_is_refused(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()
