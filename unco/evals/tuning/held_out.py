"""Estimate the F1 of a tuning method on posts that its thresholds were not chosen on."""

from collections.abc import Callable

import numpy as np

from unco.evals.metrics.bootstrap import Interval, f1_interval
from unco.evals.metrics.paper import Score, Task
from unco.evals.tuning.expected import scores
from unco.evals.tuning.outcomes import Outcomes
from unco.types import Thresholds

FOLDS = 5


def held_out_f1(outcomes: Outcomes, choose: Callable[[Outcomes], Thresholds], task: Task) -> Interval | None:
    """Estimate F1 by cross-validation: each fifth of the posts under thresholds chosen on the others.

    The best of thousands of combinations is partly the luckiest: it fits these posts, and these very answers. This is
    an estimate without the luck. None where there are too few posts.

    Args:
        outcomes: of labelled posts.
        choose: the method.
        task: whose F1.
    """
    posts = len(outcomes.gold)
    if posts < 2 * FOLDS:
        return None
    fold = np.random.default_rng(0).permutation(posts) % FOLDS
    counts = list[Score]()
    for number in range(FOLDS):
        there = outcomes.of_posts(fold == number)
        chosen = choose(outcomes.of_posts(fold != number))
        counts += scores(there, there.by_post(chosen), task)
    return f1_interval(counts)
