"""Encoder vectors of the training data's names, to check the type of a new name against its nearest neighbours.

A name is the mean of its words' vectors, projected on the principal axes of the training names and scaled to length 1.
A training name weighs exp(`SHARPNESS` * cosine), so that the types of the nearest few dozen count. Where these are of
other types than the model predicts, it is seldom right: a distance in feature space, which needs no second pass.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.decoding.arrays import softmax
from unco.types import Span

AXES = 128
"""Dimensions that a name is projected to."""

Multiply = Callable[[Array, Array], Array]

SHARPNESS = 20.0
"""Chosen on dev among 10 to 80; between 15 and 30 little depends on it."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingNames:
    """The vectors and types of a training split's names: M names, A axes, d numbers a word, N labels."""

    centre: Array
    """(d,), the mean name."""
    axes: Array
    """(A, d)."""
    names: Array
    """(M, A), each of length 1."""
    types: Array
    """(M,), int16, index of each name's label."""

    def types_near(self, names: Array, labels: int, multiply: Multiply = np.matmul) -> Array:
        """Compute the type distribution of training names near each name.

        Args:
            names: E names, (E, d).
            labels: number of the network's labels.
            multiply: multiplies two matrices.

        Returns:
            (E, `labels`); rows sum to 1.
        """
        places = SHARPNESS * _of_length_1(multiply(names - self.centre, self.axes.T))
        weights = softmax(multiply(places, self.names.T))
        shares = [np.bincount(self.types, row, labels) for row in weights]
        return np.array(shares, np.float32).reshape(len(names), labels)

    def state(self) -> dict[str, Array]:
        """Return the arrays by name, as a checkpoint stores them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

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


def name_vectors(words: Array, spans: Sequence[Span]) -> Array:
    """Average the word vectors of each span of one post: (W, d), E spans -> (E, d)."""
    if not spans:
        return np.zeros((0, words.shape[-1]), words.dtype)
    return np.stack([words[span.start : span.stop].mean(0) for span in spans])


def fit_training_names(vectors: Array, types: Sequence[int]) -> TrainingNames:
    """Fit the axes to the names of a training split and project the names on them.

    Args:
        vectors: (M, d), at least one.
        types: index of each name's label.
    """
    centre = vectors.mean(0)
    # Of the covariance, in double precision: quicker than taking the names themselves apart, and the same axes.
    centred = (vectors - centre).astype(np.float64)
    axes = np.linalg.eigh(centred.T @ centred).eigenvectors[:, ::-1][:, :AXES].T.astype(vectors.dtype)
    names = _of_length_1((vectors - centre) @ axes.T)
    return TrainingNames(centre, np.ascontiguousarray(axes), names, np.array(types, np.int16))


def _of_length_1(vectors: Array) -> Array:
    scaled: Array = vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), np.float32(1e-12))
    return scaled
