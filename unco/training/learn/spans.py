"""Fit the `learned` estimator of spans on dev's gold spans, and evaluate it on dev by cross-validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from unco.evals.metrics.uncertainty import auroc, wrong_spans
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import InputBuilder, build_inputs, for_names
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.regression import Regression, fit_regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.training.calibrate import check_found
from unco.types import GoldPost

FOLDS = 5


@dataclass(frozen=True, slots=True)
class LearnedSpans:
    """The fitted regression, and its AUROC on posts that it was not fitted on."""

    regression: Regression
    held_out: float | None
    """AUROC of wrong spans on dev, each post scored by a regression fitted on the other folds; None where there are no
    wrong spans or no right ones, here and below."""
    two_heads: float | None
    """AUROC of the same spans by the estimator `two_heads`, which learns nothing."""
    fewer: int
    """Number of wrong spans or of right ones, whichever is less."""


def learn_spans(predictor: Predictor, build_input: InputBuilder, dev: Sequence[GoldPost]) -> LearnedSpans:
    """Fit the regression on dev, from the text alone, as spans are scored.

    Raises:
        DataError: the model finds no entity there.
    """
    posts = for_names(build_inputs(build_input, dev))
    signals = predictor.signals(posts)
    plain = predictor.with_estimator(ESTIMATORS["two_heads"]).predict(posts)
    rows = [row for found in signals for row in found]
    folds = [index % FOLDS for index, found in enumerate(signals) for _ in found]
    wrong = [bool(flag) for flag in wrong_spans(dev, plain)]
    check_found(rows, len(dev))
    nats = [entity.nats.span for entities in plain for entity in entities]
    return LearnedSpans(
        fit_regression(rows, wrong),
        auroc(held_out_chances(rows, wrong, folds), wrong),
        auroc(nats, wrong),
        min(sum(wrong), len(wrong) - sum(wrong)),
    )


def held_out_chances(
    rows: Sequence[Signals],
    wrong: Sequence[bool],
    folds: Sequence[int],
    fit: Callable[[list[Signals], list[bool]], Callable[[Signals], float]] = fit_regression,
) -> list[float]:
    """Predict the chance of each row by what was fitted on the other folds; one half where there are none."""
    chances = [0.5] * len(rows)
    for fold in set(folds):
        others = [index for index, own in enumerate(folds) if own != fold]
        if others:
            chance = fit([rows[index] for index in others], [wrong[index] for index in others])
            for index, own in enumerate(folds):
                if own == fold:
                    chances[index] = chance(rows[index])
    return chances
