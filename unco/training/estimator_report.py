"""Measure how well uncertainty estimators find a model's errors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.evals.metrics.uncertainty import (
    auroc,
    average_precision,
    calibration_error,
    wrong_groundings,
    wrong_regions,
    wrong_spans,
    wrong_types,
)
from unco.small_model.config import Estimator
from unco.small_model.model_input import ModelInput
from unco.small_model.uncertainty.entropy import fit_normaliser
from unco.small_model.uncertainty.prediction import Prediction
from unco.types import Attribute, GoldPost

Predictions = Sequence[Sequence[Prediction]]


@dataclass(frozen=True, slots=True)
class Quality:
    """Quality of one attribute's uncertainty; the positive class is "wrong". None = cannot be measured."""

    auroc: float | None
    """AUROC: chance that a wrong one is more uncertain than a right one, in [0, 1]."""
    aupr: float | None
    """Area under the precision-recall curve, in [0, 1]."""
    ece: float | None
    """ECE of the normalised uncertainty read as the chance of being wrong, in [0, 1]."""


@dataclass(frozen=True, slots=True)
class EstimatorReport:
    """Quality of one estimator on one split."""

    span: Quality
    type: Quality
    """Type uncertainty, among entities whose span is right."""
    groundable: Quality
    """Region uncertainty, where wrong means "in the picture or not" is wrong; among entities whose span is right."""
    region: Quality
    """The same, where wrong means a wrong region (IoU of 0.5 or less with every gold box, or one has none)."""


@dataclass(frozen=True, slots=True)
class SplitInputs:
    """Model inputs of one split, with and without regions."""

    posts: Sequence[GoldPost]
    text: Sequence[ModelInput]
    pictures: Sequence[ModelInput]
    shown: str = "regions"
    """What the regions are, as in `SplitReport`."""
    in_clutter: Sequence[ModelInput] = ()
    """With regions that are simulated in clutter; empty = regions are not simulated."""


def report_predictions(posts: Sequence[GoldPost], text: Predictions, pictures: Predictions) -> EstimatorReport:
    """Measure the uncertainties of predictions: span and type from text alone, region with regions shown."""
    return EstimatorReport(
        span=_quality("span", text, wrong_spans(posts, text)),
        type=_quality("type", text, wrong_types(posts, text)),
        groundable=_quality("region", pictures, wrong_groundings(posts, pictures)),
        region=region_quality(posts, pictures),
    )


def region_quality(posts: Sequence[GoldPost], found: Predictions) -> Quality:
    """Measure how well doubts of regions find wrong ones, among entities whose span is right."""
    return _quality("region", found, wrong_regions(posts, found))


def normalised(found: Predictions, dev: Predictions, estimator: Estimator) -> Predictions:
    """Normalise predictions anew, by a normaliser that is fitted for their estimator on dev, which needs no labels."""
    normaliser = fit_normaliser([item.nats for items in dev for item in items], estimator)
    return [[replace(item, uncertainty=normaliser(item.nats)) for item in items] for items in found]


def _quality(attribute: Attribute, predictions: Predictions, wrong: Sequence[bool | None]) -> Quality:
    entities = [entity for found in predictions for entity in found]
    pairs = [(entity, is_wrong) for entity, is_wrong in zip(entities, wrong, strict=True) if is_wrong is not None]
    flags = [is_wrong for _, is_wrong in pairs]
    nats = [entity.nats.of(attribute) for entity, _ in pairs]
    stated = [entity.uncertainty.of(attribute) for entity, _ in pairs]
    return Quality(
        _round4(auroc(nats, flags)), _round4(average_precision(nats, flags)), _round4(calibration_error(stated, flags))
    )


def _round4(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
