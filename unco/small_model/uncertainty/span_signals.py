"""What both heads say about a span, as twelve numbers that a regression reads (estimator `learned`).

The two heads go wrong in different ways: the decoder's surprisals tell whether it would have started, gone on and ended
otherwise, the tags also how open the words around the span are. How much each counts is learned on dev.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import torch
from torch import Tensor

from unco.small_model.network.decoder import Memory
from unco.small_model.network.decoding import Decoded
from unco.small_model.network.model import Network, shift
from unco.small_model.network.symbols import FIRST_TYPE, DecodedEntity, decode_symbols, hear
from unco.small_model.network.tagging_head import Tags
from unco.small_model.uncertainty.entropy import entropy, surprisal

LEAST = 0.01
"""Nats added before the logarithm is taken."""

SPAN_SIGNALS = 12
"""How many there are."""
Signals = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """What one head says at each step of a post, in nats."""

    said: Sequence[float]
    """Surprisal of the symbol."""
    types: Sequence[float]
    """Entropy over the types."""


@torch.inference_mode()
def span_signals(network: Network, memory: Memory, decoded: Decoded) -> list[list[Signals]]:
    """Signals of each entity, by post, in the order of `decode_symbols`.

    They are logarithms of nats: of both heads, the surprisals of the decision to start, of the pointers together and of
    the decision to end, and the entropy over the network's own types; and the entropies of "begins, continues or
    neither" at the first word, the word before, the word after, and the largest of the span and these two.

    Args:
        network: in evaluation mode.
        memory: of B posts.
        decoded: what they say.
    """
    labels, tags = len(network.config.labels), network.read_tags(memory)
    heard = hear(shift(decoded.symbols), labels)
    heads = []
    for name in ("decoder", "tags"):
        tokens = network.step_probabilities(decoded.states, heard, memory, name, tags)
        types = entropy(tokens[..., FIRST_TYPE : FIRST_TYPE + labels])
        heads.append((surprisal(tokens, decoded.symbols).tolist(), types.tolist()))
    words = _word_entropies(tags).tolist()
    return [
        [
            _signals(entity, [_Head(said[row], types[row]) for said, types in heads], words[row])
            for entity in decode_symbols(symbols, labels)
        ]
        for row, symbols in enumerate(decoded.symbols.tolist())
    ]


def _word_entropies(tags: Tags) -> Tensor:
    """Of "begins, continues or neither", with a zero before the first word and after the last. (B, W + 2)."""
    begin, inside = tags.begin, tags.inside[:, :-1]
    chances = torch.stack([begin, inside, (1.0 - begin - inside).clamp(min=0.0)], -1)
    return torch.nn.functional.pad(entropy(chances), (1, 1))


def _signals(entity: DecodedEntity, heads: Sequence[_Head], words: Sequence[float]) -> Signals:
    around = words[entity.span.start : entity.span.stop + 2]  # one before to one after: `words` has a zero in front
    steps = [
        value
        for head in heads
        for value in (
            head.said[entity.start_step],
            sum(head.said[entity.start_step + 1 : entity.end_step]),
            head.said[entity.end_step],
            head.types[entity.type_step],
        )
    ]
    return tuple(log(value + LEAST) for value in (*steps, around[1], around[0], around[-1], max(around)))
