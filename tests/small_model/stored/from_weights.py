"""A network as if it was read from a file."""

from unco.small_model.network.model import Network
from unco.small_model.stored.in_torch import arrays_of
from unco.small_model.stored.network import StoredNetwork
from unco.small_model.stored.quantise import dequantise, pieces_of, quantise


def stored(network: Network) -> StoredNetwork:
    """Quantise the weights of a network, and run it as that of a checkpoint."""
    weights = quantise(arrays_of(network))
    pieces = pieces_of(weights)
    return StoredNetwork(network.config, dequantise(weights), pieces)
