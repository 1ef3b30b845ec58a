"""Constrained greedy decoding: only legal symbols, the encoder runs once, and the tagging head drafts what is said.

The decoder checks a whole draft in one pass. Up to the first symbol that it would not have said itself, the draft is
what it says; from there on a new draft is made. So the result is that of decoding step by step, in fewer passes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from unco.small_model.batch import Array, padded
from unco.small_model.config import Heads
from unco.small_model.decoding.arrays import log_sum_exp, softmax
from unco.small_model.decoding.drafts import drafts_of
from unco.small_model.decoding.states import EncoderStates, Past, Runtime
from unco.small_model.decoding.symbols import (
    END,
    PreviousSymbols,
    counted_logits,
    most_probable_legal,
    previous_symbols,
    shift,
)
from unco.small_model.decoding.tagging_head import Tags, tag_probabilities


@dataclass(frozen=True, slots=True)
class Decoded:
    """The greedily decoded sequences of a batch, with the distributions behind them.

    After a post's `<end>` its distributions mean nothing.
    """

    symbols: Array
    """(B, L); a post that has ended goes on with `<end>`."""
    by_decoder: Array
    """(B, L, 3 + N + W), the decoder's probabilities of each step's symbol: of legal ones, or of all with
    `whole_label_set`."""
    by_tags: Array
    """(B, L, 3 + N + W), the tagging head's."""
    regions: Array
    """(B, L, K + 1), probabilities of the regions at each step; the last is "not groundable".

    They are meaningful where the step's input is `<r>`."""
    energies: Array
    """(B, L), minus the log-sum-exp of the logits of `by_decoder`: after `<r>`, of the types, if legal ones count."""
    region_energies: Array
    """(B, L), the same of the regions' logits."""
    tags: Tags
    """Of all B posts."""
    heads: Heads
    """Which heads chose the symbols."""

    @property
    def probabilities(self) -> Array:
        """(B, L, 3 + N + W), what the symbols were chosen by."""
        return self.of(self.heads)

    def of(self, heads: Heads) -> Array:
        """Return the probabilities of each step's symbol by one head, or the mean of both."""
        return mixed(heads, self.by_decoder, self.by_tags)


class Distributions(NamedTuple):
    """What may come at each step, as in `Decoded`."""

    by_decoder: Array
    by_tags: Array
    regions: Array
    energies: Array
    region_energies: Array


@dataclass(frozen=True, slots=True)
class _Pass:
    """What one pass of the decoder gave for some posts, from some step on."""

    posts: list[int]
    start: int
    parts: Distributions


def decode_greedily(network: Runtime, encoded: EncoderStates, heads: Heads = "decoder") -> Decoded:
    """Decode the most probable legal symbol at each step, until every post has ended.

    Pointers only move to the right, so a post of W words ends within 4 W + 1 steps; NaNs are cut off there.

    Args:
        network: in evaluation mode.
        encoded: encoder states of B posts.
        heads: which heads choose the symbols.
    """
    all_tags = tags = network.read_tags(encoded)
    # A tagging head that was not trained would draft noise: then a draft is the next symbol alone.
    drafts = drafts_of(tags) if network.config.bio_loss else None
    most = 4 * int(encoded.counts.max()) + 1
    said: list[list[int]] = [[] for _ in range(len(encoded.counts))]
    past: Past | None = None
    posts, passes = list(range(len(said))), list[_Pass]()
    while posts:
        known = min(len(said[post]) for post in posts)
        past = past and tuple((keys[:, :, :known], values[:, :, :known]) for keys, values in past)
        drafted = [drafts.go_on(post, said[post]) if drafts else [*said[post], END] for post in posts]
        history = _history(drafted, known, len(network.config.labels))
        parts, past = read_distributions(network, encoded, history, tags, past)
        passes.append(_Pass(posts, known, parts))
        choices = _choices(network, encoded, history, mixed(heads, parts.by_decoder, parts.by_tags)).tolist()
        for post, draft, chosen in zip(posts, drafted, choices, strict=True):
            said[post] = _corrected(draft, len(said[post]), chosen[len(said[post]) - known :])
        left = [row for row, post in enumerate(posts) if said[post][-1] != END and len(said[post]) < most]
        if 0 < len(left) < len(posts):
            encoded, tags = encoded.take(left), tags.take(left)
            past = tuple((keys[left], values[left]) for keys, values in past)
        posts = [posts[row] for row in left]
    return _joined(said, passes, all_tags, heads)


def mixed(heads: Heads, by_decoder: Array, by_tags: Array) -> Array:
    """Return the distributions of one head, or the mean of both."""
    return by_decoder if heads == "decoder" else by_tags if heads == "tags" else (by_decoder + by_tags) / 2


def _choices(network: Runtime, encoded: EncoderStates, history: PreviousSymbols, probabilities: Array) -> Array:
    """Choose the most probable legal symbol of each step: (B, L, 3 + N + W) -> (B, L)."""
    if network.config.whole_label_set:
        return most_probable_legal(probabilities, history, encoded.counts, len(network.config.labels))
    chosen: Array = probabilities.argmax(-1)  # the others have none
    return chosen


def _history(drafted: Sequence[list[int]], known: int, labels: int) -> PreviousSymbols:
    """Summarise what comes before each symbol of the drafts, from step `known` on."""
    history = previous_symbols(shift(padded(drafted, END)), labels)
    return PreviousSymbols(*(part[:, known:] for part in history))


def read_distributions(
    network: Runtime, encoded: EncoderStates, history: PreviousSymbols, tags: Tags, past: Past | None = None
) -> tuple[Distributions, Past]:
    """Compute what may come at each step, after these symbols, and the keys and values to go on from."""
    steps = network.read_steps(history.previous, encoded, past)
    labels, whole = len(network.config.labels), network.config.whole_label_set
    logits = counted_logits(steps.symbols, history, encoded.counts, labels, whole)
    by_tags, energies = tag_probabilities(tags, *history), -log_sum_exp(logits)
    return Distributions(softmax(logits), by_tags, steps.regions, energies, steps.region_energies), steps.past


def _corrected(draft: list[int], known: int, choices: Sequence[int]) -> list[int]:
    """Keep a draft up to the first symbol, from step `known` on, that was chosen otherwise; the choice replaces it."""
    for step, choice in zip(range(known, len(draft)), choices, strict=False):
        if draft[step] != choice:
            return [*draft[:step], choice]
    return draft


def _joined(said: Sequence[list[int]], passes: Sequence[_Pass], tags: Tags, heads: Heads) -> Decoded:
    """Put together what the passes gave; where two gave the same step, the later one had the right symbols before."""
    symbols = padded(said, END)
    longest = symbols.shape[1]
    joined = Distributions(*(np.zeros((len(said), longest, *part.shape[2:]), part.dtype) for part in passes[0].parts))
    joined.by_decoder[..., END] = joined.by_tags[..., END] = joined.regions[..., -1] = 1.0
    for one in passes:
        for whole, part in zip(joined, one.parts, strict=True):
            steps = min(longest - one.start, part.shape[1])
            whole[one.posts, one.start : one.start + steps] = part[:, :steps]
    return Decoded(symbols, *joined, tags, heads)
