"""The network: caching, batching and Monte Carlo passes do not change its results; training lowers the loss."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch

from tests.tiny import TINY, gold_post, tiny_network, tiny_tokenizer
from unco.small_model.batch import Batch, encode_post, make_batch
from unco.small_model.config import Heads, McDropout, ModelConfig
from unco.small_model.decoding.greedy import decode_greedily, mixed, read_distributions
from unco.small_model.decoding.symbols import BEGIN, END, previous_symbols, shift
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.regions.region import Region, RegionKind
from unco.small_model.uncertainty.mc_dropout import draw_masks, run_passes
from unco.small_model.uncertainty.mean_probabilities import MeanProbabilities, mean_probabilities
from unco.training.examples.collator import Collator
from unco.training.examples.example import of_data_set
from unco.types import Box

REGIONS = (Region(Box(0, 0, 50, 50), "person"), Region(Box(20, 60, 90, 80), "text", "blue owls"))
POSTS = [
    ModelInput(("Ann", "Lee", "plays")),
    ModelInput(("Go", "Blue", "Owls", "and", "win", "the", "cup"), REGIONS, (100, 100)),
    ModelInput(("x",), REGIONS[:1], (60, 60)),
    ModelInput(tuple("a b c d e f g h i j".split())),
]
KEYS = ["a", "b", "c", "d"]


def batch_of(posts: list[ModelInput], features: int = 0) -> Batch:
    tokenizer = tiny_tokenizer()
    return make_batch([encode_post(post, tokenizer) for post in posts], tokenizer, features)


def means_of(network: Network, batch: Batch, sampling: McDropout, heads: Heads = "decoder") -> MeanProbabilities:
    encoded = network.encode(batch)
    decoded = decode_greedily(network, encoded)
    ran = run_passes(network, batch, encoded, decoded, KEYS, sampling)
    return mean_probabilities(decoded, ran, heads)


def losses_while_training(config: ModelConfig) -> list[float]:
    torch.manual_seed(0)
    network = Network(config).train()
    collator = Collator(tiny_tokenizer(), config, SimulatedRegionsInput(("Blue Owls", "Ann Lee")))
    batch, targets = collator.build([of_data_set(gold_post())] * 4, Random(0))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = network.loss(batch, targets)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize(
    "config",
    [TINY, replace(TINY, debiasing=0.6), replace(TINY, debiasing=0.6, sum_of_pairs=True, whole_label_set=True)],
)
def test_training_lowers_the_loss(config: ModelConfig) -> None:
    losses = losses_while_training(config)
    assert losses[-1] < 0.5 * losses[0]


def test_the_loss_is_the_weighted_sum_of_its_parts() -> None:
    config = replace(TINY, region_loss=0.3, debiasing=0.6, bio_loss=0.7)
    collator = Collator(tiny_tokenizer(), config, SimulatedRegionsInput(()))
    parts = tiny_network(config=config).loss(*collator.build([of_data_set(gold_post())] * 8, Random(3)))
    expected = parts["token"] + 0.3 * parts["region"] + 0.6 * parts["debiasing"] + 0.7 * parts["bio"]
    assert min(part.item() for part in parts.values()) > 0
    assert parts["loss"].item() == pytest.approx(expected.item(), abs=1e-5)


def test_a_step_can_be_learned_over_the_whole_label_set() -> None:
    network = tiny_network(config=replace(TINY, whole_label_set=True))
    encoded, previous = network.encode(batch_of(POSTS)), np.full((4, 1), BEGIN)
    x, _ = network.decoder(torch.from_numpy(previous), encoded)
    found = network.step_log_probs(x, previous, encoded)
    logits = network.decoder.symbol_logits(x, encoded)
    for post, words in enumerate((3, 7, 1, 10)):
        real = 3 + 2 + words
        assert torch.allclose(found[post, 0, :real], logits[post, 0, :real].log_softmax(-1), atol=1e-5)
        assert not found[post, 0, real:].exp().any()


def seen(box: Box, kind: RegionKind, text: str, score: float, *features: float) -> Region:
    return Region(box, kind, text, score, np.array(features, np.float32))


def test_a_region_can_be_its_visual_features_alone() -> None:
    regions = (
        seen(Box(0, 0, 9, 9), "person", "", 0.4, 1.0, 2.0, 4.0),
        seen(Box(5, 5, 60, 90), "text", "blue owls", 0.9, 1.0, 2.0, 4.0),
        seen(Box(0, 0, 100, 100), "picture", "", 1.0, 4.0, 2.0, 1.0),
    )
    batch = batch_of([ModelInput(("Ann", "Lee"), regions, (100, 100))], 3)
    sees = replace(TINY, visual_features=3)
    for alone in (True, False):
        network = tiny_network(config=replace(sees, features_alone=alone))
        one, other, whole = network.encode_regions(network.tensors(batch))[0]
        assert torch.equal(one, other) == alone
        assert not torch.equal(one, whole)


def test_the_last_slot_can_be_the_whole_picture() -> None:
    network = tiny_network(config=replace(TINY, whole_picture_is_none=True))
    batch = batch_of(POSTS)  # 0, 3, 2 and 0 regions, the last of which is the whole picture
    encoded = network.encode(batch)
    assert encoded.region_mask.tolist() == [
        [False, False, False, True],
        [True, True, False, True],
        [True, False, False, True],
        [False, False, False, True],
    ]
    keys = network.decoder.region_key(network.encode_regions(network.tensors(batch)))
    x = torch.randn(4, 1, 32)
    found, query = network.decoder.region_logits(x, encoded), network.decoder.region_out(x)[:, 0] * 32**-0.5
    for post, (regions, whole) in enumerate([((), None), ((0, 1), 2), ((0,), 1), ((), None)]):
        expected = torch.full((4,), -torch.inf)
        for slot in regions:
            expected[slot] = query[post] @ keys[post, slot]
        expected[-1] = 0.0 if whole is None else query[post] @ keys[post, whole]
        assert torch.allclose(found[post, 0], expected, atol=1e-5)


def test_inputs_of_teacher_forcing_are_the_symbols_one_step_later() -> None:
    assert shift(np.array([[1, 5, 2, 3, 0, -100]])).tolist() == [[BEGIN, 1, 5, 2, 3, 0]]


@pytest.mark.parametrize("heads", ["decoder", "tags", "both"])
def test_decoding_equals_teacher_forcing(heads: Heads) -> None:
    network = tiny_network()
    encoded = network.encode(batch_of(POSTS))
    decoded = decode_greedily(network, encoded, heads)
    history = previous_symbols(shift(decoded.symbols), 2)
    found, _ = read_distributions(network, encoded, history, network.read_tags(encoded))
    forced = mixed(heads, found.by_decoder, found.by_tags)
    assert forced.argmax(-1).tolist() == decoded.symbols.tolist()
    said = history.previous != END
    assert np.allclose(forced[said], decoded.probabilities[said], atol=1e-5)
    assert np.allclose(found.regions[said], decoded.regions[said], atol=1e-5)
    assert (decoded.symbols == END).any(1).all()
    assert decoded.symbols.shape[1] > 4, "the random network should say something"


def test_two_heads_are_the_mean_of_the_decoder_and_the_tags() -> None:
    network = tiny_network()
    encoded = network.encode(batch_of(POSTS))
    decoded = decode_greedily(network, encoded)
    alone, tags, both = decoded.of("decoder"), decoded.of("tags"), decoded.of("both")
    assert np.allclose(both, (alone + tags) / 2, atol=1e-6)
    assert not np.allclose(alone, both, atol=1e-2)
    assert float(tags.min()) >= -1e-5
    assert tags.sum(-1).flatten().tolist() == pytest.approx([1.0] * decoded.symbols.size, abs=1e-4)


def test_masks_depend_on_the_post_and_the_seed_only() -> None:
    settings = McDropout(p=0.5, passes=4, seed=1)
    both = draw_masks(["a", "b"], 3, 8, settings)
    assert both.shape == (8, 3, 8)
    assert torch.equal(both[4:], draw_masks(["b"], 3, 8, settings))
    assert not torch.equal(both[:4], both[4:])
    assert not torch.equal(both[4:], draw_masks(["b"], 3, 8, McDropout(p=0.5, passes=4, seed=2)))
    assert set(both.flatten().tolist()) == {0.0, 2.0}


@pytest.mark.parametrize("heads", ["decoder", "tags", "both"])
def test_monte_carlo_means_are_distributions(heads: Heads) -> None:
    network, batch = tiny_network(), batch_of(POSTS)
    for sampling in (McDropout(passes=0), McDropout(p=0.2), McDropout(p=0.2, encoder_layers=1)):
        means = means_of(network, batch, sampling, heads)
        for sums in (means.symbols.sum(-1).flatten(), means.regions.sum(-1).flatten()):
            assert sums.tolist() == pytest.approx([1.0] * len(sums), abs=1e-5)


@pytest.mark.parametrize("layers", [0, 1])
def test_passes_leave_out_only_steps_that_are_not_needed(layers: int) -> None:
    network, batch = tiny_network(), batch_of(POSTS)
    encoded, sampling = network.encode(batch), McDropout(p=0.3, passes=3, encoder_layers=layers)
    decoded = decode_greedily(network, encoded)
    decoded = replace(decoded, symbols=np.where(np.arange(4)[:, None] == 2, END, decoded.symbols))
    steps = (decoded.symbols != END).sum(1)
    assert steps.tolist() == [4, 8, 0, 8]
    ran = run_passes(network, batch, encoded, decoded, KEYS, sampling)
    assert sorted(post for passes in ran for post in passes.posts) == steps.nonzero()[0].tolist()
    assert [passes.by_decoder.shape[1] for passes in ran] == [int(steps[passes.posts].max()) for passes in ran]
    assert all(4 * steps[passes.posts].min() >= 3 * steps[passes.posts].max() for passes in ran)
    means = mean_probabilities(decoded, ran)
    for post, count in enumerate(steps.tolist()):
        alone, only = batch.map(lambda numbers, post=post: numbers[[post]]), encoded.take([post])  # type: ignore[misc]
        padded = replace(
            decoded,
            **{name: getattr(decoded, name)[[post]] for name in decoded.__slots__ if name not in ("heads", "tags")},
        )
        again = mean_probabilities(padded, run_passes(network, alone, only, padded, [KEYS[post]], sampling))
        assert np.allclose(again.symbols[0], means.symbols[post], atol=1e-5)
        assert np.allclose(again.regions[0], means.regions[post], atol=1e-5)
        assert np.array_equal(means.symbols[post, count:], decoded.probabilities[post, count:])
        assert count == 0 or not np.allclose(
            means.symbols[post, :count], decoded.probabilities[post, :count], atol=1e-3
        )


def test_sampling_changes_the_distributions_and_sampling_the_encoder_changes_them_again() -> None:
    network, batch = tiny_network(), batch_of(POSTS)
    plain, without, sampled, encoder = (
        means_of(network, batch, sampling).symbols
        for sampling in (
            McDropout(passes=0),
            McDropout(p=0.0, passes=3),
            McDropout(p=0.2),
            McDropout(p=0.2, encoder_layers=2),
        )
    )
    assert np.array_equal(plain, without)
    assert not np.allclose(plain, sampled, atol=1e-3)
    assert not np.allclose(sampled, encoder, atol=1e-3)


def test_sampling_more_layers_than_there_are_samples_all_of_them() -> None:
    # Three layers: four and six must not be taken for the last layer or for none (-1 counts from the end).
    network, batch = tiny_network(config=replace(TINY, encoder_layers=3)), batch_of(POSTS)

    def states_sampled(layers: int) -> set[int]:
        starts: set[int] = set()
        upper = network.encoder.upper

        def noted(
            x: torch.Tensor, batch: Batch[torch.Tensor], start: int, masks: torch.Tensor | None = None
        ) -> torch.Tensor:
            if masks is not None:
                starts.add(start)
            return upper(x, batch, start, masks)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(network.encoder, "upper", noted)
            sampling = McDropout(p=0.2, passes=2, encoder_layers=layers)
            means_of(network, batch, sampling)
        return starts

    assert [states_sampled(layers) for layers in (1, 3, 4, 6)] == [{2}, {0}, {0}, {0}]
