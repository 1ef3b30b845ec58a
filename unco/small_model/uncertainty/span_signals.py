"""Twelve features of a span from both heads, for the regression of the estimator `learned`.

The two heads err differently: the decoder's surprisals measure how nearly it would have started, continued or ended the
span otherwise; the tags also measure how ambiguous the words around it are. The weights are fitted on dev.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.decoding.greedy import Decoded
from unco.small_model.decoding.symbols import FIRST_TYPE, DecodedEntity, decode_symbols
from unco.small_model.decoding.tagging_head import Tags
from unco.small_model.uncertainty.entropy import entropy, surprisal

NATS_OFFSET = 0.01
"""Nats added before the logarithm is taken."""

SPAN_SIGNALS = 12
"""Number of features of a span."""
Signals = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """Uncertainties of one head at each step of a post, in nats."""

    surprisals: Sequence[float]
    """Of the symbol."""
    type_entropies: Sequence[float]
    """Over the types."""


def span_signals(decoded: Decoded) -> list[list[Signals]]:
    """Compute the features of each entity's span, by post, in the order of `decode_symbols`.

    They are logarithms of nats: of both heads, the surprisals of the decision to start, of the pointers together and of
    the decision to end, and the entropy over the network's own types; and the entropies of "begins, continues or
    neither" at the first word, the word before, the word after, and the largest of the span and these two.
    """
    labels = decoded.tags.begin_types.shape[-1]
    heads = []
    for tokens in (decoded.by_decoder, decoded.by_tags):
        types = entropy(tokens[..., FIRST_TYPE : FIRST_TYPE + labels])
        heads.append((surprisal(tokens, decoded.symbols).tolist(), types.tolist()))
    words = _word_entropies(decoded.tags).tolist()
    return [
        [
            _signals(entity, [_Head(surprisals[row], types[row]) for surprisals, types in heads], words[row])
            for entity in decode_symbols(symbols, labels)
        ]
        for row, symbols in enumerate(decoded.symbols.tolist())
    ]


def _word_entropies(tags: Tags) -> Array:
    """Compute each word's entropy of "begins, continues or neither", with a zero at both ends. (B, W + 2)."""
    begin, inside = tags.begin, tags.inside[:, :-1]
    return np.pad(entropy(np.stack([begin, inside, np.maximum(1.0 - begin - inside, 0.0)], -1)), ((0, 0), (1, 1)))


def _signals(entity: DecodedEntity, heads: Sequence[_Head], words: Sequence[float]) -> Signals:
    around = words[entity.span.start : entity.span.stop + 2]  # one before to one after: `words` has a zero in front
    steps = [
        value
        for head in heads
        for value in (
            head.surprisals[entity.start_step],
            sum(head.surprisals[entity.start_step + 1 : entity.end_step]),
            head.surprisals[entity.end_step],
            head.type_entropies[entity.type_step],
        )
    ]
    return tuple(log(value + NATS_OFFSET) for value in (*steps, around[1], around[0], around[-1], max(around)))
