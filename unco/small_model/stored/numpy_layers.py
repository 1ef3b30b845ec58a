"""The layers of `layers.py` in NumPy, on the same weights by the same names."""

from collections.abc import Mapping

import numpy as np

from unco.small_model.batch import Array
from unco.small_model.decoding.arrays import softmax
from unco.small_model.decoding.states import KeyValue

Weights = Mapping[str, Array]
"""By the names that the torch network gives them; float32."""

_ROOT_OF_HALF = np.float32(0.5**0.5)
_ERROR_FUNCTION = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
"""Coefficients of erfc by Abramowitz and Stegun 7.1.26, which is off by at most 1.5e-7."""


def linear(weights: Weights, name: str, x: Array) -> Array:
    """Apply a linear layer: (.., d) -> (.., e)."""
    weight = weights[f"{name}.weight"]
    rows = x.reshape(-1, x.shape[-1]) @ weight.T
    rows += weights[f"{name}.bias"]
    return rows.reshape(*x.shape[:-1], len(weight))


def layer_norm(weights: Weights, name: str, x: Array, eps: float) -> Array:
    """Normalise each row to mean 0 and variance 1, then scale and shift it: (.., d) -> (.., d)."""
    centred: Array = x - x.mean(-1, keepdims=True)
    variance = np.square(centred).mean(-1, keepdims=True)
    centred /= np.sqrt(variance + np.float32(eps))
    centred *= weights[f"{name}.weight"]
    centred += weights[f"{name}.bias"]
    return centred


def gelu(x: Array) -> Array:
    """Compute GELU, x times the normal distribution's share below x."""
    size = np.abs(x) * _ROOT_OF_HALF
    t = 1.0 / (1.0 + np.float32(0.3275911) * size)
    series = np.zeros_like(t)
    for coefficient in reversed(_ERROR_FUNCTION):
        series += np.float32(coefficient)
        series *= t
    size *= size
    beyond: Array = np.exp(-size)
    beyond *= series  # erfc(|x| / sqrt 2), twice the share beyond |x|
    beyond *= np.abs(x)
    beyond *= np.float32(-0.5)
    beyond += np.maximum(x, 0)
    return beyond


def split_heads(x: Array, heads: int) -> Array:
    """Split rows to heads: (B, S, d) -> (B, h, S, d/h)."""
    return x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def attend(query: Array, key_value: KeyValue, mask: Array | None) -> Array:
    """Mix values by the softmax of scaled dot products.

    Args:
        query: (B, h, L, d/h).
        key_value: each (B, h, S, d/h).
        mask: True = may be attended; broadcastable to (B, h, L, S). None = all.

    Returns:
        (B, L, d).
    """
    keys, values = key_value
    scores = (query * np.float32(query.shape[-1] ** -0.5)) @ keys.swapaxes(-1, -2)
    if mask is not None:
        np.copyto(scores, np.float32(-np.inf), where=~mask)
    mixed: Array = softmax(scores) @ values
    return mixed.swapaxes(1, 2).reshape(len(mixed), mixed.shape[2], -1)


def key_value(weights: Weights, name: str, states: Array, heads: int) -> KeyValue:
    """Project states, (B, S, d), to the keys and values of an attention."""
    keys, values = (linear(weights, f"{name}.{part}", states) for part in ("key", "value"))
    return split_heads(keys, heads), split_heads(values, heads)


def attention(weights: Weights, name: str, x: Array, given: KeyValue, mask: Array | None) -> Array:
    """Attend to given keys and values: (B, L, d) -> (B, L, d)."""
    query = split_heads(linear(weights, f"{name}.query", x), given[0].shape[1])
    return linear(weights, f"{name}.output", attend(query, given, mask))


def feed_forward(weights: Weights, name: str, x: Array) -> Array:
    """Apply two linear layers with GELU between."""
    return linear(weights, f"{name}.narrow", gelu(linear(weights, f"{name}.widen", x)))
