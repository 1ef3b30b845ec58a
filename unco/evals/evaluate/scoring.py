"""How a run is judged: what is counted for a task, why a task cannot be scored, and scores with their intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from unco.errors import SettingsError
from unco.evals.evaluate.type_schemes import Reading
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.evals.metrics.bootstrap import Interval, f1_intervals
from unco.evals.metrics.paper import NOTHING, Score, Task, total
from unco.evals.metrics.protocols import PROTOCOLS, Count, Protocol, count_posts, counters
from unco.types import GoldPost

Entities = Sequence[Sequence[Predicted]]
"""Of each post."""


@dataclass(frozen=True, slots=True)
class Rated:
    """A score, and its F1 with the interval over posts."""

    score: Score
    f1: Interval


@dataclass(frozen=True, slots=True)
class NotScored:
    """Why there is no number."""

    reason: str


Line = Rated | NotScored

Column = list[Score] | NotScored
"""Counts of each post."""

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Judge:
    """One protocol over gold posts in one type scheme."""

    gold: Sequence[GoldPost]
    counts: Sequence[Count]
    """What counts each post."""
    types: frozenset[str]
    no_regions: NotScored | None
    """Why GMNER and EEG cannot be scored; None = they can."""

    def refuses(self, task: Task) -> NotScored | None:
        """Why a task cannot be scored; None = it can."""
        return self.no_regions if task in ("GMNER", "EEG") else None

    def column(self, entities: Entities, task: Task) -> Column:
        """Counts of each post."""
        return self.refuses(task) or count_posts(self.gold, entities, task, self.counts)


def judge(gold: Sequence[GoldPost], run: Sequence[PredictedPost], protocol: Protocol, reading: Reading) -> Judge:
    """How a run is judged.

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
    counts = counters(len(gold), protocol, reading.types, [post.candidates or () for post in run])
    return Judge(reading.gold(gold), counts, reading.types, reason)


def rate(columns: Mapping[K, Column]) -> dict[K, Line]:
    """Counts as scores with intervals, all from the same draws of posts; nothing counted is not scored."""
    lines: dict[K, Line] = {}
    counted: dict[K, tuple[Score, list[Score]]] = {}
    for key, column in columns.items():
        lines[key] = column if isinstance(column, NotScored) else NotScored("there is nothing to count")
        if not isinstance(column, NotScored) and (score := total(column)) != NOTHING:
            counted[key] = score, column
    intervals = f1_intervals([column for _, column in counted.values()])
    for (key, (score, _)), interval in zip(counted.items(), intervals, strict=True):
        lines[key] = Rated(score, interval)
    return lines
