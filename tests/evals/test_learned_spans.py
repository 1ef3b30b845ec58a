"""What a learned estimator is worth is judged on posts that it was not fitted on."""

import pytest

from tests.tiny import gold_post, tiny_predictor
from unco.errors import DataError
from unco.evals.learned_spans import _held_out, learn_spans
from unco.small_model.looks import SimulatedLook
from unco.small_model.model_input import ModelInput


def test_no_row_judges_itself() -> None:
    rows, wrong, folds = [(0.0,), (0.0,), (1.0,), (1.0,)], [False, False, True, True], [0, 0, 1, 1]
    first, _, other, _ = _held_out(rows, wrong, folds)
    assert first > 0.5 > other, "each fold knows the other's outcome alone"


def test_a_single_fold_tells_nothing() -> None:
    assert _held_out([(1.0,), (2.0,)], [True, False], [3, 3]) == [0.5, 0.5]


def test_as_many_signals_as_weights_are_learned_from_what_the_model_finds() -> None:
    predictor, posts = tiny_predictor(), [gold_post(str(number)) for number in range(6)]
    found = learn_spans(predictor, SimulatedLook(("Ann Lee",)), posts)
    assert len(found.regression.weights) == len(predictor.signals([ModelInput(posts[0].tokens)])[0][0])


def test_a_model_that_finds_nothing_cannot_be_fitted() -> None:
    with pytest.raises(DataError, match="the model finds no entity in 0 development posts"):
        learn_spans(tiny_predictor(), SimulatedLook(()), [])
