"""Losses by hand, and that caching, batching and Monte Carlo passes change nothing that they should not."""

from math import log
from random import Random

import pytest
import torch

from tests.tiny import TINY, gold_post, tiny_network, tiny_predictor, tiny_tokenizer
from unco.small_model.batch import encode_post, make_batch
from unco.small_model.config import McDropout
from unco.small_model.decoding import decode_greedily
from unco.small_model.mc_dropout import draw_masks, mean_probabilities
from unco.small_model.network import Network, region_loss, shift, token_loss
from unco.small_model.predictor import ModelInput
from unco.small_model.regions import Region
from unco.small_model.symbols import END, REGION, last_words
from unco.small_model.training_data import Collator, region_target
from unco.types import Box

REGIONS = (Region(Box(0, 0, 50, 50), "person"), Region(Box(20, 60, 90, 80), "text", "blue owls"))
POSTS = [
    ModelInput(("Ann", "Lee", "plays")),
    ModelInput(("Go", "Blue", "Owls", "and", "win", "the", "cup"), REGIONS, (100, 100)),
    ModelInput(("x",), REGIONS[:1], (60, 60)),
    ModelInput(tuple("a b c d e f g h i j".split())),
]


def test_token_loss_by_hand() -> None:
    log_probs = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.8, 0.1], [1 / 3, 1 / 3, 1 / 3]]]))
    symbols = torch.tensor([[0, 1, -100]])
    assert float(token_loss(log_probs, symbols)) == pytest.approx(-(log(0.5) + log(0.8)) / 2, abs=1e-6)
    spread = -(log(0.5) + 2 * log(0.25)) / 3
    smoothed = token_loss(log_probs[:, :1], symbols[:, :1], smoothing=0.1)
    assert float(smoothed) == pytest.approx(0.9 * -log(0.5) + 0.1 * spread, abs=1e-6)


def test_region_loss_is_the_kl_divergence() -> None:
    logits = torch.log(torch.tensor([[[0.5, 0.3, 0.2], [0.2, 0.2, 0.6]]]))
    target = torch.tensor([[[0.6, 0.4, 0.0], [0.0, 0.0, 0.0]]])
    expected = 0.6 * log(0.6 / 0.5) + 0.4 * log(0.4 / 0.3)
    assert float(region_loss(logits, target)) == pytest.approx(expected, abs=1e-6)
    assert float(region_loss(logits, torch.zeros_like(target))) == 0.0


def test_region_loss_of_padded_slots_has_finite_gradients() -> None:
    logits = torch.tensor([[[0.3, -torch.inf, 0.1]]], requires_grad=True)
    region_loss(logits, torch.tensor([[[1.0, 0.0, 0.0]]])).backward()
    assert logits.grad is not None
    assert torch.isfinite(logits.grad).all()


def test_region_targets_by_hand() -> None:
    gold = [Box(0, 0, 10, 10)]
    exact, half, above = Box(0, 0, 10, 10), Box(0, 0, 10, 5), Box(0, 0, 10, 8)
    assert region_target([exact, above], gold) == pytest.approx([1 / 1.8, 0.8 / 1.8, 0.0])
    assert region_target([half], gold) == [0.0, 1.0]  # an IoU of exactly 0.5 does not cover
    assert region_target([exact], []) == [0.0, 1.0]
    assert region_target([exact], [Box(50, 50, 60, 60), *gold]) == [1.0, 0.0]  # any of several gold boxes


def test_targets_of_a_post() -> None:
    collator = Collator(tiny_tokenizer(), ("PER", "ORG"), ("Blue Owls", "Ann Lee"))
    batch, targets = collator.build([gold_post()] * 8, Random(3))
    symbols = targets.symbols[0].tolist()
    assert symbols[-1] == END
    read_at = [step + 1 for step, symbol in enumerate(symbols) if symbol == REGION]
    shown = [row for row in range(8) if bool(batch.region_mask[row].any())]
    hidden = [row for row in range(8) if row not in shown]
    assert shown
    for row in shown:
        assert targets.regions[row].sum(-1).nonzero().flatten().tolist() == read_at
        assert targets.regions[row, read_at].sum(-1).tolist() == pytest.approx([1.0, 1.0])
        assert targets.regions[row, read_at[1], -1] == 1.0  # the Blue Owls are not in the picture
    assert float(targets.regions[hidden].sum()) == 0.0
    assert targets.tags[0].tolist() == [1, 2, 0, 0, 0, 3, 4, 0]


