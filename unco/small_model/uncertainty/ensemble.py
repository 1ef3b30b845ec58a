"""Ensembles: the mean of what several networks say of the symbols that the first one decoded.

As in Lakshminarayanan, Pritzel and Blundell 2017, for networks that were trained with different seeds.
"""

from collections.abc import Sequence

import numpy as np

from unco.small_model.batch import Array, Batch
from unco.small_model.decoding.greedy import Decoded, Distributions, read_distributions
from unco.small_model.decoding.states import Runtime
from unco.small_model.decoding.symbols import PreviousSymbols, previous_symbols, shift
from unco.small_model.uncertainty.mean_probabilities import Passes


def ensemble_passes(others: Sequence[Runtime], batch: Batch, decoded: Decoded) -> Passes:
    """Let networks say what may come at each step, beside the one that decoded: one pass each.

    Args:
        others: in evaluation mode, with the labels of the one that decoded.
        batch: B posts, which all of them can read.
        decoded: their decoded symbols.
    """
    history = previous_symbols(shift(decoded.symbols), decoded.tags.begin_types.shape[-1])
    said: list[Decoded | Distributions] = [decoded, *(_said_by(network, batch, history) for network in others)]
    return Passes(
        posts=list(range(len(decoded.symbols))),
        by_decoder=_side_by_side([one.by_decoder for one in said]),
        by_tags=_side_by_side([one.by_tags for one in said]),
        regions=_side_by_side([one.regions for one in said]),
    )


def _said_by(network: Runtime, batch: Batch, history: PreviousSymbols) -> Distributions:
    encoded = network.encode(batch)
    return read_distributions(network, encoded, history, network.read_tags(encoded))[0]


def _side_by_side(arrays: Sequence[Array]) -> Array:
    """Put what T networks say of a post in rows next to each other: T of (B, ..) -> (B * T, ..)."""
    together = np.stack(arrays, 1)
    return together.reshape(-1, *together.shape[2:])
