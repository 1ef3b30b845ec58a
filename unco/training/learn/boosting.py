"""Fit boosted trees with scikit-learn."""

from collections.abc import Sequence
from importlib.util import find_spec
from math import log
from typing import Any

import numpy as np

from unco.errors import SetupError
from unco.small_model.uncertainty.boosted_trees import DEPTH, BoostedTrees, Tree

TREES, RATE, SMALLEST_LEAF = 100, 0.1, 100
"""Chosen on dev: cases of a leaf are of a few posts each, as every post is shown several times."""
ENOUGH = 1000
"""Cases from which trees can be judged on some after they were fitted on the others."""
SHARE_OF_CASES, FEATURES_OF_A_QUESTION = 0.5, 8
"""What a tree is fitted on, and what a question chooses from; drawn at random, so that trees differ."""
_DIGITS = 7


def fit_trees(rows: Sequence[Sequence[float]], events: Sequence[bool]) -> BoostedTrees:
    """Fit trees; the same rows give the same trees, and few rows give none.

    Args:
        rows: features of each case, at least one case.
        events: whether the event happened in each case.

    Raises:
        SetupError: as of `check_installed`.
    """
    share = min(max(sum(events) / len(events), 1e-6), 1 - 1e-6)
    none = BoostedTrees((), _rounded(log(share / (1.0 - share))))
    if len(set(events)) < 2 or SHARE_OF_CASES * len(rows) < 2 * SMALLEST_LEAF:
        return none
    x = np.array(rows, np.float32)
    fitted = _classifier(x.shape[1]).fit(x, np.array(events))
    return BoostedTrees(tuple(_tree(one.tree_) for one in fitted.estimators_[:, 0]), none.bias)


def check_installed() -> None:
    """Check that trees can be fitted; a training does so before its first epoch, as it fits them after its last.

    Raises:
        SetupError: scikit-learn is not installed.
    """
    if find_spec("sklearn") is None:
        raise SetupError('doubts of regions are learned with scikit-learn: pip install "unco[train]"')


def _classifier(features: int) -> Any:
    check_installed()
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=RATE,
        max_depth=DEPTH,
        min_samples_leaf=SMALLEST_LEAF,
        subsample=SHARE_OF_CASES,
        max_features=min(FEATURES_OF_A_QUESTION, features),
        random_state=0,
    )


def _tree(fitted: Any) -> Tree:
    """Make a whole tree of one that may end early: below its leaves, every answer leads to the same number."""
    places = [0]
    for _ in range(DEPTH):
        places = [child for place in places for child in _children(fitted, place)]
    inner = [0]
    for place in range(2**DEPTH // 2 - 1):
        inner += _children(fitted, inner[place])
    return Tree(
        tuple(max(0, int(fitted.feature[place])) for place in inner),
        tuple(_rounded(float(fitted.threshold[place])) for place in inner),
        tuple(_rounded(RATE * float(fitted.value[place, 0, 0])) for place in places),
    )


def _children(fitted: Any, place: int) -> tuple[int, int]:
    left, right = int(fitted.children_left[place]), int(fitted.children_right[place])
    return (place, place) if left < 0 else (left, right)


def _rounded(number: float) -> float:
    """Keep as many digits as a float of 32 bits has: a checkpoint's configuration is read by people, too."""
    return float(f"{number:.{_DIGITS}g}")
