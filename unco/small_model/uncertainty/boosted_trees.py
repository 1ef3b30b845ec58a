"""Boosted decision trees: the probability of an event from features that count in some cases alone.

Additive logistic regression (Friedman, Hastie and Tibshirani 2000): each tree adds to the log-odds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite

DEPTH = 3
"""Questions from a tree's root to each of its leaves."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A whole binary tree; the questions below question i are 2 i + 1 and 2 i + 2."""

    features: tuple[int, ...]
    """Which number each question is about."""
    thresholds: tuple[float, ...]
    """A number above it goes on at 2 i + 2."""
    leaves: tuple[float, ...]
    """Log-odds that the tree adds, from left to right."""

    def __post_init__(self) -> None:
        """Check the shape.

        Raises:
            ValueError: there are too many or too few numbers, or one is not finite.
        """
        questions = 2**DEPTH - 1
        shape = len(self.features), len(self.thresholds), len(self.leaves)
        if shape != (questions, questions, questions + 1) or not all(map(isfinite, (*self.thresholds, *self.leaves))):
            raise ValueError(f"a tree of depth {DEPTH} has {questions} questions and finite numbers, not {shape}")

    def __call__(self, numbers: Sequence[float]) -> float:
        """Look up what the tree adds."""
        place = 0
        for _ in range(DEPTH):
            place = 2 * place + 1 + (numbers[self.features[place]] > self.thresholds[place])
        return self.leaves[place - len(self.features)]


@dataclass(frozen=True, slots=True)
class BoostedTrees:
    """Fitted trees, which read the first of an entity's features."""

    trees: tuple[Tree, ...]
    bias: float
    """Log-odds before the first tree."""

    def __call__(self, numbers: Sequence[float]) -> float:
        """Compute the probability, in [0, 1]."""
        logit = self.bias + sum(tree(numbers) for tree in self.trees)
        return 1.0 / (1.0 + exp(-max(-50.0, min(50.0, logit))))

    def check(self, features: int) -> None:
        """Check that the trees can be asked about so many numbers.

        Raises:
            ValueError: a tree asks about another.
        """
        asked = {feature for tree in self.trees for feature in tree.features}
        if not asked <= set(range(features)) or not isfinite(self.bias):
            raise ValueError(f"boosted trees ask about features {sorted(asked)} of {features}")
