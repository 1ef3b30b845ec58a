"""Padding is not computed: layers see the real rows of a batch alone, and give what they give for each post alone."""

import pytest
import torch
from torch import Tensor, nn

from tests.tiny import tiny_network, tiny_tokenizer
from unco.small_model.batch import Batch, EncodedPost, encode_post, make_batch
from unco.small_model.decoding.greedy import decode_greedily
from unco.small_model.model_input import ModelInput
from unco.small_model.network.model import Network
from unco.small_model.network.real_rows import ALL_REAL, RealRows, groups_of

POSTS = [ModelInput(tuple(text.split())) for text in ("Ann", "Blue Owls win the cup again", "x y z")]


def batch_of(posts: list[ModelInput]) -> Batch:
    tokenizer = tiny_tokenizer()
    return make_batch([encode_post(post, tokenizer) for post in posts], tokenizer)


def rows_computed(network: Network, layer: nn.Module, batch: Batch) -> list[int]:
    """Count the rows that the feed-forward part of a layer is given, at each call."""
    seen = list[int]()
    part = layer.get_submodule("feed_forward")
    hook = part.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape[:-1].numel()))
    decode_greedily(network, network.encode(batch))
    hook.remove()
    return seen


def test_rows_are_packed_and_put_back() -> None:
    real = RealRows.of(torch.tensor([[True, False], [True, True]]))
    x = torch.arange(8.0).view(2, 2, 2)
    assert real.pack(x).tolist() == [[0, 1], [4, 5], [6, 7]]
    assert real.spread(real.pack(x)).tolist() == [[[0, 1], [0, 1]], [[4, 5], [6, 7]]], "padding is a real row again"


def test_nothing_is_packed_where_nothing_is_padding() -> None:
    real, x = RealRows.of(torch.ones(2, 3, dtype=torch.bool)), torch.rand(2, 3, 4)
    assert real is ALL_REAL
    assert real.pack(x) is x
    assert real.spread(x) is x


def test_gradients_pass_through_the_rows_that_are_real() -> None:
    real = RealRows.of(torch.tensor([[True, False]]))
    x = torch.ones(1, 2, 1, requires_grad=True)
    real.spread(2 * real.pack(x))[:, 0].sum().backward()  # type: ignore[no-untyped-call]
    assert isinstance(x.grad, Tensor)
    assert x.grad.flatten().tolist() == [2.0, 0.0]


def test_the_encoder_computes_no_padding() -> None:
    network, batch = tiny_network(), batch_of(POSTS)
    assert rows_computed(network, network.encoder.layers[0], batch) == [int(batch.piece_mask.sum())]
    assert batch.piece_mask.size > batch.piece_mask.sum()


def test_the_decoder_computes_no_step_after_the_end() -> None:
    network, batch = tiny_network(), batch_of(POSTS)
    first_passes = [rows_computed(network, network.decoder.layers[0], batch_of([post]))[0] for post in POSTS]
    assert len(set(first_passes)) > 1, "the posts' drafts should differ in length"
    assert rows_computed(network, network.decoder.layers[0], batch)[0] == sum(first_passes)


def test_padding_adds_nothing_to_gradients() -> None:
    posts = [encode_post(post, tiny_tokenizer()) for post in POSTS]

    def gradients(network: Network, *batches: list[EncodedPost]) -> list[Tensor]:
        network.requires_grad_(True).zero_grad()
        for batch in batches:
            encoded = network.encoder(network.tensors(make_batch(batch, tiny_tokenizer())))
            sum(
                states[: len(post.words)].square().sum() for states, post in zip(encoded, batch, strict=True)
            ).backward()
        return [one.grad.clone() for one in network.encoder.parameters() if one.grad is not None]

    together, alone = gradients(tiny_network(), posts), gradients(tiny_network(), *([post] for post in posts))
    assert len(together) == len(alone) > 10
    assert all(torch.allclose(one, other, rtol=1e-3, atol=1e-3) for one, other in zip(together, alone, strict=True))


def test_posts_attend_in_groups_padded_to_their_own_longest() -> None:
    mask = torch.arange(40) < torch.tensor([3] * 7 + [5] + [40, 2])[:, None]
    first, second = groups_of(mask, RealRows.of(mask))
    assert (first.mask.shape, second.mask.shape) == ((8, 1, 1, 5), (2, 1, 1, 40))
    assert (first.rows, second.rows) == (26, 42)
    (whole,) = groups_of(mask[:2, :3], RealRows.of(mask[:2, :3]))
    assert (whole.real, whole.rows) == (ALL_REAL, 2), "posts of one length are not packed"


@pytest.mark.parametrize("lengths", [(1, 2, 3, 4, 5, 6, 7, 8, 9, 30), (30, 1, 1, 9, 2, 2, 2, 2, 2, 2, 2), (4,) * 12])
def test_states_are_those_of_each_post_alone(lengths: tuple[int, ...]) -> None:
    network, posts = tiny_network(), [ModelInput(tuple("ab" * (1 + i % 3) for i in range(n))) for n in lengths]
    together = network.encode(batch_of(posts)).words
    for states, post in zip(together, posts, strict=True):
        alone = network.encode(batch_of([post])).words[0]
        assert torch.allclose(states[: len(alone)], alone, atol=1e-5)
