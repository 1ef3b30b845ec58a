"""Ensembles: distributions of several networks, over the symbols that the first one decoded, are averaged."""

from dataclasses import replace

import numpy as np
import pytest

from tests.small_model.stored.from_weights import stored
from tests.small_model.test_predictor import POSTS, assert_same
from tests.tiny import fitted_predictor, tiny_network, tiny_tokenizer
from unco.small_model.batch import encode_post, make_batch
from unco.small_model.config import ESTIMATORS
from unco.small_model.decoding.greedy import decode_greedily, read_distributions
from unco.small_model.decoding.symbols import END, previous_symbols, shift
from unco.small_model.uncertainty.ensemble import ensemble_passes
from unco.small_model.uncertainty.mean_probabilities import mean_probabilities
from unco.training.ensemble import ENSEMBLES


@pytest.mark.parametrize("name", ENSEMBLES)
def test_a_model_beside_itself_has_its_own_entropies(name: str) -> None:
    estimator = ESTIMATORS[name.removeprefix("ensemble_")]
    predictor = replace(fitted_predictor(), estimator=estimator, heads="both")
    for others in ((predictor.network,), (predictor.network,) * 3):
        together = replace(predictor, others=others)
        for found, expected in zip(together.predict(POSTS), predictor.predict(POSTS), strict=True):
            assert_same(found, expected)


@pytest.mark.parametrize("name", ENSEMBLES)
def test_another_model_changes_uncertainty_and_nothing_else(name: str) -> None:
    predictor = replace(fitted_predictor(), estimator=ENSEMBLES[name], heads="both")
    for others in ((tiny_network(1),), (tiny_network(1), stored(tiny_network(2)))):
        together = replace(predictor, others=others)
        alone = [together.predict([post])[0] for post in POSTS]
        for found, own, same in zip(together.predict(POSTS), predictor.predict(POSTS), alone, strict=True):
            assert_same(found, same)
            assert [(one.span, one.type, one.regions) for one in found] == [
                (one.span, one.type, one.regions) for one in own
            ]
            assert [one.nats for one in found] != [one.nats for one in own]


def test_the_mean_is_of_all_networks() -> None:
    first, second, third = (tiny_network(seed) for seed in range(3))
    tokenizer = tiny_tokenizer()
    batch = make_batch([encode_post(post, tokenizer) for post in POSTS[:3]], tokenizer)
    decoded = decode_greedily(first, first.encode(batch), "both")
    means = mean_probabilities(decoded, [ensemble_passes([second, third], batch, decoded)], "tags")
    said = [decoded]
    history = previous_symbols(shift(decoded.symbols), 2)
    for network in (second, third):
        encoded = network.encode(batch)
        said.append(read_distributions(network, encoded, history, network.read_tags(encoded))[0])  # type: ignore[arg-type]  # has these fields
    real = history.previous != END
    tags, regions = (np.mean(parts, 0) for parts in ([one.by_tags for one in said], [one.regions for one in said]))
    assert np.allclose(means.symbols[real], tags[real], atol=1e-6)
    assert np.allclose(means.symbols[real].sum(-1), 1.0, atol=1e-5)
    assert np.allclose(means.regions[real], regions[real], atol=1e-6)
