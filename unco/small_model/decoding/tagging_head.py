"""The tagging head: BIO tag probabilities as a distribution over the next symbol, to average with the decoder's.

A linear layer on the encoder tags each word (outside, begin, inside; by type). Read from left to right the tags are a
distribution over the same target language as the decoder's: the next name starts at the next word tagged "begin", goes
on while words are tagged "inside", and has the type of its words. Two heads that were trained together on one encoder
err differently; where they disagree, the average is flat. It costs one matrix product.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from unco.small_model.decoding.symbols import END, FIRST_TYPE, REGION, START

TINY = 1e-6
"""Probabilities are kept this far from 0 and 1, so that their logarithms stay finite."""


@dataclass(frozen=True, slots=True)
class Tags:
    """Tag probabilities of B posts, with the cumulative sums that next-symbol probabilities are computed from."""

    counts: Tensor
    """(B,) words of each post."""
    begin: Tensor
    """(B, W), that a name begins at a word; 0 beyond the post."""
    inside: Tensor
    """(B, W + 1), that a word continues the name before it; 0 beyond the post."""
    none_until: Tensor
    """(B, W + 1), log-probability that no name begins before a word."""
    begin_types: Tensor
    """(B, W, N), of a name's first word."""
    inside_types: Tensor
    """(B, W + 1, N), of later words, summed over all words before."""


def read_tags(logits: Tensor, counts: Tensor) -> Tags:
    """Compute tag probabilities and their cumulative sums from logits.

    Args:
        logits: (B, W, 1 + 2 N): outside, then begin and inside of each type.
        counts: (B,) words of each post.
    """
    real = torch.arange(logits.shape[1], device=logits.device) < counts.unsqueeze(1)  # (B, W)
    tags = logits.softmax(-1) * real.unsqueeze(-1)
    begin_types, inside_types = tags[..., 1::2], tags[..., 2::2]
    begin = begin_types.sum(-1).clamp(max=1 - TINY)
    nothing = begin.new_zeros(len(begin), 1)
    return Tags(
        counts=counts,
        begin=begin,
        inside=torch.cat([inside_types.sum(-1).clamp(max=1.0), nothing], 1),
        none_until=torch.cat([nothing, torch.log1p(-begin).cumsum(1)], 1),
        begin_types=begin_types,
        inside_types=torch.cat([torch.zeros_like(inside_types[:, :1]), inside_types.cumsum(1)], 1),
    )


def tag_probabilities(tags: Tags, previous: Tensor, first_word: Tensor, last_word: Tensor) -> Tensor:
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
    none_left = (tags.none_until[:, -1:] - skipped).exp().masked_fill(previous == END, 1.0)  # the end is the end
    word = torch.arange(width, device=previous.device)
    free = (word >= after.unsqueeze(-1)) & (word < tags.counts[:, None, None])  # (B, L, W)
    passed_over = (tags.none_until[:, None, :-1] - skipped.unsqueeze(-1)).masked_fill(~free, 0.0)  # else exp overflows
    starts = (tags.begin.unsqueeze(1) * passed_over.exp()).clamp(min=TINY) * free
    starts = starts / starts.sum(-1, keepdim=True).clamp(min=TINY)
    goes_on = _at(tags.inside, after)
    between = (previous < START) | ((previous >= FIRST_TYPE) & (previous < FIRST_TYPE + types))
    inside = previous >= FIRST_TYPE + types
    specials = torch.stack([between * none_left, between * (1.0 - none_left), inside * (1.0 - goes_on)], -1)
    type_columns = label_probabilities(tags, first_word, last_word) * (previous == REGION).unsqueeze(-1)
    next_word = (word == after.unsqueeze(-1)) * goes_on.unsqueeze(-1) * inside.unsqueeze(-1)
    pointers = starts * (previous == START).unsqueeze(-1) + next_word
    return torch.cat([specials, type_columns, pointers], -1)


def label_probabilities(tags: Tags, first_word: Tensor, last_word: Tensor) -> Tensor:
    """Compute the distribution over the labels of names: a first word's "begin" plus its later words' "inside".

    Args:
        tags: of B posts.
        first_word: (B, L), -1 = none.
        last_word: (B, L), of the same names.

    Returns:
        (B, L, N); rows sum to 1.
    """
    first, last = first_word.clamp(min=0), last_word.clamp(min=0)
    total = _at(tags.begin_types, first) + _at(tags.inside_types, last + 1) - _at(tags.inside_types, first + 1)
    total = total.clamp(min=TINY)
    return total / total.sum(-1, keepdim=True)


def _at(table: Tensor, places: Tensor) -> Tensor:
    """Pick rows of (B, S, ..) at indices (B, L): (B, L, ..)."""
    rows = torch.arange(len(table), device=table.device).unsqueeze(1)
    return table[rows, places]
