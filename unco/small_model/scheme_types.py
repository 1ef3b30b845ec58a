"""Mapping from the network's labels to the types of a scheme."""

import torch
from torch import Tensor

from unco.small_model.network.config import Scheme


def fold_types(probabilities: Tensor, scheme: Scheme) -> Tensor:
    """Sum the probabilities of the network's labels by the scheme's type. (.., N) -> (.., labels of the scheme)."""
    folded = probabilities.new_zeros(*probabilities.shape[:-1], len(scheme.labels))
    return folded.index_add(-1, torch.tensor(scheme.of, device=probabilities.device), probabilities)
