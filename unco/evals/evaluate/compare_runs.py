"""Two runs on the same posts: how much one is above the other, and whether that is more than noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unco.evals.evaluate.scoring import Entities, Judge, NotScored, judge
from unco.evals.evaluate.type_schemes import readings_of
from unco.evals.formats.predicted import PredictedPost
from unco.evals.metrics.bootstrap import Interval, f1_difference, mcnemar
from unco.evals.metrics.paper import Task
from unco.evals.metrics.protocols import TASKS, Protocol
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one task: the first run against the other."""

    f1: Interval
    """The first run's F1 minus the other's, with the interval over posts that are drawn together."""
    only_first: int
    """Gold entities that the first run alone has right."""
    only_other: int
    p: float
    """Of McNemar's exact test over these, in [0, 1]."""

    @property
    def verdict(self) -> str:
        """In words: the interval decides."""
        if not self.f1.sure_of_sign:
            return "within noise"
        return "better" if self.f1.value > 0 else "worse"


Comparison = Mapping[tuple[str, Task], Difference | NotScored]
"""By type scheme and task."""


def compare_runs(
    gold: Sequence[GoldPost], first: Sequence[PredictedPost], other: Sequence[PredictedPost], protocol: Protocol
) -> Comparison:
    """Compare two runs.

    Args:
        gold: annotated posts.
        first: predictions of the same posts in the same order.
        other: the same, of the run that it is set against.
        protocol: by which rule.

    Raises:
        SettingsError: there is no such protocol.
    """
    found: dict[tuple[str, Task], Difference | NotScored] = {}
    for reading in readings_of(gold, [post.entities for post in first]):
        sides = [
            (judge(gold, run, protocol, reading), reading.predictions([post.entities for post in run]))
            for run in (first, other)
        ]
        found |= {(reading.name, task): _difference(sides[0], sides[1], task) for task in TASKS}
    return found


Side = tuple[Judge, Entities]


def _difference(first: Side, other: Side, task: Task) -> Difference | NotScored:
    columns = [how.column(entities, task) for how, entities in (first, other)]
    for column in columns:
        if isinstance(column, NotScored):
            return column
    counts = [column for column in columns if not isinstance(column, NotScored)]
    rights = zip(right_entities(*first, task), right_entities(*other, task), strict=True)
    changed = [one for one, two in rights if one != two]
    only_first, only_other = sum(changed), len(changed) - sum(changed)
    return Difference(f1_difference(counts[1], counts[0]), only_first, only_other, mcnemar(only_first, only_other))


def right_entities(how: Judge, entities: Entities, task: Task) -> list[bool]:
    """For each gold entity, whether a run has it right: whether it counts as correct where gold is that entity alone.

    By `official` an entity of several boxes is right when one of them is found.
    """
    return [
        count(replace(post, entities=(item,)), found, task).correct > 0
        for post, found, count in zip(how.gold, entities, how.counts, strict=True)
        for item in post.entities
    ]
