"""Encoder vectors of the training data's names, to check the type of a new name against its nearest neighbours.

A name is the mean of its words' vectors, projected on the principal axes of the training names and scaled to length 1.
A training name weighs exp(`SHARPNESS` * cosine), so that the types of the nearest few dozen count. Where these are of
other types than the model predicts, it is seldom right: a distance in feature space, which needs no second pass.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import torch
from torch import Tensor

from unco.types import Span

AXES = 128
"""Dimensions that a name is projected to."""

SHARPNESS = 20.0
"""Chosen on dev among 10 to 80; between 15 and 30 little depends on it."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingNames:
    """The vectors and types of a training split's names: M names, A axes, d numbers a word, N labels."""

    centre: Tensor
    """(d,), the mean name."""
    axes: Tensor
    """(A, d)."""
    names: Tensor
    """(M, A), each of length 1."""
    types: Tensor
    """(M,), int16, index of each name's label."""

    def types_near(self, names: Tensor, labels: int) -> Tensor:
        """Compute the type distribution of training names near each name: (E, d) -> (E, `labels`); rows sum to 1."""
        projected = torch.nn.functional.normalize((names - self.centre) @ self.axes.T, dim=-1)
        weights = (SHARPNESS * projected @ self.names.T).softmax(-1)
        return weights.new_zeros(len(weights), labels).index_add(-1, self.types.to(torch.int64), weights)

    def state(self) -> dict[str, Tensor]:
        """Return the tensors by name, as a checkpoint stores them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def to(self, device: torch.device | str) -> "TrainingNames":
        """Copy to a device; it must be the one of the names that are compared."""
        return replace(self, **{name: tensor.to(device) for name, tensor in self.state().items()})

    def check(self, hidden: int, labels: int) -> None:
        """Check that the names fit a network.

        Args:
            hidden: d, width of its encoder.
            labels: number of its types.

        Raises:
            ValueError: they do not fit.
        """
        count, axes = self.names.shape
        if (self.centre.shape, self.axes.shape, self.types.shape) != ((hidden,), (axes, hidden), (count,)):
            raise ValueError(f"its known names do not fit words of {hidden} numbers")
        if count == 0 or not 0 <= int(self.types.min()) <= int(self.types.max()) < labels:
            raise ValueError(f"its known names do not have types of its {labels} labels")


def name_vectors(words: Tensor, spans: Sequence[Span]) -> Tensor:
    """Average the word vectors of each span of one post: (W, d), E spans -> (E, d)."""
    if not spans:
        return words.new_zeros(0, words.shape[-1])
    return torch.stack([words[span.start : span.stop].mean(0) for span in spans])


def fit_training_names(vectors: Tensor, types: Sequence[int]) -> TrainingNames:
    """Fit the axes to the names of a training split and project the names on them.

    Args:
        vectors: (M, d), at least one.
        types: index of each name's label.
    """
    centre = vectors.mean(0)
    # Of the covariance, in double precision: quicker than taking the names themselves apart, and the same axes.
    centred = (vectors - centre).double()
    axes = torch.linalg.eigh(centred.T @ centred).eigenvectors.flip(-1)[:, :AXES].T.to(vectors.dtype).contiguous()
    names = torch.nn.functional.normalize((vectors - centre) @ axes.T, dim=-1)
    return TrainingNames(centre, axes, names, torch.tensor(types, dtype=torch.int16))
