"""Compare arms with the first of them: paired differences with intervals, flips, harm and cost."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unco.errors import SettingsError
from unco.evals.ab.arm import Arm
from unco.evals.ab.experiment import Experiment
from unco.evals.ab.flips import Flip, find_flips, flip_to_dict
from unco.evals.ab.run import ArmRun, run_arms
from unco.evals.ab.unanswered import check_answered, unanswered, with_gaps
from unco.evals.evaluate.compare_runs import Difference, compare_runs
from unco.evals.evaluate.scoring import NotScored
from unco.evals.evaluate.serialize import difference_to_dict
from unco.evals.formats.json_text import write_lines, write_text
from unco.evals.formats.prediction_lines import predicted_of
from unco.evals.metrics.bootstrap import Interval, f1_interval
from unco.evals.metrics.paper import THREE_TASKS, Task
from unco.evals.metrics.protocols import count_posts, counters
from unco.state import RESULT


@dataclass(frozen=True, slots=True)
class AgainstFirst:
    """The comparison of one arm with the first."""

    run: ArmRun
    difference: Mapping[Task, Difference | NotScored]
    """F1 of this arm minus that of the first, by the paper's rule, in gold's own types."""
    flips: tuple[Flip, ...] | None
    """Attributes that one of the two has right and the other wrong; None = they do not start from the same entities."""


@dataclass(frozen=True, slots=True)
class ArmComparison:
    """The comparison of all arms; the first is the baseline."""

    first: ArmRun
    others: tuple[AgainstFirst, ...]
    f1: tuple[dict[Task, Interval], ...]
    """F1 of each arm, the first included."""

    @property
    def runs(self) -> tuple[ArmRun, ...]:
        """The runs of all arms in their order."""
        return (self.first, *(one.run for one in self.others))


def compare_arms(arms: Sequence[Arm], experiment: Experiment, allow_misses: bool = False) -> ArmComparison:
    """Run all arms over the experiment's posts and compare the others with the first.

    Args:
        arms: two or more.
        experiment: what they share.
        allow_misses: compare arms also where questions got no answer.

    Raises:
        SettingsError: fewer than two arms, two with one name, or one that asks for what does not exist.
        RecordingMiss: replay, and a question of an arm is not recorded.
        Unavailable: a question of an arm got no answer for another reason.
    """
    names = [arm.name for arm in arms]
    if len(names) < 2 or len(set(names)) < len(names):
        raise SettingsError(f"give two arms or more, all different; got {', '.join(map(repr, names)) or 'none'}")
    runs = run_arms(arms, with_gaps(experiment))
    if not allow_misses:
        check_answered(runs)
    return compare(runs, experiment)


def compare(runs: Sequence[ArmRun], experiment: Experiment) -> ArmComparison:
    """Compare finished runs with the first of them."""
    first, *others = runs
    return ArmComparison(
        first=first,
        others=tuple(_against(first, run, experiment) for run in others),
        f1=tuple(f1_of(run, experiment) for run in runs),
    )


def f1_of(run: ArmRun, experiment: Experiment) -> dict[Task, Interval]:
    """Compute a run's F1 with intervals, by the paper's rule."""
    entities = [result.entities for result in run.results]
    counts = counters(len(experiment.gold), "paper", frozenset(experiment.types))
    return {task: f1_interval(count_posts(experiment.gold, entities, task, counts)) for task in THREE_TASKS}


def _against(first: ArmRun, run: ArmRun, experiment: Experiment) -> AgainstFirst:
    own, others = ([predicted_of(result) for result in one.results] for one in (run, first))
    flips = find_flips(experiment.gold, first.results, run.results)
    found = compare_runs(experiment.gold, own, others, "paper")
    scheme = next(iter(found))[0]  # gold's own comes first
    difference = {task: found[scheme, task] for task in THREE_TASKS}
    return AgainstFirst(run, difference, None if flips is None else tuple(flips))


def to_dict(comparison: ArmComparison) -> dict[str, Any]:
    """Convert a comparison to a JSON-like dictionary; ratios in [0, 1]."""
    arms = [_arm_to_dict(run, f1) for run, f1 in zip(comparison.runs, comparison.f1, strict=True)]
    for arm, one in zip(arms[1:], comparison.others, strict=True):
        arm["against_first"] = {task: difference_to_dict(found) for task, found in one.difference.items()}
        arm["flips"] = None if one.flips is None else _flip_counts(one.flips)
    return {"posts": len(comparison.first.results), "arms": arms}


def to_json(comparison: ArmComparison) -> str:
    """Write a comparison as JSON text: ASCII, and never NaN."""
    return json.dumps(to_dict(comparison), indent=2, allow_nan=False)


def _arm_to_dict(run: ArmRun, f1: dict[Task, Interval]) -> dict[str, Any]:
    gaps = unanswered(run)
    return {
        "name": run.name,
        "f1": {task: asdict(interval) for task, interval in f1.items()},
        "entities": run.entities,
        "dropped": run.dropped,
        "added": asdict(run.added),
        **asdict(run.effects),
        "harm_rate": run.effects.harm_rate,
        "questions": gaps.questions,
        "unanswered": len(gaps.notes),
        "calls": run.usage.calls,
        "calls_made_now": run.usage.asked,
        "tokens": run.tokens,
        "usd_if_none_were_cached": run.full_cost,
        "call_seconds": run.call_seconds,
    }


def _flip_counts(flips: Sequence[Flip]) -> dict[str, int]:
    gained = sum(flip.gained for flip in flips)
    return {"wrong_to_right": gained, "right_to_wrong": len(flips) - gained}


def write_comparison(comparison: ArmComparison, experiment: Experiment, folder: Path) -> None:
    """Write `comparison.json`, and JSON Lines files of each arm's results and of its flips against the first.

    Raises:
        DataError: something cannot be written.
    """
    write_text(to_json(comparison) + "\n", folder / "comparison.json")
    for number, run in enumerate(comparison.runs, start=1):
        write_lines(folder / f"arm-{number}.jsonl", [RESULT.dump_python(result, mode="json") for result in run.results])
    tokens = {post.id: post.tokens for post in experiment.gold}
    for number, one in enumerate(comparison.others, start=2):
        flips = [flip_to_dict(flip, tokens[flip.post]) for flip in one.flips or ()]
        write_lines(folder / f"flips-{number}.jsonl", flips)
