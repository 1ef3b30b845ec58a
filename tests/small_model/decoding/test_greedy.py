"""Drafted decoding says what decoding step by step says, and drafts cost time and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_model.test_predictor import assert_same
from tests.tiny import TINY, fitted_predictor, tiny_network, tiny_tokenizer
from unco.small_model.batch import Array, encode_post, make_batch
from unco.small_model.config import ESTIMATORS, Estimator, Heads, McDropout, ModelConfig
from unco.small_model.decoding.drafts import Drafts
from unco.small_model.decoding.greedy import Decoded, decode_greedily, mixed, read_distributions
from unco.small_model.decoding.states import EncoderStates
from unco.small_model.decoding.symbols import (
    BEGIN,
    END,
    FIRST_TYPE,
    REGION,
    START,
    legal_next,
    most_probable_legal,
    previous_symbols,
    shift,
)
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.regions.region import Region
from unco.types import Box

REGIONS = (Region(Box(0, 0, 50, 50), "person"), Region(Box(20, 60, 90, 80), "text", "blue owls"))
WORDS = "Ann Lee plays for the Blue Owls in Port Lindow tonight".split()
LONG = ModelInput(tuple(f"{word} {word}." if word == "Owls" else word for word in WORDS * 12))


def encoded_posts(network: Network, lengths: list[int]) -> EncoderStates:
    tokenizer = tiny_tokenizer()
    posts = [ModelInput(tuple(WORDS[:length]), REGIONS[: length % 3], (100, 100)) for length in lengths]
    return network.encode(make_batch([encode_post(post, tokenizer) for post in posts], tokenizer))


def talkative(seed: int, names: float, certainty: float, config: ModelConfig = TINY) -> Network:
    """A random network that begins names more or less often, with a tagging head that is more or less certain."""
    network = tiny_network(seed, config)
    with torch.no_grad():
        network.decoder.special_out.bias[START] += names - 20.0
        network.tagger.weight *= certainty
    return network


def step_by_step(network: Network, encoded: EncoderStates, heads: Heads) -> tuple[Array, Array]:
    """The plain way: the most probable symbol, again and again, each time after all that was said before."""
    said, tags = np.full((len(encoded.counts), 1), BEGIN), network.read_tags(encoded)
    while True:
        history = previous_symbols(said, len(network.config.labels))
        found, _ = read_distributions(network, encoded, history, tags)
        probabilities = mixed(heads, found.by_decoder, found.by_tags)
        symbol = most_probable_legal(probabilities, history, encoded.counts, len(network.config.labels))[:, -1:]
        if (symbol == END).all():
            return np.concatenate([said[:, 1:], symbol], 1), probabilities
        said = np.concatenate([said, symbol], 1)


def assert_step_by_step(network: Network, encoded: EncoderStates, heads: Heads) -> Decoded:
    expected, distributions = step_by_step(network, encoded, heads)
    found = decode_greedily(network, encoded, heads)
    assert found.symbols.tolist() == expected.tolist()
    before_end = (expected == END).cumsum(1) <= 1
    assert np.allclose(found.probabilities[before_end], distributions[before_end], atol=1e-5)
    return found


heads_drawn = st.sampled_from(("decoder", "tags", "both"))


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    lengths=st.lists(st.integers(1, 7), min_size=1, max_size=3),
    heads=heads_drawn,
    names=st.floats(-5.0, 20.0),
    certainty=st.floats(0.0, 8.0),
    whole=st.booleans(),
)
def test_it_says_what_step_by_step_says(
    seed: int, lengths: list[int], heads: Heads, names: float, certainty: float, whole: bool
) -> None:
    network = talkative(seed, names, certainty, replace(TINY, whole_label_set=whole))
    assert_step_by_step(network, encoded_posts(network, lengths), heads)


@pytest.mark.parametrize("names", [6.0, 20.0])
def test_what_is_said_is_legal_over_the_whole_label_set_too(names: float) -> None:
    for seed in range(4):
        plain = talkative(seed, names, 3.0)
        whole = talkative(seed, names, 3.0, replace(TINY, whole_label_set=True))
        encoded = encoded_posts(plain, [6, 1, 4])
        expected, found = (decode_greedily(network, encoded) for network in (plain, whole))
        assert found.symbols.tolist() == expected.symbols.tolist()
        history = previous_symbols(shift(found.symbols), 2)
        legal = legal_next(history.previous, history.last_word, encoded.counts, 2, 6)
        before_end = history.previous != END
        elsewhere = [(one.by_decoder * ~legal).sum(-1)[before_end] for one in (expected, found)]
        assert elsewhere[0].max() == 0.0
        assert elsewhere[1].max() > 0.1
        for one in (expected, found):
            assert np.allclose(one.by_decoder.sum(-1), 1.0, atol=1e-5)
            assert not one.by_decoder[1, :, 3 + 2 + 1 :].any(), "padding is no word"


def nothing(self: Drafts, post: int, symbols: list[int]) -> list[int]:
    return [*symbols, END]


def the_last_word(self: Drafts, post: int, symbols: list[int]) -> list[int]:
    last = FIRST_TYPE + self.begin_types.shape[-1] + self.counts[post] - 1
    return [*symbols, *[START, last, REGION, FIRST_TYPE] * 3, END]


@pytest.mark.parametrize("draft", [nothing, the_last_word])
@pytest.mark.parametrize("heads", ["decoder", "tags", "both"])
def test_a_bad_draft_costs_only_time(
    draft: Callable[..., list[int]], heads: Heads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drafts, "go_on", draft)
    for seed in range(2):
        network = talkative(seed, 6.0, 3.0)
        assert_step_by_step(network, encoded_posts(network, [6, 1, 4]), heads)


@pytest.mark.parametrize(
    "broken", ["decoder.pointer_out.bias", "decoder.special_out.bias", "tagger.bias", "tagger.weight"]
)
@pytest.mark.parametrize("heads", ["decoder", "tags", "both"])
def test_nans_come_to_an_end(broken: str, heads: Heads) -> None:
    network = talkative(0, 6.0, 3.0)
    parameter = network.get_parameter(broken)
    for some in (slice(None), slice(2, 4)):
        parameter[some] = float("nan")
        assert decode_greedily(network, encoded_posts(network, [11, 1, 4]), heads).symbols.shape[1] <= 4 * 11 + 1


def passes_of(network: Network, heads: Heads, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """The number of steps of a batch, and how often the decoder ran for them."""
    encoded, forward, calls = encoded_posts(network, [11, 7]), network.decoder.forward, []

    def counted(*given: object, **named: object) -> object:
        calls.append(given)
        return forward(*given, **named)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(network.decoder, "forward", counted)
    steps = decode_greedily(network, encoded, heads).symbols.shape[1]
    return steps, len(calls)


def test_a_right_draft_takes_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [passes_of(talkative(seed, 20.0, 1.0), "tags", monkeypatch) for seed in range(8)]
    assert {passes for _, passes in runs} == {1}
    assert max(steps for steps, _ in runs) > 4


def test_an_untrained_tagging_head_drafts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    network = talkative(1, 20.0, 3.0)
    network.config = replace(TINY, bio_loss=0.0)
    steps, passes = passes_of(network, "decoder", monkeypatch)
    assert steps > 4
    assert passes == steps


@pytest.mark.parametrize(
    "estimator",
    [
        Estimator(),
        Estimator(measure="doubt", span="joint"),
        Estimator(measure="surprisal", span="total", heads="both", sampling=McDropout(p=0.2, passes=3)),
        Estimator(sampling=McDropout(p=0.2, encoder_layers=1)),
        ESTIMATORS["learned"],
    ],
)
def test_predictions_are_the_same_with_and_without_drafts(estimator: Estimator) -> None:
    predictor = replace(fitted_predictor(), estimator=estimator, heads="both")
    posts = [LONG, ModelInput(tuple(WORDS), REGIONS, (100, 100)), ModelInput(("x",)), ModelInput(tuple(WORDS[:4]))]
    drafted = predictor.predict(posts)
    predictor.network.config = replace(TINY, bio_loss=0.0)
    for found, expected in zip(drafted, predictor.predict(posts), strict=True):
        assert_same(found, expected)
    assert min(map(len, drafted)) > 0
