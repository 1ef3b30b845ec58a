"""Constrained greedy decoding: only legal symbols, the encoder runs once, keys and values are cached between steps."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unco.small_model.network.config import Heads
from unco.small_model.network.decoder import EncoderStates, Past
from unco.small_model.network.model import Network
from unco.small_model.network.symbols import BEGIN, END, FIRST_TYPE, START, PreviousSymbols


@dataclass(frozen=True, slots=True)
class Decoded:
    """The greedily decoded sequences of a batch, with the distributions behind them."""

    symbols: Tensor
    """(B, L); a post that has ended goes on with `<end>`."""
    probabilities: Tensor
    """(B, L, 3 + N + W), of each step's symbol."""
    regions: Tensor
    """(B, L, K + 1), probabilities of the regions at each step; the last is "not groundable".

    They are meaningful where the step's input is `<r>`."""
    states: Tensor
    """(B, L, d), the decoder's hidden states."""
    heads: Heads
    """Which heads chose the symbols."""


@torch.inference_mode()
def decode_greedily(network: Network, encoded: EncoderStates, heads: Heads = "decoder") -> Decoded:
    """Decode the most probable legal symbol at each step, until every post has ended.

    Pointers only move to the right, so a post of W words ends within 4 W + 1 steps.

    Args:
        network: in evaluation mode.
        encoded: encoder states of B posts.
        heads: which heads choose the symbols.
    """
    tags = None if heads == "decoder" else network.read_tags(encoded)
    first_pointer, device = FIRST_TYPE + len(network.config.labels), encoded.counts.device
    unknown = torch.full((encoded.counts.shape[0], 1), -1, device=device)
    history = PreviousSymbols(torch.full_like(unknown, BEGIN), unknown, unknown)
    past: Past | None = None
    symbols: list[Tensor] = []
    distributions: list[Tensor] = []
    regions: list[Tensor] = []
    states: list[Tensor] = []
    for step in range(4 * int(encoded.counts.max()) + 1):
        x, past = network.decoder(history.previous, encoded, step, past)
        probabilities = network.step_probabilities(x, history, encoded, heads, tags)
        symbol = probabilities.argmax(-1)  # (B, 1)
        symbols.append(symbol)
        states.append(x)
        distributions.append(probabilities)
        regions.append(network.decoder.region_logits(x, encoded).softmax(-1))
        if bool((symbol == END).all()):
            break
        history = _next(history, symbol, first_pointer)
    whole = [torch.cat(steps, dim=1) for steps in (symbols, distributions, regions, states)]
    return Decoded(whole[0], whole[1], whole[2], whole[3], heads)


def _next(history: PreviousSymbols, symbol: Tensor, first_pointer: int) -> PreviousSymbols:
    word, pointed = symbol - first_pointer, symbol >= first_pointer
    begins = pointed & (history.previous == START)
    first_word = torch.where(begins, word, history.first_word)
    return PreviousSymbols(symbol, first_word, torch.where(pointed, word, history.last_word))
