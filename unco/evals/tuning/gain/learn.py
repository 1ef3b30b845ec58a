"""Learn, by logistic regression, how likely the small model's value is right, and how likely the answer is."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from unco.evals.tuning.gain.cases import Cases, Flags
from unco.evals.tuning.outcomes import Floats
from unco.small_model.uncertainty.regression import fit_regression
from unco.tools.extraction.own_thresholds import UNSURE, unsure_and, unsureness
from unco.tools.extraction.policy import PolicyRegression

RARE = 30
"""Cases below which a feature, such as a type, is not learned by itself: a coarser type stands for it."""


@dataclass(frozen=True)
class Table:
    """The features of E entities as columns, the uncertainty of one attribute among them."""

    cases: Cases
    uncertainty: Floats
    """(E, 3)."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns behind the uncertainty, in order."""
        return tuple(sorted({name for features in self.cases.features for name in features}))

    @cached_property
    def columns(self) -> Floats:
        """(E, features), 0 where an entity has none."""
        rows = [[features.get(name, 0.0) for name in self.names] for features in self.cases.features]
        return np.array(rows, np.float64).reshape(-1, len(self.names))

    def unsureness(self, place: int) -> Floats:
        """(E,) the feature of one attribute's uncertainty."""
        return np.array([unsureness(value) for value in self.uncertainty[:, place].tolist()])

    def fit(self, place: int, rows: Flags, right: Flags) -> PolicyRegression:
        """Fit the chance of being right to some entities.

        Args:
            place: of the attribute.
            rows: (E,) which entities teach.
            right: (E,) what is to be foretold.
        """
        if not rows.any():
            return PolicyRegression(bias=0.0, weights={})
        frequent = np.flatnonzero((self.columns[rows] != 0).sum(0) >= min(RARE, rows.sum()))
        bending = [column for column in frequent if unsure_and(self.names[column])]
        unsure, known = self.unsureness(place)[rows, None], self.columns[rows]
        table = np.hstack([unsure, known[:, frequent], unsure * known[:, bending]])
        fitted = fit_regression(table.tolist(), right[rows].tolist())
        products = (unsure_and(self.names[column]) or "" for column in bending)
        names = (UNSURE, *(self.names[column] for column in frequent), *products)
        weights = zip(names, fitted.weights, strict=True)
        return PolicyRegression(
            bias=round(fitted.bias, 6), weights={name: round(weight, 6) for name, weight in weights}
        )

    def chances(self, place: int, regression: PolicyRegression) -> Floats:
        """(E,) the chance that a regression gives to each entity."""
        weights = [regression.weights.get(name, 0.0) for name in self.names]
        bends = [regression.weights.get(unsure_and(name) or "", 0.0) for name in self.names]
        slopes = regression.weights.get(UNSURE, 0.0) + self.columns @ np.array(bends)
        logits = regression.bias + self.columns @ np.array(weights) + slopes * self.unsureness(place)
        return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))), np.float64)
