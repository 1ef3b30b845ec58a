"""Averages of distributions over Monte Carlo passes (the sums in Eq. 6)."""

from collections.abc import Sequence
from dataclasses import dataclass

from unco.small_model.batch import Array
from unco.small_model.config import Heads
from unco.small_model.decoding.greedy import Decoded, mixed


@dataclass(frozen=True, slots=True)
class Passes:
    """What G posts of a batch are given by T passes each."""

    posts: list[int]
    """Indices of the posts in the batch."""
    by_decoder: Array
    """(G * T, L, 3 + N + W), the decoder's probabilities, at least of the steps that emit an entity's symbols."""
    by_tags: Array
    """(G * T, L, 3 + N + W), the tagging head's."""
    regions: Array
    """(G * T, L, K + 1)."""


@dataclass(frozen=True, slots=True)
class MeanProbabilities:
    """Probabilities averaged over the passes."""

    symbols: Array
    """(B, L, 3 + types + W)."""
    regions: Array
    """(B, L, K + 1), meaningful where the step's input is `<r>`."""


def mean_probabilities(decoded: Decoded, groups: Sequence[Passes], heads: Heads = "decoder") -> MeanProbabilities:
    """Average the distributions of the passes.

    Args:
        decoded: B posts.
        groups: passes over them; steps that no pass covers keep their probabilities from decoding.
        heads: whose distributions are averaged.
    """
    symbols, regions = decoded.of(heads).copy(), decoded.regions.copy()
    for passes in groups:
        tokens, count = mixed(heads, passes.by_decoder, passes.by_tags), len(passes.posts)
        for whole, part in ((symbols, tokens), (regions, passes.regions)):  # some have no pointers to the last words
            means = part.reshape(count, -1, *part.shape[1:]).mean(1)
            whole[passes.posts, : part.shape[1], : part.shape[2]] = means
    return MeanProbabilities(symbols, regions)
