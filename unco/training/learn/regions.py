"""Fit the `learned` estimator of regions on dev's gold boxes, and evaluate it on dev by cross-validation."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.metrics.uncertainty import auroc, calibration_error, wrong_regions
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import InputBuilder, build_inputs, shown_by, simulates, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.regression import Regression, fit_regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.training.learn.spans import FOLDS, held_out_chances
from unco.types import GoldPost

DRAWS = 4
"""How often regions are simulated for each post of dev: there are few wrong ones to learn from."""


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
    """Fit the regression on dev; where regions are simulated, on `DRAWS` of those with clutter and of those without.

    It is evaluated on the first draw.
    """
    simulated = simulates(build_input)
    builders = [build_input, with_clutter(build_input)] if simulated else [build_input]
    views = [
        _cases(predictor, build_inputs(builder, dev, seed), dev)
        for seed in range(DRAWS if simulated else 1)
        for builder in builders
    ]
    rows, wrong, folds = (
        [value for cases in views for value in getattr(cases, name)] for name in ("rows", "wrong", "folds")
    )
    if not rows:
        return LearnedRegions(None, {})
    chances = iter(held_out_chances(rows, wrong, folds))
    held_out = {
        shown_by(builder): _held_out(cases, [next(chances) for _ in cases.rows])
        for builder, cases in zip(builders, views, strict=False)
    }
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
