"""Constrained greedy decoding with cached keys and values: only legal symbols, encoder once, one new step at a time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from unco.small_model.decoder import Memory, Past
from unco.small_model.network import Network
from unco.small_model.symbols import BEGIN, END, FIRST_TYPE


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the network says, deterministically."""

    symbols: Tensor
    """(B, L); a post that has ended goes on with `<end>`."""
    regions: Tensor
    """(B, L), the most probable region read from each step's state; meaningful where the step's input is `<r>`.

    K, the number of (padded) candidates, means "not groundable"."""


@torch.inference_mode()
def decode_greedily(network: Network, memory: Memory) -> Decoded:
    """The most probable legal symbol at each step, until every post has ended.

    Pointers only move to the right, so a post of W words ends within 4 W + 1 steps.
    """
    types, device = len(network.config.labels), memory.counts.device
    previous = torch.full((memory.counts.shape[0], 1), BEGIN, device=device)
    last_word = torch.full_like(previous, -1)
    past: Past | None = None
    said: list[Tensor] = []
    pointed_at: list[Tensor] = []
    for step in range(4 * int(memory.counts.max()) + 1):
        x, past = network.decoder(previous, memory, step, past)
        symbol = network.step_log_probs(x, previous, last_word, memory).argmax(-1)  # (B, 1)
        said.append(symbol)
        pointed_at.append(network.decoder.region_logits(x, memory).argmax(-1))
        if bool((symbol == END).all()):
            break
        pointed = symbol - FIRST_TYPE - types
        last_word = torch.where(pointed >= 0, pointed, last_word)
        previous = symbol
    return Decoded(torch.cat(said, dim=1), torch.cat(pointed_at, dim=1))
