"""Fit the `learned` estimator of regions on dev's gold boxes, and evaluate it on dev by cross-validation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import log

from unco.evals.metrics.uncertainty import auroc, calibration_error, wrong_regions
from unco.small_model.config import ESTIMATORS
from unco.small_model.gold_inputs import InputBuilder, build_inputs, shown_by, simulates, with_clutter
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.boosted_trees import BoostedTrees
from unco.small_model.uncertainty.prediction import RegionRegression
from unco.small_model.uncertainty.region_signals import EARLIER_REGION_SIGNALS
from unco.small_model.uncertainty.regression import fit_regression
from unco.small_model.uncertainty.span_signals import Signals
from unco.training.learn.boosting import ENOUGH, fit_trees
from unco.training.learn.spans import FOLDS, held_out_chances
from unco.types import GoldPost

Fit = Callable[[list[Signals], list[bool]], RegionRegression]
"""Learns the chance of an event from features."""
DRAWS = 8
"""How often regions are simulated for each post of dev: there are few wrong ones to learn from."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """How well wrong regions are found on dev, each post scored by what was fitted on the other folds.

    None where there are no wrong regions or no right ones.
    """

    auroc: float | None
    confidence: float | None
    """AUROC of the same regions by 1 - the probability of what was chosen."""
    ece: float | None


@dataclass(frozen=True, slots=True)
class LearnedRegions:
    """What was fitted, and its quality on posts that it was not fitted on."""

    regression: RegionRegression | None
    """Whichever is better on those posts; None where no entity of dev has a right span and a picture."""
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
    """Fit a regression and trees on dev; where regions are simulated, on `DRAWS` of those with clutter and without.

    What is chosen is evaluated on the first draw.

    Raises:
        SetupError: scikit-learn is not installed.
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
    fit, of_rows = choose_fit(rows, wrong, folds)
    chances = iter(of_rows)
    held_out = {
        shown_by(builder): _held_out(cases, [next(chances) for _ in cases.rows])
        for builder, cases in zip(builders, views, strict=False)
    }
    return LearnedRegions(fit(rows, wrong), held_out)


def choose_fit(rows: list[Signals], wrong: list[bool], folds: Sequence[int]) -> tuple[Fit, list[float]]:
    """Choose between a regression and trees: whichever is better on the folds that it was not fitted on.

    Few rows are left to the regression. Trees would give each the same chance, which may well have the lower loss, and
    tells no region from another.

    Returns:
        How to fit, and the held-out chance of each row.
    """
    fits: tuple[Fit, ...] = (fit_regression, _fit_trees) if len(rows) >= ENOUGH else (fit_regression,)
    held_out = [held_out_chances(rows, wrong, folds, fit) for fit in fits]
    best = min(range(len(fits)), key=lambda index: _loss(held_out[index], wrong))
    return fits[best], held_out[best]


def _loss(chances: Sequence[float], wrong: Sequence[bool]) -> float:
    """Add up the log-loss of each case."""
    return -sum(log(max(chance if flag else 1.0 - chance, 1e-9)) for chance, flag in zip(chances, wrong, strict=True))


def _fit_trees(rows: list[Signals], wrong: list[bool]) -> BoostedTrees:
    """Fit trees on the signals that are no products of others: trees find out which go together."""
    return fit_trees([row[:EARLIER_REGION_SIGNALS] for row in rows], wrong)


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
