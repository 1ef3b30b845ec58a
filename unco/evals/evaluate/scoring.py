"""Score a run by one protocol: counts for each task, why a task cannot be scored, and scores with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from unco.errors import SettingsError
from unco.evals.evaluate.type_schemes import TypeScheme
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.bootstrap import Interval, f1_intervals
from unco.evals.metrics.paper import NO_COUNTS, Score, Task, total
from unco.evals.metrics.protocols import PROTOCOLS, Count, Protocol, count_posts, counters
from unco.types import GoldPost

Entities = Sequence[Sequence[Predicted]]
"""Predicted entities of each post."""


@dataclass(frozen=True, slots=True)
class Scored:
    """A score, with the bootstrap interval of its F1 over posts."""

    score: Score
    f1: Interval


@dataclass(frozen=True, slots=True)
class NotScored:
    """Stands for a score that cannot be computed, with the reason."""

    reason: str


Line = Scored | NotScored

Column = list[Score] | NotScored
"""Counts of each post, or why there are none."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Scorer:
    """Scores predictions by one protocol, against gold posts in one type scheme."""

    gold: Sequence[GoldPost]
    counts: Sequence[Count]
    """The function that counts each post."""
    types: frozenset[str]
    no_regions: NotScored | None
    """Why GMNER and EEG cannot be scored; None = they can."""

    def why_not_scored(self, task: Task) -> NotScored | None:
        """Why a task cannot be scored; None = it can."""
        return self.no_regions if task in ("GMNER", "EEG") else None

    def column(self, entities: Entities, task: Task) -> Column:
        """Count each post for a task."""
        return self.why_not_scored(task) or count_posts(self.gold, entities, task, self.counts)


def make_scorer(
    gold: Sequence[GoldPost], run: Sequence[PredictedPost], protocol: Protocol, scheme: TypeScheme
) -> Scorer:
    """Make the scorer of a run.

    Raises:
        SettingsError: there is no such protocol.
    """
    if protocol not in PROTOCOLS:
        raise SettingsError(f"no protocol {protocol!r}: choose {', '.join(PROTOCOLS)}")
    reason = None
    if protocol == "hindex" and any(post.candidates is None for post in run):
        reason = NotScored("hindex needs the candidate boxes of each post, and the predictions do not hold them")
    if not any(item.boxes for post in gold for item in post.entities):
        reason = NotScored("gold has no boxes")
    counts = counters(len(gold), protocol, scheme.types, [post.candidates or () for post in run])
    return Scorer(scheme.convert_gold(gold), counts, scheme.types, reason)


def score_columns(columns: Mapping[K, Column]) -> dict[K, Line]:
    """Turn counts into scores with intervals, all from the same draws; where nothing is counted, there is no score."""
    lines: dict[K, Line] = {}
    counted: dict[K, tuple[Score, list[Score]]] = {}
    for key, column in columns.items():
        lines[key] = column if isinstance(column, NotScored) else NotScored("there is nothing to count")
        if not isinstance(column, NotScored) and (score := total(column)) != NO_COUNTS:
            counted[key] = score, column
    intervals = f1_intervals([column for _, column in counted.values()])
    for (key, (score, _)), interval in zip(counted.items(), intervals, strict=True):
        lines[key] = Scored(score, interval)
    return lines
