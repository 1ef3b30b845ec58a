"""What the names of the training data look like to the encoder: where a new name lies among them tells of its type.

A name is the mean of its words' vectors, on the axes along which known names differ most, of length 1. A known name
weighs exp(`SHARPNESS` * cosine), so that the types of the nearest few dozen count. Where these are of other types than
what the model says, it is seldom right: a distance in feature space, which needs no second pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from unco.types import Span

AXES = 128
"""Numbers that a name is kept as."""

SHARPNESS = 20.0
"""Chosen on dev among 10 to 80; between 15 and 30 little depends on it."""


@dataclass(frozen=True, slots=True, eq=False)
class KnownNames:
    """Names of a training split. M names, A axes, words of d numbers, N of the network's own labels."""

    centre: Tensor
    """(d,), the mean name."""
    axes: Tensor
    """(A, d)."""
    names: Tensor
    """(M, A), each of length 1."""
    types: Tensor
    """(M,), int16, index of each name's label."""

    def types_near(self, names: Tensor, labels: int) -> Tensor:
        """Distribution of the types of the known names around some names: (E, d) -> (E, `labels`); rows sum to 1."""
        placed = torch.nn.functional.normalize((names - self.centre) @ self.axes.T, dim=-1)
        weights = (SHARPNESS * placed @ self.names.T).softmax(-1)
        return weights.new_zeros(len(weights), labels).index_add(-1, self.types.to(torch.int64), weights)

    def state(self) -> dict[str, Tensor]:
        """As it is saved."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, device: torch.device | str) -> "KnownNames":
        """The same on a device: that of the names that it is asked about."""
        return replace(self, **{name: tensor.to(device) for name, tensor in self.state().items()})

    def check(self, hidden: int, labels: int) -> None:
        """See that they are of a network.

        Args:
            hidden: d, what its encoder gives for a word.
            labels: how many types it tells apart.

        Raises:
            ValueError: they are not.
        """
        count, axes = self.names.shape
        if (self.centre.shape, self.axes.shape, self.types.shape) != ((hidden,), (axes, hidden), (count,)):
            raise ValueError(f"its known names do not fit words of {hidden} numbers")
        if count == 0 or not 0 <= int(self.types.min()) <= int(self.types.max()) < labels:
            raise ValueError(f"its known names do not have types of its {labels} labels")


def name_vectors(words: Tensor, spans: Sequence[Span]) -> Tensor:
    """Names of one post: (W, d), E spans -> (E, d)."""
    if not spans:
        return words.new_zeros(0, words.shape[-1])
    return torch.stack([words[span.start : span.stop].mean(0) for span in spans])


def know_names(vectors: Tensor, types: Sequence[int]) -> KnownNames:
    """Keep the names of a training split.

    Args:
        vectors: (M, d), at least one.
        types: index of each name's label.
    """
    centre = vectors.mean(0)
    # Of the covariance, in double precision: quicker than taking the names themselves apart, and the same axes.
    centred = (vectors - centre).double()
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(-1)[:, :AXES].T.to(vectors.dtype).contiguous()
    names = torch.nn.functional.normalize((vectors - centre) @ axes.T, dim=-1)
    return KnownNames(centre, axes, names, torch.tensor(types, dtype=torch.int16))
