"""Make the torch network of weights that were read from a file."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from unco.small_model.batch import Array
from unco.small_model.config import ModelConfig
from unco.small_model.network.encoder import StoredPieces, TextEncoder
from unco.small_model.network.model import Network
from unco.small_model.stored.quantise import QuantisedRows, dequantise, quantise


def network_of(config: ModelConfig, weights: Mapping[str, Array], pieces: QuantisedRows | None = None) -> Network:
    """Make a network, in evaluation mode, that shares its weights with the arrays.

    Args:
        config: of the network.
        weights: by the names of its parameters.
        pieces: the embeddings of the word pieces, where the weights lack them.
    """
    network = _blank_network(config)
    if pieces is not None and isinstance(network.encoder, TextEncoder):
        network.encoder.piece = StoredPieces(torch.from_numpy(pieces.rows), torch.from_numpy(pieces.scales))
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()}, assign=True)
    return network.eval().requires_grad_(False)


def arrays_of(module: nn.Module) -> dict[str, Array]:
    """Return the weights of a module as arrays, by name."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}


def round_weights(module: nn.Module, keep_encoder: bool = False) -> None:
    """Round the weights of a module to what a checkpoint keeps of them, so that what is measured is what is shipped.

    Args:
        module: is changed in place.
        keep_encoder: as of `quantise`.
    """
    kept = dequantise(quantise(arrays_of(module), keep_encoder))
    module.load_state_dict({name: torch.from_numpy(array) for name, array in kept.items()})


def _blank_network(config: ModelConfig) -> Network:
    """Make a network whose weights are to be loaded: drawing them at random first takes time and memory for nothing."""
    if config.foreign_encoder:  # transformers computes some of its numbers when it is made
        return Network(config)
    with torch.device("meta"), _WithoutDrawing():
        return Network(config)


class _WithoutDrawing(TorchFunctionMode):
    """Skip the initialisation of weights; on the meta device it would import torch._dynamo, which takes seconds."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Return the tensor as it is where it would be initialised."""
        if getattr(func, "__module__", None) == "torch.nn.init":
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))
