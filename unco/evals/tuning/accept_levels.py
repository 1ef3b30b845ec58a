"""Choose how much belief a change needs, from recorded answers and their confidence."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from unco.evals.metrics.paper import Task
from unco.evals.tuning.choose import choose_jointly
from unco.evals.tuning.expected import scores
from unco.evals.tuning.outcomes import Outcomes, outcomes_of
from unco.evals.tuning.recorded.paths import Answered, PostPaths, Recording
from unco.nodes.questions.accept import belief_in_change, judged
from unco.types import ATTRIBUTES, Accept, Attribute, Correction, Thresholds

LEVELS = 11
"""Levels tried of each attribute: those that 0, 10, ... 100 % of its changes are below."""


def reports_confidence(recording: Recording) -> bool:
    """Return whether the recorded answers say how sure they are."""
    return any(note.confidence is not None for note in _notes(recording))


def at_levels(recording: Recording, accept: Accept) -> Recording:
    """Return the recording as it would be where changes need so much belief; each path was asked about anyway."""
    return replace(recording, posts=tuple(_post_at_levels(post, accept) for post in recording.posts))


def _post_at_levels(post: PostPaths, accept: Accept) -> PostPaths:
    return replace(post, answers=tuple(tuple(_answer_at_level(one, accept) for one in each) for each in post.answers))


def _answer_at_level(answered: Answered, accept: Accept) -> Answered:
    level = accept.of(answered.correction.attribute)
    return answered if level is None else replace(answered, correction=judged(answered.correction, level))


def choose_levels(recording: Recording, task: Task) -> Accept:
    """Choose the levels of span, type and region, one after the other, each with the highest F1.

    Thresholds are those of the joint sweep without levels. Of equal F1 the lowest level counts: so an attribute whose
    answers do not know their errors gets 0.

    Raises:
        DataError: a post is not labelled.
    """
    thresholds = choose_jointly(outcomes_of(recording), task).thresholds
    accept = Accept(0.0, 0.0, 0.0)
    for name in ATTRIBUTES:
        tried = [replace(accept, **{name: level}) for level in _levels(recording, name)]
        accept = max(tried, key=lambda one: _right(outcomes_of(at_levels(recording, one)), thresholds, task))
    return accept


def _levels(recording: Recording, attribute: Attribute) -> list[float]:
    beliefs = [
        belief_in_change(note.confidence, note.uncertainty)
        for note in _notes(recording)
        if note.attribute == attribute and note.outcome == "changed" and note.confidence is not None
    ]
    return sorted(
        {0.0, *(float(level) for level in np.quantile(beliefs, np.linspace(0, 1, LEVELS)))} if beliefs else {0.0}
    )


def _right(outcomes: Outcomes, thresholds: Thresholds, task: Task) -> int:
    """Count the entities that are right: what is predicted, and what is gold, stays the same."""
    return sum(score.correct for score in scores(outcomes, outcomes.by_post(thresholds), task))


def _notes(recording: Recording) -> Iterator[Correction]:
    for post in recording.posts:
        for answers in post.answers:
            yield from (one.correction for one in answers)
