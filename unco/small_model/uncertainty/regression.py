"""Logistic regression: the probability of an event from a few features."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

import torch

PENALTY = 1e-3
"""L2 penalty on the weights of the standardised features, beside the mean loss of a row."""


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


def fit_regression(rows: Sequence[Sequence[float]], events: Sequence[bool]) -> Regression:
    """Fit by maximum likelihood with a small L2 penalty; the same rows give the same weights.

    Args:
        rows: features of each case, at least one case.
        events: whether the event happened in each case.
    """
    raw = torch.tensor(rows, dtype=torch.float64)
    mean, scale = raw.mean(0), raw.std(0, correction=0).clamp(min=1e-6)
    x, y = (raw - mean) / scale, torch.tensor(events, dtype=torch.float64)
    weights = torch.zeros(x.shape[1], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> float:
        optimizer.zero_grad()
        mean_loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ weights + bias, y)
        total = mean_loss + PENALTY * weights.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total.item()

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        unscaled = weights / scale
        return Regression(tuple(unscaled.tolist()), float(bias - unscaled @ mean))
