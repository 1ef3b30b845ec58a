"""Small functions on arrays that NumPy lacks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def softmax(x: Array) -> Array:
    """Compute the softmax of the last dimension; minus infinity gives 0."""
    powers: Array = np.exp(x - x.max(-1, keepdims=True))
    powers /= powers.sum(-1, keepdims=True)
    return powers


def padded(rows: Sequence[Sequence[int]], value: int) -> Array:
    """Pad rows of integers to the longest: (B, L)."""
    width = max(map(len, rows), default=0)
    return np.array([[*row, *[value] * (width - len(row))] for row in rows], np.int64).reshape(len(rows), width)


def one_hot(places: Sequence[int] | Array, count: int) -> Array:
    """Put a one at each place: N places -> (N, `count`), float32."""
    return np.eye(count, dtype=np.float32)[np.asarray(places, np.int64)]
