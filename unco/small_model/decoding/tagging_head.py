"""The tagging head: BIO tag probabilities as a distribution over the next symbol, to average with the decoder's.

A linear layer on the encoder tags each word (outside, begin, inside; by type). Read from left to right the tags are a
distribution over the same target language as the decoder's: the next name starts at the next word tagged "begin", goes
on while words are tagged "inside", and has the type of its words. Two heads that were trained together on one encoder
err differently; where they disagree, the average is flat. It costs one matrix product.
"""

from dataclasses import dataclass

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.decoding.arrays import softmax
from unco.small_model.decoding.symbols import END, FIRST_TYPE, REGION, START

TINY = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their logarithms stay finite."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Tag probabilities of B posts, with the cumulative sums that next-symbol probabilities are computed from."""

    counts: Array
    """(B,) words of each post."""
    begin: Array
    """(B, W), that a name begins at a word; 0 beyond the post."""
    inside: Array
    """(B, W + 1), that a word continues the name before it; 0 beyond the post."""
    none_until: Array
    """(B, W + 1), log-probability that no name begins before a word."""
    begin_types: Array
    """(B, W, N), of a name's first word."""
    inside_types: Array
    """(B, W + 1, N), of later words, summed over all words before."""

    def take(self, posts: list[int] | Array) -> "Tags":
        """Select some of the posts, by index."""
        return Tags(*(getattr(self, name)[posts] for name in self.__slots__))


def read_tags(logits: Array, counts: Array) -> Tags:
    """Compute tag probabilities and their cumulative sums from logits.

    Args:
        logits: (B, W, 1 + 2 N): outside, then begin and inside of each type.
        counts: (B,) words of each post.
    """
    real = np.arange(logits.shape[1]) < counts[:, None]  # (B, W)
    tags = softmax(logits) * real[..., None]
    begin_types, inside_types = tags[..., 1::2], tags[..., 2::2]
    begin = np.minimum(begin_types.sum(-1), np.float32(1 - TINY))
    nothing = np.zeros((len(begin), 1), begin.dtype)
    return Tags(
        counts=counts,
        begin=begin,
        inside=np.concatenate([np.minimum(inside_types.sum(-1), 1.0), nothing], 1),
        none_until=np.concatenate([nothing, np.log1p(-begin).cumsum(1)], 1),
        begin_types=begin_types,
        inside_types=np.concatenate([np.zeros_like(inside_types[:, :1]), inside_types.cumsum(1)], 1),
    )


def tag_probabilities(tags: Tags, previous: Array, first_word: Array, last_word: Array) -> Array:
    """Compute the probabilities of the next symbol from the tags.

    Args:
        tags: of B posts.
        previous: the symbol just consumed, BEGIN at first, (B, L).
        first_word: first word of the newest name, -1 before there is one, (B, L).
        last_word: last word pointed at so far, -1 before the first, (B, L).

    Returns:
        (B, L, 3 + N + W); rows sum to 1.
    """
    types, width = tags.begin_types.shape[-1], tags.begin.shape[1]
    after = last_word + 1
    skipped = _at(tags.none_until, after)  # (B, L)
    none_left = np.where(previous == END, 1.0, np.exp(tags.none_until[:, -1:] - skipped))  # the end is the end
    word = np.arange(width)
    free = (word >= after[..., None]) & (word < tags.counts[:, None, None])  # (B, L, W)
    passed_over = np.where(free, tags.none_until[:, None, :-1] - skipped[..., None], 0.0)  # else exp overflows
    starts = np.maximum(tags.begin[:, None] * np.exp(passed_over), TINY) * free
    starts = starts / np.maximum(starts.sum(-1, keepdims=True), TINY)
    goes_on = _at(tags.inside, after)
    between = (previous < START) | ((previous >= FIRST_TYPE) & (previous < FIRST_TYPE + types))
    inside = previous >= FIRST_TYPE + types
    specials = np.stack([between * none_left, between * (1.0 - none_left), inside * (1.0 - goes_on)], -1)
    type_columns = label_probabilities(tags, first_word, last_word) * (previous == REGION)[..., None]
    next_word = (word == after[..., None]) * goes_on[..., None] * inside[..., None]
    pointers = starts * (previous == START)[..., None] + next_word
    return np.concatenate([specials, type_columns, pointers], -1)


def label_probabilities(tags: Tags, first_word: Array, last_word: Array) -> Array:
    """Compute the distribution over the labels of names: a first word's "begin" plus its later words' "inside".

    Args:
        tags: of B posts.
        first_word: (B, L), -1 = none.
        last_word: (B, L), of the same names.

    Returns:
        (B, L, N); rows sum to 1.
    """
    first, last = np.maximum(first_word, 0), np.maximum(last_word, 0)
    total: Array = _at(tags.begin_types, first) + _at(tags.inside_types, last + 1) - _at(tags.inside_types, first + 1)
    total = np.maximum(total, TINY)
    total /= total.sum(-1, keepdims=True)
    return total


def _at(table: Array, places: Array) -> Array:
    """Pick rows of (B, S, ..) at indices (B, L): (B, L, ..)."""
    return table[np.arange(len(table))[:, None], places]
