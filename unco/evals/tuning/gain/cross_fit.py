"""Foretell each post's answers from the other posts alone, and see whether that is better than one chance for all."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.bootstrap import Interval, ratio_intervals
from unco.evals.tuning.gain.learn import Table
from unco.evals.tuning.held_out import FOLDS
from unco.evals.tuning.outcomes import Floats, Outcomes
from unco.types import ATTRIBUTES, Attribute


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Chances that were learned on other posts: each fifth's on the four others."""

    own: Floats
    """(E, 3) that the small model is right."""
    answer: Floats
    """(E, 3) that the value after the question is right."""
    knows: dict[Attribute, Interval]
    """By how many nats an answer is better foretold than by one chance for all, where there is a right answer."""


def cross_fit(table: Table, outcomes: Outcomes) -> HeldOut:
    """Learn on four fifths of the posts and foretell the fifth, in turn."""
    posts = len(outcomes.gold)
    fold = (np.random.default_rng(0).permutation(posts) % FOLDS)[outcomes.post_of]
    own, answer = np.zeros_like(table.uncertainty), np.zeros_like(table.uncertainty)
    knows = dict[Attribute, Interval]()
    for place, name in enumerate(ATTRIBUTES):
        better = np.zeros(len(fold))
        for number in range(FOLDS):
            there, elsewhere = fold == number, fold != number
            taught = table.cases.taught[:, place] & elsewhere
            for chances, right in ((own, table.cases.own), (answer, table.cases.answer)):
                fitted = table.fit(place, taught, right[:, place])
                chances[there, place] = table.chances(place, fitted)[there]
            better[there] = _better(table, place, elsewhere)[there]
        knows[name] = _mean(better, table.cases.answerable[:, place], outcomes.post_of, posts)
    return HeldOut(own, answer, knows)


def _better(table: Table, place: int, elsewhere: NDArray[np.bool_]) -> Floats:
    """Compute by how much the log-likelihood of each answer is above that of one chance for all: (E,) nats."""
    rows, right = table.cases.answerable[:, place] & elsewhere, table.cases.answer[:, place]
    if not rows.any():
        return np.zeros(len(rows))
    same = np.clip(right[rows].mean(), 1e-6, 1 - 1e-6)
    foretold = np.clip(table.chances(place, table.fit(place, rows, right)), 1e-6, 1 - 1e-6)
    return np.asarray(np.where(right, np.log(foretold / same), np.log((1 - foretold) / (1 - same))), np.float64)


def _mean(values: Floats, rows: NDArray[np.bool_], post_of: NDArray[np.intp], posts: int) -> Interval:
    """Average the values of some entities, with an interval over posts."""
    above = np.asarray(np.bincount(post_of[rows], values[rows], posts), np.float64)
    below = np.asarray(np.bincount(post_of[rows], minlength=posts), np.float64)
    return ratio_intervals(above[:, None], below[:, None])[0]
