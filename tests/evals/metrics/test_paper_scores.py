"""Scores against cases worked out by hand, and laws that hold for any prediction."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.evals.metrics.guesses import BOX, RIGHT, Guess
from tests.tiny import gold_post
from unco.evals.metrics.paper import THREE_TASKS, Score, region_correct, score
from unco.types import Box, GoldPost, Span


@pytest.mark.parametrize(
    ("guesses", "gmner", "mner", "eeg"),
    [
        (RIGHT, 2, 2, 2),
        ([Guess(Span(0, 2), "ORG", BOX), RIGHT[1]], 1, 1, 2),  # wrong type
        ([Guess(Span(0, 1), "PER", BOX), RIGHT[1]], 1, 1, 1),  # wrong span
        ([Guess(Span(0, 2), "PER", None), RIGHT[1]], 1, 2, 1),  # box missed
        ([RIGHT[0], Guess(Span(5, 7), "ORG", BOX)], 1, 2, 1),  # box where there is none
        ([RIGHT[0], RIGHT[0], RIGHT[1]], 2, 2, 2),  # said twice, counted once
        ([], 0, 0, 0),
    ],
)
def test_what_counts_as_correct(guesses: list[Guess], gmner: int, mner: int, eeg: int) -> None:
    gold = [gold_post()]
    assert score(gold, [guesses], "GMNER") == Score(gmner, len(guesses), 2)
    assert score(gold, [guesses], "MNER") == Score(mner, len(guesses), 2)
    assert score(gold, [guesses], "EEG") == Score(eeg, len(guesses), 2)


def test_an_iou_of_exactly_one_half_is_not_enough() -> None:
    assert not region_correct(Box(0, 0, 10, 5), [Box(0, 0, 10, 10)])
    assert region_correct(Box(0, 0, 10, 5.1), [Box(0, 0, 10, 10)])
    assert region_correct(Box(0, 0, 10, 10), [Box(50, 50, 60, 60), Box(0, 0, 10, 10)])


def test_precision_recall_f1_by_hand() -> None:
    result = Score(correct=2, predicted=4, gold=5)
    assert (result.precision, result.recall, result.f1) == pytest.approx((0.5, 0.4, 4 / 9))
    assert Score(0, 0, 0).f1 == 0.0


@given(st.integers(0, 6), st.randoms())
def test_order_of_posts_and_entities_does_not_matter(extra: int, random: Random) -> None:
    pairs = [(gold_post(str(i)), [*RIGHT, Guess(Span(3, 4), "PER", None)][: i % 4]) for i in range(extra + 2)]
    shuffled = random.sample([(post, random.sample(guesses, len(guesses))) for post, guesses in pairs], len(pairs))
    for task in THREE_TASKS:
        assert score(*columns(pairs), task) == score(*columns(shuffled), task)


def columns(pairs: list[tuple[GoldPost, list[Guess]]]) -> tuple[list[GoldPost], list[list[Guess]]]:
    return [post for post, _ in pairs], [guesses for _, guesses in pairs]


def test_posts_and_predictions_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="zip"):
        score([gold_post()], [], "MNER")
