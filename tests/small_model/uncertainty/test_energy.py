"""Energy: minus the log-sum-exp of the logits, against numbers worked out by hand."""

from dataclasses import replace
from math import log
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from tests.small_model.stored.from_weights import stored
from tests.tiny import LABELS, NAMES, TINY, tiny_network, tiny_predictor, tiny_tokenizer
from unco.errors import SettingsError
from unco.small_model.batch import Array, encode_post, make_batch
from unco.small_model.config import ESTIMATORS, Estimator, McDropout
from unco.small_model.decoding.arrays import log_sum_exp
from unco.small_model.decoding.greedy import Decoded, read_distributions
from unco.small_model.decoding.states import Steps
from unco.small_model.decoding.symbols import BEGIN, END, REGION, START, previous_symbols
from unco.small_model.decoding.tagging_head import Tags, read_tags
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region
from unco.small_model.uncertainty.mean_probabilities import mean_probabilities
from unco.small_model.uncertainty.raw_entities import ErrorProbabilities, raw_entities
from unco.types import Box, Span, Uncertainty

PERSON, ORG, ANN, LEE = 3, 4, 5, 6
SYMBOLS = [START, ANN, REGION, ORG, END]
"""Of a post of two words, `Ann Lee`: the network says that `Ann` is a group."""
OTHER = 9.0
"""Logit of what may not come: it must not count."""
LOGITS = np.full((1, 5, 7), OTHER, np.float32)
for step, known in enumerate(
    (
        {END: log(1), START: log(3)},
        {ANN: log(4), LEE: log(1)},
        {REGION: log(5), LEE: log(3)},
        {PERSON: log(0.1), ORG: log(0.3)},
        {END: log(7), START: log(9)},
    )
):
    LOGITS[0, step, list(known)] = list(known.values())
ENERGIES = [-log(4), -log(5), -log(8), -log(0.4), -log(16)]
REGION_ENERGIES = np.array([[0.0, 0.0, 0.0, -2.5, 0.0]], np.float32)


class ByHand:
    """A network that gives these logits."""

    config = replace(TINY, labels=LABELS)

    def read_steps(self, previous: Array, encoded: Any, past: Any = None) -> Steps:
        return Steps(LOGITS, np.ones((1, 5, 1), np.float32), REGION_ENERGIES, ())


def no_tags() -> Tags:
    return read_tags(np.zeros((1, 2, 5), np.float32), np.array([2]))


def decoded_by_hand() -> Decoded:
    history, tags = previous_symbols(np.array([[BEGIN, *SYMBOLS[:-1]]]), 2), no_tags()
    network: Any = ByHand()
    encoded: Any = SimpleNamespace(counts=np.array([2]))
    parts, _ = read_distributions(network, encoded, history, tags)
    return Decoded(np.array([SYMBOLS]), *parts, tags, "decoder")


def test_the_log_sum_exp_of_known_numbers() -> None:
    rows = np.array([[log(1), log(2), log(5)], [-np.inf, log(3), -np.inf], [1000.0, 1000.0, -1e4]])
    assert log_sum_exp(rows).tolist() == pytest.approx([log(8), log(3), 1000 + log(2)])


def test_the_energy_of_a_step_is_of_the_symbols_that_may_come() -> None:
    found = decoded_by_hand()
    assert found.energies[0].tolist() == pytest.approx(ENERGIES, abs=1e-5)
    assert found.region_energies.tolist() == REGION_ENERGIES.tolist()


@pytest.mark.parametrize("scheme", [TINY.schemes["tiny"], NAMES])
def test_an_entity_has_the_energies_of_its_span_its_type_and_its_region(scheme: Any) -> None:
    found, nothing = decoded_by_hand(), ErrorProbabilities(None, None)
    ((entity,),) = raw_entities(TINY, found, mean_probabilities(found, ()), ESTIMATORS["energy"], scheme, nothing)
    assert entity.span == Span(0, 1)
    by_hand = Uncertainty(-log(4) - log(5) - log(8), -log(0.4), -2.5)
    for name in ("span", "type", "region"):
        assert entity.nats.of(name) == pytest.approx(by_hand.of(name), abs=1e-5)


def test_both_networks_give_the_energy_of_the_regions() -> None:
    post = ModelInput(("Ann", "Lee"), (Region(Box(0, 0, 50, 50), "person"),), (100, 100))
    both, tokenizer = stored(tiny_network()), tiny_tokenizer()
    in_numpy, network = both.runtime(), both.in_torch
    batch = make_batch([encode_post(one, tokenizer) for one in (post, ModelInput(("x",)))], tokenizer)
    previous, encoded = np.array([[BEGIN, START], [BEGIN, START]]), network.encode(batch)
    states, _ = network.decoder(torch.from_numpy(previous), encoded)
    expected = -network.decoder.region_logits(states, encoded).exp().sum(-1).log().numpy()
    assert np.allclose(network.read_steps(previous, encoded).region_energies, expected, atol=1e-5)
    found = in_numpy.read_steps(previous, in_numpy.encode(batch)).region_energies
    assert np.allclose(found, expected, atol=1e-4)


def test_logits_that_are_all_larger_are_surer() -> None:
    """Probabilities do not change, and energies do: that is their point."""
    posts, predictor = [ModelInput(("Ann", "Lee"))], tiny_predictor().with_estimator(ESTIMATORS["energy"])
    surer = tiny_predictor().with_estimator(ESTIMATORS["energy"])
    surer.network.in_torch.decoder.special_out.bias.add_(1.0)
    (before, *_), (after, *_) = (one.predict(posts)[0] for one in (predictor, surer))
    assert after.nats.type == pytest.approx(before.nats.type - 1.0, abs=1e-4)


@pytest.mark.parametrize(
    "changes", [{"heads": "tags"}, {"heads": "both"}, {"sampling": McDropout()}, {"span": "joint"}], ids=str
)
def test_where_there_is_no_energy_it_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SettingsError, match="energy is of the logits of the decoder in one pass: choose"):
        replace(Estimator(measure="energy"), **changes)
