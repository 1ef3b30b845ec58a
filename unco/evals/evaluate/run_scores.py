"""Scores of a run under one protocol, each with its interval, beside what takes no looking at the picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from unco.evals.evaluate.scoring import Column, Entities, Judge, Line, NotScored, judge, rate
from unco.evals.evaluate.type_schemes import readings_of
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.evals.metrics.paper import Task
from unco.evals.metrics.protocols import TASKS, TYPE_TASKS, Protocol, count_each_type, count_types_given_span
from unco.types import Box, GoldPost

GIVEN_SPAN = "type given span"
"""Of the predictions whose span is gold, the share that has its type: precision, recall and F1 are the same."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class ReadingScores:
    """In one type scheme."""

    tasks: Mapping[str, Line]
    """By task, and `type given span`."""
    types: Mapping[Pair, Line]
    """By type and task (GMNER, MNER), of the scheme's types that gold or predictions have."""


@dataclass(frozen=True, slots=True)
class RunScores:
    """Of one run under one protocol."""

    readings: Mapping[str, ReadingScores]
    """By type scheme, gold's own first."""
    baselines: Mapping[Pair, Line]
    """By baseline and task: the same spans and types with regions that take no looking, in gold's own scheme."""


def score_run(gold: Sequence[GoldPost], run: Sequence[PredictedPost], protocol: Protocol = "paper") -> RunScores:
    """Score a run.

    Args:
        gold: annotated posts.
        run: predictions of the same posts in the same order (`check_pairs`).
        protocol: by which rule.

    Raises:
        SettingsError: there is no such protocol.
    """
    entities = [post.entities for post in run]
    readings = readings_of(gold, entities)
    columns: dict[tuple[str, str, str], Column] = {}
    for reading in readings:
        how, read = judge(gold, run, protocol, reading), reading.predictions(entities)
        columns |= {(reading.name, "", task): column for task, column in task_columns(how, read).items()}
        columns |= {(reading.name, *pair): column for pair, column in _type_columns(how, read).items()}
    own = judge(gold, run, protocol, readings[0])
    columns |= {("", *pair): column for pair, column in _baseline_columns(own, entities).items()}
    lines = rate(columns)
    return RunScores(
        readings={reading.name: _reading_scores(lines, reading.name) for reading in readings},
        baselines={(name, task): line for (scheme, name, task), line in lines.items() if not scheme},
    )


def _reading_scores(lines: Mapping[tuple[str, str, str], Line], name: str) -> ReadingScores:
    own = {(kind, task): line for (scheme, kind, task), line in lines.items() if scheme == name}
    return ReadingScores(
        tasks={task: line for (kind, task), line in own.items() if not kind},
        types={pair: line for pair, line in own.items() if pair[0]},
    )


def task_columns(how: Judge, entities: Entities) -> dict[str, Column]:
    """Counts of each post for each task."""
    columns: dict[str, Column] = {task: how.column(entities, task) for task in TASKS}
    return columns | {GIVEN_SPAN: count_types_given_span(how.gold, entities)}


def _type_columns(how: Judge, entities: Entities) -> dict[Pair, Column]:
    counted = {task: count_each_type(how.gold, entities, task, how.counts) for task in TYPE_TASKS}
    kinds = sorted(counted["MNER"].keys() & how.types)
    return {(kind, task): how.refuses(task) or counted[task][kind] for kind in kinds for task in TYPE_TASKS}


def _baseline_columns(how: Judge, entities: Entities) -> dict[Pair, Column]:
    ungrounded = _with_regions(how.gold, entities, lambda post: None)
    pictures = _with_regions(how.gold, entities, _whole_picture)
    sized = all(post.size or not any(item.boxes for item in post.entities) for post in how.gold)
    unsized = NotScored("gold does not say how large the pictures are")
    tasks: tuple[Task, ...] = ("GMNER", "EEG")
    columns: dict[Pair, Column] = {}
    for task in tasks:
        columns["never ground", task] = how.column(ungrounded, task)
        columns["whole picture", task] = how.column(pictures, task) if sized else how.refuses(task) or unsized
    columns["text alone", "MNER"] = how.column(entities, "MNER")
    return columns


def _with_regions(
    gold: Sequence[GoldPost], entities: Entities, region: Callable[[GoldPost], Box | None]
) -> list[list[Predicted]]:
    return [
        [replace(entity, region=region(post)) for entity in found] for post, found in zip(gold, entities, strict=True)
    ]


def _whole_picture(post: GoldPost) -> Box:
    """Where the size is not known gold has no boxes, so any box is wrong."""
    return Box(0.0, 0.0, *map(float, post.size)) if post.size else NOWHERE
