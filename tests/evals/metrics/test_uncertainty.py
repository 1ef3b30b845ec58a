"""How well an uncertainty finds errors: numbers worked out by hand, and laws that hold for any prediction."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evals.metrics.guesses import RIGHT, Guess
from tests.tiny import gold_post
from unco.evals.metrics.uncertainty import (
    auroc,
    average_precision,
    calibration_error,
    wrong_groundings,
    wrong_regions,
    wrong_spans,
    wrong_types,
)
from unco.types import Box, GoldPost, Span

CASES = st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=1, max_size=40)


def test_auroc_by_hand() -> None:
    assert auroc([0.1, 0.4, 0.35, 0.8], [False, False, True, True]) == 0.75
    assert auroc([0.5, 0.5, 0.5], [True, False, False]) == 0.5  # ties count half
    assert auroc([0.9, 0.1], [True, False]) == 1.0
    assert auroc([0.9, 0.1], [False, False]) is None


@given(st.lists(st.tuples(st.integers(0, 9), st.booleans()), min_size=2, max_size=40))
def test_auroc_is_the_share_of_pairs(pairs: list[tuple[int, bool]]) -> None:
    right = [value for value, wrong in pairs if not wrong]
    wrong = [value for value, wrong in pairs if wrong]
    value = auroc([float(value) for value, _ in pairs], [wrong for _, wrong in pairs])
    if not right or not wrong:
        assert value is None
    else:
        wins = sum((w > r) + 0.5 * (w == r) for w in wrong for r in right)
        assert value == pytest.approx(wins / len(right) / len(wrong))


def test_which_predictions_are_wrong() -> None:
    gold: list[GoldPost] = [gold_post()]
    guesses = [[Guess(Span(0, 2), "ORG", None), Guess(Span(3, 4), "PER", None), RIGHT[1]]]
    assert wrong_spans(gold, guesses) == [False, True, False]
    assert wrong_types(gold, guesses) == [True, None, False]
    assert wrong_groundings(gold, guesses) == [True, None, False]
    off = [[Guess(Span(0, 2), "PER", Box(100, 10, 150, 90)), RIGHT[1]]]
    assert (wrong_groundings(gold, off), wrong_regions(gold, off)) == ([False, False], [True, False])
    assert wrong_regions(gold, [RIGHT]) == [False, False]


def test_average_precision_by_hand() -> None:
    # Falling: wrong (1 of 1), right, wrong (2 of 3): half of the wrong at precision 1, half at 2/3.
    assert average_precision([0.9, 0.5, 0.4, 0.1], [True, False, True, False]) == pytest.approx((1 + 2 / 3) / 2)
    assert average_precision([0.3, 0.3, 0.3, 0.3], [True, False, False, False]) == 0.25  # equal values are one step
    assert average_precision([0.3], [False]) is None


@given(CASES, st.randoms())
def test_average_precision_does_not_depend_on_the_order(pairs: list[tuple[int, bool]], random: Random) -> None:
    shuffled = random.sample(pairs, len(pairs))
    first, second = (
        average_precision([float(value) for value, _ in order], [wrong for _, wrong in order])
        for order in (pairs, shuffled)
    )
    assert first == pytest.approx(second)
    if first is not None:
        assert sum(wrong for _, wrong in pairs) / len(pairs) / 2 < first <= 1.0 + 1e-9


def test_calibration_error_by_hand() -> None:
    # Bin 0.2-0.3: two at 0.25, one wrong, gap 2 * 0.25; bin 0.9-1: one at 1.0, right, gap 1; of three.
    assert calibration_error([0.25, 0.25, 1.0], [True, False, False]) == pytest.approx((0.5 + 1.0) / 3)
    assert calibration_error([1.0, 1.0, 0.0], [True, True, False]) == 0.0
    assert calibration_error([], []) is None


@given(CASES)
def test_calibration_error_lies_between_none_and_one(pairs: list[tuple[int, bool]]) -> None:
    value = calibration_error([value / 9 for value, _ in pairs], [wrong for _, wrong in pairs])
    assert value is not None
    assert -1e-9 <= value <= 1.0 + 1e-9
