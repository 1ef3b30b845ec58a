"""Mapping from the network's labels to the types of a scheme."""

from unco.small_model.batch import Array
from unco.small_model.config import Scheme
from unco.small_model.decoding.arrays import one_hot


def fold_types(probabilities: Array, scheme: Scheme) -> Array:
    """Sum the probabilities of the network's labels by the scheme's type. (.., N) -> (.., labels of the scheme)."""
    return probabilities @ one_hot(scheme.of, len(scheme.labels))
