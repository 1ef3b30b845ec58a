"""Score a run under one protocol, with intervals, beside baselines that need no look at the picture."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from unco.evals.evaluate.scoring import Column, Entities, Line, NotScored, Scorer, make_scorer, score_columns
from unco.evals.evaluate.type_schemes import own_types, type_schemes_of
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost
from unco.evals.metrics.paper import Task
from unco.evals.metrics.protocols import TASKS, TYPE_TASKS, Protocol, count_each_type, count_types_given_span
from unco.types import Box, GoldPost

GIVEN_SPAN = "type given span"
"""Name of the score: share of predictions with a gold span that have its type (precision, recall and F1 agree)."""

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class SchemeScores:
    """Scores of a run in one type scheme."""

    tasks: Mapping[str, Line]
    """Scores by task, and `type given span`."""
    types: Mapping[Pair, Line]
    """Scores by type and task (GMNER, MNER), for the scheme's types that gold or predictions have."""


@dataclass(frozen=True, slots=True)
class RunScores:
    """Scores of one run under one protocol."""

    schemes: Mapping[str, SchemeScores]
    """Scores by type scheme, gold's own first."""
    baselines: Mapping[Pair, Line]
    """Scores by baseline and task: the same spans and types with trivial regions, in gold's own scheme."""


def score_run(gold: Sequence[GoldPost], run: Sequence[PredictedPost], protocol: Protocol = "paper") -> RunScores:
    """Score a run in every type scheme that fits it, and its baselines.

    Args:
        gold: annotated posts.
        run: predictions of the same posts in the same order (`check_pairs`).
        protocol: rule to score by.

    Raises:
        SettingsError: there is no such protocol.
    """
    entities = [post.entities for post in run]
    schemes = type_schemes_of(gold, entities, own_types(run))
    columns: dict[tuple[str, str, str], Column] = {}
    for type_scheme in schemes:
        scorer, read = make_scorer(gold, run, protocol, type_scheme), type_scheme.convert_predictions(entities)
        columns |= {(type_scheme.name, "", task): column for task, column in task_columns(scorer, read).items()}
        columns |= {(type_scheme.name, *pair): column for pair, column in _type_columns(scorer, read).items()}
    own = make_scorer(gold, run, protocol, schemes[0])
    columns |= {("", *pair): column for pair, column in _baseline_columns(own, entities).items()}
    lines = score_columns(columns)
    return RunScores(
        schemes={type_scheme.name: _scheme_scores(lines, type_scheme.name) for type_scheme in schemes},
        baselines={(name, task): line for (scheme, name, task), line in lines.items() if not scheme},
    )


def _scheme_scores(lines: Mapping[tuple[str, str, str], Line], name: str) -> SchemeScores:
    own = {(kind, task): line for (scheme, kind, task), line in lines.items() if scheme == name}
    return SchemeScores(
        tasks={task: line for (kind, task), line in own.items() if not kind},
        types={pair: line for pair, line in own.items() if pair[0]},
    )


def task_columns(scorer: Scorer, entities: Entities) -> dict[str, Column]:
    """Count each post for each task."""
    columns: dict[str, Column] = {task: scorer.column(entities, task) for task in TASKS}
    return columns | {GIVEN_SPAN: count_types_given_span(scorer.gold, entities)}


def _type_columns(scorer: Scorer, entities: Entities) -> dict[Pair, Column]:
    counted = {task: count_each_type(scorer.gold, entities, task, scorer.counts) for task in TYPE_TASKS}
    kinds = sorted(counted["MNER"].keys() & scorer.types)
    return {(kind, task): scorer.why_not_scored(task) or counted[task][kind] for kind in kinds for task in TYPE_TASKS}


def _baseline_columns(scorer: Scorer, entities: Entities) -> dict[Pair, Column]:
    ungrounded = _with_regions(scorer.gold, entities, lambda post: None)
    pictures = _with_regions(scorer.gold, entities, _whole_picture)
    sized = all(post.size or not any(item.boxes for item in post.entities) for post in scorer.gold)
    unsized = NotScored("gold does not say how large the pictures are")
    tasks: tuple[Task, ...] = ("GMNER", "EEG")
    columns: dict[Pair, Column] = {}
    for task in tasks:
        columns["never ground", task] = scorer.column(ungrounded, task)
        columns["whole picture", task] = (
            scorer.column(pictures, task) if sized else scorer.why_not_scored(task) or unsized
        )
    columns["text alone", "MNER"] = scorer.column(entities, "MNER")
    return columns


def _with_regions(
    gold: Sequence[GoldPost], entities: Entities, region: Callable[[GoldPost], Box | None]
) -> list[list[Predicted]]:
    return [
        [replace(entity, region=region(post)) for entity in found] for post, found in zip(gold, entities, strict=True)
    ]


def _whole_picture(post: GoldPost) -> Box:
    """Make the box of the whole picture; where the size is not known gold has no boxes, so any box is wrong."""
    return Box(0.0, 0.0, *map(float, post.size)) if post.size else NOWHERE
