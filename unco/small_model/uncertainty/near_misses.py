"""Near misses: spans that both heads nearly said, of words that no entity has.

The tagging head proposes: the chance that a name begins at a word, goes on over the next ones, and ends. The decoder is
then made to say each proposal where it would have stood, after the entities before it; one pass reads all proposals of
a batch. A near miss's chance is the mean of both heads at each step, multiplied over its steps, as when they decode.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from unco.small_model.batch import Array, padded
from unco.small_model.config import Scheme
from unco.small_model.decoding.greedy import Decoded, mixed, read_distributions
from unco.small_model.decoding.states import EncoderStates, Runtime
from unco.small_model.decoding.symbols import (
    END,
    FIRST_TYPE,
    REGION,
    START,
    DecodedEntity,
    decode_symbols,
    encode_entities,
    pointer,
    previous_symbols,
    shift,
)
from unco.small_model.decoding.tagging_head import Tags
from unco.small_model.uncertainty.scheme_types import fold_types
from unco.types import Span

MOST = 5
"""Near misses of a post that are given."""

LONGEST = 6
"""Words of a near miss."""

LEAST = 1e-3
"""Chance by the tags below which a span is not proposed."""


@dataclass(frozen=True, slots=True)
class PredictedNearMiss:
    """A span that was nearly said."""

    span: Span
    type: str
    """The most probable one, if it is a name."""
    chance: float
    """That both heads together would have said it, in [0, 1]."""

    def moved(self, words: int) -> "PredictedNearMiss":
        """Move it to the right, from a window to its place in the post."""
        return replace(self, span=Span(self.span.start + words, self.span.stop + words))


def find_near_misses(
    network: Runtime, encoded: EncoderStates, decoded: Decoded, scheme: Scheme
) -> list[list[PredictedNearMiss]]:
    """Find the near misses of each post, the likeliest first; they share no word with each other or an entity.

    Args:
        network: in evaluation mode.
        encoded: encoder states of B posts.
        decoded: their decoded symbols.
        scheme: the types that results use.
    """
    labels, tags = len(network.config.labels), network.read_tags(encoded)
    entities = [decode_symbols(symbols, labels) for symbols in decoded.symbols.tolist()]
    proposed = [(row, span) for row, found in enumerate(entities) for span in _proposals(tags, row, found)]
    said: list[list[PredictedNearMiss]] = [[] for _ in entities]
    if proposed:
        chances, types = _say(network, encoded, tags, entities, proposed)
        kinds = fold_types(types, scheme).argmax(-1).tolist()
        for (row, span), chance, kind in zip(proposed, chances, kinds, strict=True):
            said[row].append(PredictedNearMiss(span, scheme.labels[kind].name, chance))
    return [_apart(sorted(found, key=lambda one: -one.chance)) for found in said]


def _proposals(tags: Tags, row: int, entities: Sequence[DecodedEntity]) -> list[Span]:
    """List spans of free words by the tags' chance, the likeliest first; twice as many as are given."""
    count, taken = int(tags.counts[row]), {w for one in entities for w in range(one.span.start, one.span.stop)}
    begin, inside = tags.begin[row].tolist(), tags.inside[row].tolist()
    found: list[tuple[float, Span]] = []
    for start in range(count):
        chance = begin[start]
        for stop in range(start + 1, min(count, start + LONGEST) + 1):
            if stop - 1 in taken or chance < LEAST:
                break
            found.append((chance * (1.0 - inside[stop]), Span(start, stop)))
            chance *= inside[stop]
    return [span for _, span in sorted(found, key=lambda one: (-one[0], one[1].start))[: 2 * MOST]]


def _say(
    network: Runtime,
    encoded: EncoderStates,
    tags: Tags,
    entities: Sequence[Sequence[DecodedEntity]],
    proposed: Sequence[tuple[int, Span]],
) -> tuple[list[float], Array]:
    """Make both heads say each proposal; returns its chance, and the distributions over the labels, (P, N)."""
    labels = len(network.config.labels)
    before = [
        encode_entities([(one.span, one.type_index) for one in entities[row] if one.span.stop <= span.start], labels)
        for row, span in proposed
    ]
    heads = [symbols[:-1] for symbols in before]  # without the end
    own = [[START, *(pointer(word, labels) for word in range(s.start, s.stop)), REGION] for _, s in proposed]
    symbols = padded([[*head, *symbols, END] for head, symbols in zip(heads, own, strict=True)], END)
    posts, history = [row for row, _ in proposed], previous_symbols(shift(symbols), labels)
    said, _ = read_distributions(network, encoded.take(posts), history, tags.take(posts))
    steps = mixed("both", said.by_decoder, said.by_tags)
    chosen = np.take_along_axis(steps, symbols[..., None], -1)[..., 0]
    chances = [
        float(line[len(head) : len(head) + len(name)].prod())
        for line, head, name in zip(chosen, heads, own, strict=True)
    ]
    at_type = [len(head) + len(name) for head, name in zip(heads, own, strict=True)]
    return chances, steps[np.arange(len(posts)), at_type, FIRST_TYPE : FIRST_TYPE + labels]


def _apart(found: Sequence[PredictedNearMiss]) -> list[PredictedNearMiss]:
    """Keep those that share no word with a likelier one."""
    kept: list[PredictedNearMiss] = []
    for one in found:
        if not any(one.span.overlaps(other.span) for other in kept):
            kept.append(one)
    return kept[:MOST]
