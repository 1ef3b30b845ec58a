"""Mapping from the network's labels to the types of a scheme."""

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.config import Scheme
from unco.small_model.decoding.arrays import one_hot
from unco.small_model.decoding.symbols import FIRST_TYPE


def fold_types(probabilities: Array, scheme: Scheme) -> Array:
    """Sum the probabilities of the network's labels by the scheme's type. (.., N) -> (.., labels of the scheme)."""
    return probabilities @ one_hot(scheme.of, len(scheme.labels))


def type_choices(symbols: Array, labels: int, scheme: Scheme, whole_label_set: bool) -> Array:
    """Take from distributions over symbols, (.., V), what a type's uncertainty is of.

    Args:
        symbols: the distributions.
        labels: number of the network's labels.
        scheme: the types that results use.
        whole_label_set: see `ModelConfig`.

    Returns:
        (.., N), the scheme's types; with `whole_label_set` all other symbols come after them.
    """
    stop = FIRST_TYPE + labels
    types = fold_types(symbols[..., FIRST_TYPE:stop], scheme)
    return np.concatenate([types, symbols[..., :FIRST_TYPE], symbols[..., stop:]], -1) if whole_label_set else types
