"""Types of a network as a scheme gives them out."""

import torch
from torch import Tensor

from unco.small_model.network.config import Scheme


def fold_types(probabilities: Tensor, scheme: Scheme) -> Tensor:
    """Probabilities of the network's labels summed up to those of a scheme's. (.., N) -> (.., labels of the scheme)."""
    folded = probabilities.new_zeros(*probabilities.shape[:-1], len(scheme.labels))
    return folded.index_add(-1, torch.tensor(scheme.of, device=probabilities.device), probabilities)
