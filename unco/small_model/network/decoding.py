"""Constrained greedy decoding with cached keys and values: only legal symbols, encoder once, one new step at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unco.small_model.network.config import Heads
from unco.small_model.network.decoder import Memory, Past
from unco.small_model.network.model import Network
from unco.small_model.network.symbols import BEGIN, END, FIRST_TYPE, START, Heard


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the network says, deterministically."""

    symbols: Tensor
    """(B, L); a post that has ended goes on with `<end>`."""
    probabilities: Tensor
    """(B, L, 3 + N + W), of each step's symbol."""
    regions: Tensor
    """(B, L, K + 1), probabilities of the regions read from each step's state; the last is "not groundable".

    They mean something where the step's input is `<r>`."""
    states: Tensor
    """(B, L, d), the decoder's states that said it."""
    heads: Heads
    """Who was asked."""


@torch.inference_mode()
def decode_greedily(network: Network, memory: Memory, heads: Heads = "decoder") -> Decoded:
    """The most probable legal symbol at each step, until every post has ended.

    Pointers only move to the right, so a post of W words ends within 4 W + 1 steps.

    Args:
        network: in evaluation mode.
        memory: of B posts.
        heads: who is asked.
    """
    tags = None if heads == "decoder" else network.read_tags(memory)
    first_pointer, device = FIRST_TYPE + len(network.config.labels), memory.counts.device
    unknown = torch.full((memory.counts.shape[0], 1), -1, device=device)
    heard = Heard(torch.full_like(unknown, BEGIN), unknown, unknown)
    past: Past | None = None
    said: list[Tensor] = []
    symbols: list[Tensor] = []
    regions: list[Tensor] = []
    states: list[Tensor] = []
    for step in range(4 * int(memory.counts.max()) + 1):
        x, past = network.decoder(heard.previous, memory, step, past)
        probabilities = network.step_probabilities(x, heard, memory, heads, tags)
        symbol = probabilities.argmax(-1)  # (B, 1)
        said.append(symbol)
        states.append(x)
        symbols.append(probabilities)
        regions.append(network.decoder.region_logits(x, memory).softmax(-1))
        if bool((symbol == END).all()):
            break
        heard = _next(heard, symbol, first_pointer)
    whole = [torch.cat(steps, dim=1) for steps in (said, symbols, regions, states)]
    return Decoded(whole[0], whole[1], whole[2], whole[3], heads)


def _next(heard: Heard, symbol: Tensor, first_pointer: int) -> Heard:
    word, pointed = symbol - first_pointer, symbol >= first_pointer
    begins = pointed & (heard.previous == START)
    return Heard(symbol, torch.where(begins, word, heard.first_word), torch.where(pointed, word, heard.last_word))
