"""Small functions on arrays that NumPy lacks."""

from collections.abc import Sequence

import numpy as np

from unco.small_model.batch import Array


def softmax(x: Array) -> Array:
    """Compute the softmax of the last dimension; minus infinity gives 0."""
    powers: Array = x - x.max(-1, keepdims=True)
    np.exp(powers, out=powers)
    powers /= powers.sum(-1, keepdims=True)
    return powers


def log_sum_exp(x: Array) -> Array:
    """Compute the log of the sum of exponentials over the last dimension; one number is finite. (.., V) -> (..)."""
    most = x.max(-1, keepdims=True)
    found: Array = (most + np.log(np.exp(x - most).sum(-1, keepdims=True)))[..., 0]
    return found


def one_hot(places: Sequence[int] | Array, count: int) -> Array:
    """Put a one at each place: N places -> (N, `count`), float32."""
    return np.eye(count, dtype=np.float32)[np.asarray(places, np.int64)]
