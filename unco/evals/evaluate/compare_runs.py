"""Compare two runs on the same posts: the difference in F1, and whether it is more than noise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from unco.evals.evaluate.scoring import Entities, NotScored, Scorer, make_scorer
from unco.evals.evaluate.type_schemes import own_types, type_schemes_of
from unco.evals.formats.predicted import PredictedPost
from unco.evals.metrics.bootstrap import Interval, f1_difference, mcnemar
from unco.evals.metrics.paper import Task
from unco.evals.metrics.protocols import TASKS, Protocol
from unco.types import GoldPost


@dataclass(frozen=True, slots=True)
class Difference:
    """Difference of two runs in one task: the first against the other."""

    f1: Interval
    """The first run's F1 minus the other's, with the interval over posts that are drawn together."""
    only_first: int
    """Gold entities that the first run alone has right."""
    only_other: int
    p: float
    """p-value of McNemar's exact test over these entities, in [0, 1]."""

    @property
    def verdict(self) -> str:
        """Whether the first run is better or worse, or within noise; the interval decides."""
        if not self.f1.excludes_zero:
            return "within noise"
        return "better" if self.f1.value > 0 else "worse"


Comparison = Mapping[tuple[str, Task], Difference | NotScored]
"""Differences by type scheme and task."""


def compare_runs(
    gold: Sequence[GoldPost], first: Sequence[PredictedPost], other: Sequence[PredictedPost], protocol: Protocol
) -> Comparison:
    """Compare two runs in every type scheme and task.

    Args:
        gold: annotated posts.
        first: predictions of the same posts in the same order.
        other: the same, of the other run.
        protocol: rule to score by.

    Raises:
        SettingsError: there is no such protocol.
    """
    found: dict[tuple[str, Task], Difference | NotScored] = {}
    for scheme in type_schemes_of(gold, [post.entities for post in first], own_types(first)):
        sides = [
            (make_scorer(gold, run, protocol, scheme), scheme.convert_predictions([post.entities for post in run]))
            for run in (first, other)
        ]
        found |= {(scheme.name, task): _difference(sides[0], sides[1], task) for task in TASKS}
    return found


Side = tuple[Scorer, Entities]


def _difference(first: Side, other: Side, task: Task) -> Difference | NotScored:
    columns = [scorer.column(entities, task) for scorer, entities in (first, other)]
    for column in columns:
        if isinstance(column, NotScored):
            return column
    counts = [column for column in columns if not isinstance(column, NotScored)]
    rights = zip(correct_entities(*first, task), correct_entities(*other, task), strict=True)
    changed = [one for one, two in rights if one != two]
    only_first, only_other = sum(changed), len(changed) - sum(changed)
    return Difference(f1_difference(counts[1], counts[0]), only_first, only_other, mcnemar(only_first, only_other))


def correct_entities(scorer: Scorer, entities: Entities, task: Task) -> list[bool]:
    """Tell for each gold entity whether a run has it right: whether it is correct when gold is that entity alone.

    By `official` an entity of several boxes is right when one of them is found.
    """
    return [
        count(replace(post, entities=(item,)), found, task).correct > 0
        for post, found, count in zip(scorer.gold, entities, scorer.counts, strict=True)
        for item in post.entities
    ]
