"""What a learned estimator is worth is judged on posts that it was not fitted on."""

from random import Random
from statistics import mean, median

import pytest

from tests.tiny import LETTERS, tiny_predictor
from unco.errors import DataError
from unco.evals.metrics.uncertainty import auroc
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.regression import fit_regression
from unco.training.learn.spans import FOLDS, held_out_chances, learn_spans
from unco.types import GoldEntity, GoldPost

SIGNAL = 3
"""The entropy of the decoder's types; of the tiny network's signals one that differs from span to span."""


def test_no_row_is_scored_by_a_fit_on_itself() -> None:
    rows, wrong, folds = [(0.0,), (0.0,), (1.0,), (1.0,)], [False, False, True, True], [0, 0, 1, 1]
    first, _, other, _ = held_out_chances(rows, wrong, folds)
    assert first > 0.5 > other, "each fold knows the other's outcome alone"


def test_a_single_fold_tells_nothing() -> None:
    assert held_out_chances([(1.0,), (2.0,)], [True, False], [3, 3]) == [0.5, 0.5]


def test_what_is_learned_is_the_chance_of_a_wrong_span_and_it_is_evaluated_by_post() -> None:
    # Gold is what the model says, without the spans whose type the decoder doubts more than that of half of them.
    predictor, dice = tiny_predictor(), Random(1)
    texts = [tuple(dice.choice(LETTERS) for _ in range(dice.randint(3, 12))) for _ in range(30)]
    inputs = [ModelInput(text) for text in texts]
    signals, found = predictor.signals(inputs), predictor.predict(inputs)
    middle = median(row[SIGNAL] for rows in signals for row in rows)
    posts = [
        GoldPost(
            str(index),
            texts[index],
            tuple(
                GoldEntity(item.span, item.type, ())
                for item, row in zip(found[index], signals[index], strict=True)
                if row[SIGNAL] <= middle
            ),
            None,
        )
        for index in range(len(texts))
    ]
    learned = learn_spans(predictor, SimulatedRegionsInput(()), posts)
    rows = [(index % FOLDS, row, row[SIGNAL] > middle) for index, rows in enumerate(signals) for row in rows]
    chances = {
        wrong: mean(learned.regression(row) for _, row, is_wrong in rows if is_wrong == wrong) for wrong in (0, 1)
    }
    assert chances[1] > chances[0] + 0.3
    held_out = []
    for fold, row, _ in rows:
        others = [(other, flag) for own, other, flag in rows if own != fold]
        held_out.append(fit_regression([other for other, _ in others], [flag for _, flag in others])(row))
    assert learned.held_out == pytest.approx(auroc(held_out, [flag for _, _, flag in rows]), abs=1e-6)
    assert learned.two_heads is not None


def test_a_model_that_finds_nothing_cannot_be_fitted() -> None:
    with pytest.raises(DataError, match="the model finds no entity in 0 development posts"):
        learn_spans(tiny_predictor(), SimulatedRegionsInput(()), [])
