"""Settings of a network: those that were added later, and what they do to its estimators."""

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tiny import TINY, tiny_predictor
from unco.small_model.checkpoint import Calibration, from_pretrained, save_pretrained
from unco.small_model.config import Estimator, McDropout, ModelConfig, estimators_of
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.types import Thresholds

FITTED = {"mc_decoder": Calibration(log_cardinality(3, 11, 5), Thresholds(0.1, 0.2, 0.3))}
ADDED = (
    "sum_of_pairs",
    "sampled_as_trained",
    "features_alone",
    "whole_label_set",
    "whole_picture_is_none",
    "whole_words",
)


def rates(config: ModelConfig) -> dict[str, float]:
    return {name: one.sampling.p for name, one in estimators_of(config).items() if one.sampling.passes}


def test_each_estimator_has_its_own_rate_or_that_of_the_training() -> None:
    own = {"mc_decoder": 0.1, "mc_decoder_eq7": 0.1, "mc_encoder": 0.2, "tags_mc": 0.2}
    config = replace(TINY, dropout=0.3)
    assert rates(config) == own
    assert rates(replace(config, sampled_as_trained=True)) == dict.fromkeys(own, 0.3)


def test_a_checkpoint_keeps_the_rate_that_it_was_trained_with(tmp_path: Path) -> None:
    predictor = tiny_predictor(config=replace(TINY, dropout=0.3, sampled_as_trained=True))
    save_pretrained(predictor, "mc_decoder", {"tiny": FITTED, "names": FITTED}, tmp_path / "checkpoint", {})
    loaded = from_pretrained(tmp_path / "checkpoint")
    assert loaded.estimator == Estimator(sampling=McDropout(p=0.3))
    assert loaded.network.config == predictor.network.config


def test_a_configuration_of_an_earlier_version_means_what_it_meant() -> None:
    data = {name: value for name, value in TINY.to_json().items() if name not in ADDED}
    assert ModelConfig.from_json(data) == TINY
    assert not any(getattr(TINY, name) for name in ADDED)


def test_a_region_is_something() -> None:
    with pytest.raises(ValueError, match="features_alone needs visual_features above 0"):
        replace(TINY, features_alone=True)
