"""Estimate the F1 of a tuning method on posts that its thresholds were not chosen on."""

from collections.abc import Callable

import numpy as np

from unco.evals.metrics.bootstrap import Interval, f1_interval
from unco.evals.metrics.paper import Task
from unco.evals.tuning.expected import scores
from unco.evals.tuning.outcomes import COLUMNS, Floats, Outcomes
from unco.types import Thresholds

FOLDS = 5


def held_out_f1(outcomes: Outcomes, choose: Callable[[Outcomes], Thresholds], task: Task) -> Interval | None:
    """Estimate F1 by cross-validation: see `held_out_by_post`. None where there are too few posts."""
    by_post = held_out_by_post(outcomes, choose)
    return None if by_post is None else f1_interval(scores(outcomes, by_post, task))


def held_out_by_post(outcomes: Outcomes, choose: Callable[[Outcomes], Thresholds]) -> Floats | None:
    """Sum up each fifth of the posts under thresholds chosen on the others: (P, columns), as `Outcomes.by_post`.

    The best of thousands of combinations is partly the luckiest: it fits these posts, and these very answers. This is
    an estimate without the luck. None where there are too few posts.

    Args:
        outcomes: of labelled posts.
        choose: the method.
    """
    posts = len(outcomes.gold)
    if posts < 2 * FOLDS:
        return None
    fold = np.random.default_rng(0).permutation(posts) % FOLDS
    found = np.zeros((posts, len(COLUMNS)))
    for number in range(FOLDS):
        there = fold == number
        found[there] = outcomes.of_posts(there).by_post(choose(outcomes.of_posts(~there)))
    return found
