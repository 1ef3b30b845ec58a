"""Logistic regression: the probability of an event from a few features."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import numpy as np

from unco.small_model.batch import Array

PENALTY = 1e-3
"""L2 penalty on the weights of the standardised features, beside the mean loss of a row."""

STEPS, SLOPE = 100, 1e-8
"""Most steps of Newton's method, and the slope at which it has arrived."""


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted logistic regression; features need not be standardised."""

    weights: tuple[float, ...]
    bias: float

    def __call__(self, numbers: Sequence[float]) -> float:
        """Compute the probability, in [0, 1].

        Args:
            numbers: as many as there are weights.
        """
        logit = self.bias + sum(weight * number for weight, number in zip(self.weights, numbers, strict=True))
        return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, logit))))

    def check(self, features: int) -> None:
        """Check that there is a weight for each feature.

        Raises:
            ValueError: there are more or fewer.
        """
        if len(self.weights) != features:
            raise ValueError(f"a regression has {len(self.weights)} weights and not {features}")


def fit_regression(rows: Sequence[Sequence[float]], events: Sequence[bool]) -> Regression:
    """Fit by maximum likelihood with a small L2 penalty; the same rows give the same weights.

    Args:
        rows: features of each case, at least one case.
        events: whether the event happened in each case.
    """
    raw, y = np.array(rows, np.float64), np.array(events, np.float64)
    mean, scale = raw.mean(0), np.maximum(raw.std(0), 1e-6)
    x = np.column_stack([(raw - mean) / scale, np.ones(len(raw))])
    penalty = PENALTY * np.array([1.0] * raw.shape[1] + [0.0])  # not on the bias
    fitted = _minimise(x, y, penalty)
    weights = fitted[:-1] / scale
    return Regression(tuple(weights.tolist()), float(fitted[-1] - weights @ mean))


def _minimise(x: Array, y: Array, penalty: Array) -> Array:
    """Find the weights of least mean loss by Newton's method; a step that does not lower the loss is halved."""
    weights = np.zeros(x.shape[1])
    loss = _loss(x, y, penalty, weights)
    for _ in range(STEPS):
        chances = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -50.0, 50.0)))
        slope = x.T @ (chances - y) / len(y) + 2.0 * penalty * weights
        if np.abs(slope).max() < SLOPE:
            break
        bend = (x.T * (chances * (1.0 - chances))) @ x / len(y) + np.diag(2.0 * penalty)
        step = np.linalg.lstsq(bend, slope, rcond=None)[0]
        while (lower := _loss(x, y, penalty, weights - step)) > loss and np.abs(step).max() > SLOPE:
            step = step / 2.0
        weights, loss = weights - step, lower
    return weights


def _loss(x: Array, y: Array, penalty: Array, weights: Array) -> float:
    logits = x @ weights
    return float((np.logaddexp(0.0, logits) - y * logits).mean() + (penalty * weights**2).sum())
