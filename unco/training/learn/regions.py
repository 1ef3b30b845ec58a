"""Fit the `learned` estimator of regions on dev's gold boxes, and evaluate it on dev by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.metrics.uncertainty import auroc, calibration_error, wrong_regions
from unco.small_model.gold_inputs import InputBuilder, build_inputs, shown_by, simulates, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.network.config import ESTIMATORS
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.regression import Regression, fit_regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.training.learn.spans import FOLDS, held_out_chances
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well wrong regions are found on dev, each post scored by a regression fitted on the other folds.

    None where there are no wrong regions or no right ones.
    """

    auroc: float | None
    confidence: float | None
    """AUROC of the same regions by 1 - the probability of what was chosen."""
    ece: float | None


@dataclass(frozen=True, slots=True)
class LearnedRegions:
    """The fitted regression, and its quality on posts that it was not fitted on."""

    regression: Regression | None
    """None where no entity of dev has a right span and a picture."""
    held_out: dict[str, HeldOut]
    """By what was shown, as of `shown_by`."""


@dataclass(frozen=True, slots=True)
class _Cases:
    """Entities whose span is right, of posts with pictures."""

    rows: list[Signals]
    wrong: list[bool]
    folds: list[int]
    stated: list[float]
    """1 - confidence."""


def learn_regions(predictor: Predictor, build_input: InputBuilder, dev: Sequence[GoldPost]) -> LearnedRegions:
    """Fit the regression on dev; where regions are simulated, on those with clutter and on those without."""
    builders = [build_input, with_clutter(build_input)] if simulates(build_input) else [build_input]
    views = {shown_by(builder): _cases(predictor, build_inputs(builder, dev), dev) for builder in builders}
    rows, wrong, folds = (
        [value for cases in views.values() for value in getattr(cases, name)] for name in ("rows", "wrong", "folds")
    )
    if not rows:
        return LearnedRegions(None, {})
    chances = iter(held_out_chances(rows, wrong, folds))
    held_out = {shown: _held_out(cases, [next(chances) for _ in cases.rows]) for shown, cases in views.items()}
    return LearnedRegions(fit_regression(rows, wrong), held_out)


def _cases(predictor: Predictor, shown: Sequence[ModelInput], dev: Sequence[GoldPost]) -> _Cases:
    found = replace(predictor, estimator=ESTIMATORS["confidence"]).predict(shown)
    flags = iter(wrong_regions(dev, found))
    cases = _Cases([], [], [], [])
    for index, (entities, signals) in enumerate(zip(found, predictor.region_signals(shown), strict=True)):
        own = [next(flags) for _ in entities]
        for entity, row, flag in zip(entities, signals, own, strict=False):  # no signals where there is no picture
            if flag is not None:
                cases.rows.append(row)
                cases.wrong.append(flag)
                cases.folds.append(index % FOLDS)
                cases.stated.append(entity.nats.region)
    return cases


def _held_out(cases: _Cases, chances: Sequence[float]) -> HeldOut:
    return HeldOut(
        auroc(chances, cases.wrong), auroc(cases.stated, cases.wrong), calibration_error(chances, cases.wrong)
    )