def test_training_lowers_the_loss() -> None:
    torch.manual_seed(0)
    network = Network(TINY).train()
    collator = Collator(tiny_tokenizer(), ("PER", "ORG"), ("Blue Owls", "Ann Lee"))
    batch, targets = collator.build([gold_post()] * 4, Random(0))
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = network.loss(batch, targets)["loss"]
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.5 * losses[0]


def test_cached_decoding_says_what_teacher_forcing_says() -> None:
    network, tokenizer = tiny_network(), tiny_tokenizer()
    posts = [encode_post(post.words, post.regions, post.size or (1, 1), tokenizer) for post in POSTS]
    memory = network.encode(make_batch(posts, tokenizer))
    decoded = decode_greedily(network, memory)
    previous = shift(decoded.symbols)
    x, _ = network.decoder(previous, memory)
    forced = network.step_log_probs(x, previous, last_words(previous, 2), memory).argmax(-1)
    assert forced.tolist() == decoded.symbols.tolist()
    assert (decoded.symbols == END).any(dim=1).all()
    assert decoded.symbols.shape[1] > 4, "the random network should say something"


@pytest.mark.parametrize(("passes", "encoder_layers"), [(0, 0), (10, 0), (10, 1), (10, 2)])
def test_a_post_is_the_same_alone_in_any_batch_and_any_order(passes: int, encoder_layers: int) -> None:
    predictor = tiny_predictor().with_mc(McDropout(p=0.2, passes=passes, encoder_layers=encoder_layers))
    together = predictor.predict(POSTS)
    backwards = predictor.predict(POSTS[::-1])[::-1]
    alone = [predictor.predict([post])[0] for post in POSTS]
    assert any(together)
    for a, b, c in zip(together, backwards, alone, strict=True):
        for others in (b, c):
            assert [(e.span, e.type, e.region) for e in a] == [(e.span, e.type, e.region) for e in others]
            for mine, theirs in zip(a, others, strict=True):
                values = (theirs.nats.span, theirs.nats.type, theirs.nats.region)
                assert (mine.nats.span, mine.nats.type, mine.nats.region) == pytest.approx(values, abs=1e-5)


def test_masks_depend_on_the_post_and_the_seed_only() -> None:
    settings = McDropout(p=0.5, passes=4, seed=1)
    both = draw_masks(["a", "b"], 3, 8, settings)
    assert both.shape == (8, 3, 8)
    assert torch.equal(both[4:], draw_masks(["b"], 3, 8, settings))
    assert not torch.equal(both[:4], both[4:])
    assert not torch.equal(both[4:], draw_masks(["b"], 3, 8, McDropout(p=0.5, passes=4, seed=2)))
    assert set(both.unique().tolist()) == {0.0, 2.0}


def test_monte_carlo_means_are_distributions_and_differ_from_the_deterministic_ones() -> None:
    network, tokenizer = tiny_network(), tiny_tokenizer()
    posts = [encode_post(post.words, post.regions, post.size or (1, 1), tokenizer) for post in POSTS]
    batch = make_batch(posts, tokenizer)
    memory = network.encode(batch)
    symbols = decode_greedily(network, memory).symbols
    keys = ["a", "b", "c", "d"]
    plain = mean_probabilities(network, batch, memory, symbols, keys, McDropout(passes=0))
    sampled = mean_probabilities(network, batch, memory, symbols, keys, McDropout(p=0.2, passes=10))
    for means in (plain, sampled):
        assert means.symbols.sum(-1).flatten().tolist() == pytest.approx([1.0] * symbols.numel(), abs=1e-5)
        assert means.regions.sum(-1).flatten().tolist() == pytest.approx([1.0] * symbols.numel(), abs=1e-5)
    assert not torch.allclose(plain.symbols, sampled.symbols, atol=1e-3)
    one_pass_without_dropout = mean_probabilities(network, batch, memory, symbols, keys, McDropout(p=0.0, passes=3))
    assert torch.equal(plain.symbols, one_pass_without_dropout.symbols)
    with_encoder = mean_probabilities(network, batch, memory, symbols, keys, McDropout(p=0.2, encoder_layers=2))
    assert not torch.allclose(with_encoder.symbols, sampled.symbols, atol=1e-3)


def test_without_a_picture_nothing_is_groundable_and_that_is_certain() -> None:
    entities = [entity for post in tiny_predictor().predict([POSTS[0], POSTS[3]]) for entity in post]
    assert entities
    assert all(entity.region is None and entity.nats.region == 0.0 for entity in entities)
