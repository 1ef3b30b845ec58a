"""NumPy runs the network as torch does, up to float rounding; torch is started only when it pays."""

from dataclasses import replace
from functools import cache
from math import erf

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.small_model.stored.from_weights import stored
from tests.tiny import TINY, fitted_predictor, tiny_network, tiny_tokenizer
from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.config import ESTIMATORS, ModelConfig
from unco.small_model.decoding.greedy import decode_greedily
from unco.small_model.decoding.symbols import END, shift
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.regions.region import Region
from unco.small_model.stored.in_numpy import NumpyNetwork
from unco.small_model.stored.numpy_layers import gelu
from unco.types import Box

WORDS = "Ann Lee plays for the Blue Owls in Port Lindow tonight".split()
SIGHT = replace(TINY, visual_features=6, norm_eps=1e-5, post_starts=64, decoder_positions=5)

ONE_SLOT = replace(TINY, whole_picture_is_none=True)
ALONE, WHOLE = replace(SIGHT, features_alone=True), replace(TINY, whole_label_set=True)


def region(kind: str, box: Box, text: str = "") -> Region:
    return Region(box, kind, text, features=np.linspace(-1, 1, 6, dtype=np.float32) * box.x2)  # type: ignore[arg-type]


REGIONS = (
    region("picture", Box(0, 0, 100, 100)),
    region("person", Box(0, 0, 50, 50)),
    region("text", Box(20, 60, 90, 80), "blue owls"),
)
SIZES = (None, (100, 100), (100, 100), (100, 100))


@cache
def pair(seed: int, config: ModelConfig) -> tuple[NumpyNetwork, Network]:
    """The same network in NumPy and in torch."""
    both = stored(tiny_network(seed, config))
    runtime = both.runtime()
    assert isinstance(runtime, NumpyNetwork)
    return runtime, both.in_torch


def batch_of(posts: list[ModelInput], config: ModelConfig) -> Batch:
    tokenizer = tiny_tokenizer()
    return make_batch([encode_post(post, tokenizer) for post in posts], tokenizer, config.visual_features)


posts_drawn = st.lists(
    st.tuples(st.lists(st.sampled_from(WORDS), min_size=1, max_size=9), st.integers(0, 3)), min_size=1, max_size=4
).map(lambda drawn: [ModelInput(tuple(words), REGIONS[:count], SIZES[count]) for words, count in drawn])


@settings(max_examples=40, deadline=None)
@given(posts=posts_drawn, seed=st.integers(0, 4), config=st.sampled_from([TINY, SIGHT, ALONE, WHOLE, ONE_SLOT]))
def test_both_say_the_same_of_any_posts(posts: list[ModelInput], seed: int, config: ModelConfig) -> None:
    in_numpy, in_torch = pair(seed, config)
    batch = batch_of(posts, config)
    ours, theirs = in_numpy.encode(batch), in_torch.encode(batch)
    assert np.allclose(in_numpy.word_states(ours), in_torch.word_states(theirs), atol=1e-5)
    assert np.allclose(ours.region_keys, theirs.region_keys.numpy(), atol=1e-5)
    one, other = decode_greedily(in_numpy, ours, "both"), decode_greedily(in_torch, theirs, "both")
    assert one.symbols.tolist() == other.symbols.tolist()
    said = (one.symbols == END).cumsum(1) <= 1  # the rest means nothing
    for name in ("by_decoder", "by_tags", "regions"):
        found, expected = getattr(one, name)[said], getattr(other, name)[said]
        assert found.dtype == expected.dtype == np.float32
        assert np.allclose(found, expected, atol=1e-4)
    going_on = shift(one.symbols) != END  # torch leaves out what follows the end
    for name in ("energies", "region_energies"):
        found, expected = getattr(one, name)[going_on], getattr(other, name)[going_on]
        assert found.dtype == expected.dtype == np.float32
        assert np.allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("words", [1, 2, 40])
def test_both_find_the_same_beginnings_of_texts(words: int) -> None:
    in_numpy, in_torch = pair(1, SIGHT)
    states = np.random.default_rng(0).standard_normal((words, SIGHT.hidden), np.float32)
    ours, theirs = in_numpy.log_odds_of_starts(states), in_torch.log_odds_of_starts(states)
    assert ours is not None
    assert theirs is not None
    assert np.allclose(ours, theirs, atol=1e-4)
    assert pair(1, TINY)[0].log_odds_of_starts(states) is None


@pytest.mark.parametrize("name", [name for name, one in ESTIMATORS.items() if not one.sampling.passes])
def test_predictions_are_the_same_with_every_estimator_that_does_not_sample(name: str) -> None:
    predictor = fitted_predictor().with_estimator(ESTIMATORS[name])
    posts = [ModelInput(tuple(WORDS), REGIONS, (100, 100)), ModelInput(("x",)), ModelInput(tuple(WORDS[:4]))]
    light = replace(predictor, network=stored(tiny_network()))
    found, expected = light.predict(posts), light.to("cpu").predict(posts)
    assert any(found)
    for ours, theirs in zip(found, expected, strict=True):
        assert [(one.span, one.type, one.regions) for one in ours] == [
            (one.span, one.type, one.regions) for one in theirs
        ]
        for one, other in zip(ours, theirs, strict=True):
            assert one.nats.of("span") == pytest.approx(other.nats.of("span"), abs=1e-4)
            assert one.nats.of("type") == pytest.approx(other.nats.of("type"), abs=1e-4)
            assert one.nats.of("region") == pytest.approx(other.nats.of("region"), abs=1e-4)


def test_gelu_is_x_times_the_normal_share_below() -> None:
    x = np.linspace(-9, 9, 2001, dtype=np.float32)
    assert gelu(x).tolist() == pytest.approx([v * (1 + erf(v / 2**0.5)) / 2 for v in x.tolist()], abs=1e-6)
