"""Fit normalisers and thresholds on dev."""

from collections.abc import Sequence
from itertools import product

from unco.errors import DataError
from unco.small_model.checkpoint import Calibration, Calibrations
from unco.small_model.config import Estimator, ModelConfig, Scheme, estimators_of
from unco.small_model.gold_inputs import InputBuilder, build_inputs
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty.entropy import fit_normaliser, quantile_thresholds
from unco.small_model.uncertainty.prediction import Prediction
from unco.types import Attribute, GoldPost

GMNER_RATES: dict[Attribute, float] = {"span": 0.1232, "type": 0.1574, "region": 0.2803}
PAPER_RATES: dict[str, dict[Attribute, float]] = {"fmnerg": {"span": 0.1681, "type": 0.2667, "region": 0.3029}}
"""Share of entities that the paper sends to each corrector (Table 6), by scheme; of all others Twitter-GMNER's."""


def calibrate(predictor: Predictor, build_input: InputBuilder, dev: Sequence[GoldPost]) -> Calibrations:
    """Fit a normaliser and thresholds for every estimator and scheme on dev, with pictures; needs no labels.

    Raises:
        DataError: the model finds no entity there.
    """
    schemes, estimators = predictor.network.config.schemes, estimators_of(predictor.network.config)
    names = [
        (scheme, name)
        for scheme, (name, estimator) in product(schemes, estimators.items())
        if can_estimate(predictor, estimator, schemes[scheme])
    ]
    found = predictor.predict_each(
        build_inputs(build_input, dev), [(estimators[name], schemes[scheme]) for scheme, name in names]
    )
    fitted: Calibrations = {scheme: {} for scheme in schemes}
    for (scheme, name), predictions in zip(names, found, strict=True):
        fitted[scheme][name] = _fit(predictions, estimators[name], PAPER_RATES.get(scheme, GMNER_RATES))
    return fitted


def check_found(found: Sequence[object], posts: int) -> None:
    """Stop when the model finds no entity, so that nothing can be fitted.

    Raises:
        DataError: the model finds no entity in these development posts.
    """
    if not found:
        raise DataError(f"the model finds no entity in {posts} development posts, so nothing can be fitted on them")


def can_estimate(predictor: Predictor, estimator: Estimator, scheme: Scheme) -> bool:
    """Whether an estimator can be used: the network can be sampled so, and learned parts are fitted for the scheme."""
    spans = estimator.span != "learned" or predictor.span_regression is not None
    types = estimator.type != "learned" or scheme.name in predictor.type_regressions
    return spans and types and can_sample(predictor.network.config, estimator)


def can_sample(config: ModelConfig, estimator: Estimator) -> bool:
    """Whether a network can be sampled as an estimator needs; the layers of a foreign encoder cannot."""
    return not (config.foreign_encoder and estimator.sampling.encoder_layers)


def _fit(
    predictions: Sequence[Sequence[Prediction]], estimator: Estimator, rates: dict[Attribute, float]
) -> Calibration:
    nats = [entity.nats for entities in predictions for entity in entities]
    check_found(nats, len(predictions))
    normaliser = fit_normaliser(nats, estimator)
    return Calibration(normaliser, quantile_thresholds([normaliser(value) for value in nats], rates))
