"""Boosted trees: what each answer leads to, and what is refused."""

from math import exp, inf

import pytest

from unco.small_model.uncertainty.boosted_trees import BoostedTrees, Tree

TREE = Tree((0, 1, 1, 2, 2, 2, 2), (0.5, 1.0, 2.0, 0.0, 0.0, 0.0, 0.0), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0))


@pytest.mark.parametrize(
    ("numbers", "leaf"),
    [
        ((0.5, 1.0, 0.0), 1.0),  # not above any threshold
        ((0.5, 1.0, 0.1), 2.0),
        ((0.5, 1.1, 0.0), 3.0),
        ((0.6, 2.0, 0.1), 6.0),
        ((0.6, 2.1, 0.0), 7.0),
        ((0.6, 2.1, 0.1), 8.0),
    ],
)
def test_a_tree_asks_three_questions(numbers: tuple[float, ...], leaf: float) -> None:
    assert TREE(numbers) == leaf


def test_trees_add_up_to_log_odds() -> None:
    trees = BoostedTrees((TREE, TREE), -9.0)
    assert trees((0.5, 1.1, 0.1)) == pytest.approx(1 / (1 + exp(9.0 - 2 * 4.0)))
    assert BoostedTrees((), 0.0)((1.0,)) == 0.5
    assert BoostedTrees((), 1e9)(()) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("features", "thresholds", "leaves"),
    [
        ((0,) * 6, (0.0,) * 7, (0.0,) * 8),
        ((0,) * 7, (0.0,) * 8, (0.0,) * 8),
        ((0,) * 7, (0.0,) * 7, (0.0,) * 7),
        ((0,) * 7, (0.0,) * 7, (inf,) * 8),
    ],
)
def test_a_tree_of_another_shape_is_refused(
    features: tuple[int, ...], thresholds: tuple[float, ...], leaves: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="a tree of depth 3 has 7 questions"):
        Tree(features, thresholds, leaves)


def test_trees_ask_about_features_that_there_are() -> None:
    BoostedTrees((TREE,), 0.0).check(3)
    with pytest.raises(ValueError, match=r"boosted trees ask about features \[0, 1, 2\] of 2"):
        BoostedTrees((TREE,), 0.0).check(2)
    with pytest.raises(ValueError, match="ask about features"):
        BoostedTrees((), inf).check(2)
