"""`unco tune`: record or read paths, choose thresholds, write a policy; or check one."""

from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.text import Text

from unco.context import Context
from unco.errors import SettingsError
from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
from unco.evals.formats.detect_format import training_names
from unco.evals.tuning.accept_levels import at_levels, choose_levels, reports_confidence
from unco.evals.tuning.check_policy import PolicyCheck, check_policy
from unco.evals.tuning.gain.against import against, under_policy
from unco.evals.tuning.gain.choose import at_gain
from unco.evals.tuning.make_policy import make_policy
from unco.evals.tuning.methods import TuningGoal, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recall_threshold import expect_recall
from unco.evals.tuning.recorded.paths import ALL, Recording, read_paths, write_paths
from unco.evals.tuning.recorded.record import record_experiment
from unco.evals.tuning.show import show_against, show_check, show_policy, show_sweeps
from unco.small_model.fingerprint import fingerprint_of
from unco.tools.extraction.policy import Policy, read_policy, write_policy
from unco.types import Accept, Thresholds

SIMULATED = (
    "The MLLM is simulated: it knows the gold answers and errs as told. What follows shows shapes, never quality."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerSource:
    """Where the MLLM's answers come from: a recording, or an experiment to record."""

    paths: Path | None = None
    experiment: ExperimentChoices | None = None
    context: Context = Context()
    """Context of the recording: prompts, and the thresholds that they state."""
    floor: Thresholds = ALL
    record: Path | None = None
    """File to save a new recording in; None = it is not saved."""


def run_tuning(source: AnswerSource, goal: TuningGoal, out: Path, console: Console) -> Policy:
    """Choose thresholds and write a policy.

    Raises:
        DataError: data or recording cannot be read, or are too few for what is wanted.
        SettingsError: something wanted is out of range.
    """
    recording = recorded_answers(source, console)
    accept = choose_levels(recording, goal.task) if reports_confidence(recording) else Accept()
    recording = at_levels(recording, accept)
    outcomes = outcomes_of(recording)
    chosen = choose(recording, outcomes, goal)
    if chosen.gain is None:
        show_sweeps(outcomes, chosen.thresholds, goal.task, console)
    else:
        recording = at_gain(recording, chosen.gain)
        outcomes = outcomes_of(recording)
    policy = make_policy(recording, outcomes, chosen, accept)
    show_policy(policy, console)
    write_policy(policy, out)
    console.print(Text(f"written to {out}; use it with `unco extract --policy {out}` or UNCO_POLICY"))
    return policy


def run_check(source: AnswerSource, policy: Path, console: Console, other: Path | None = None) -> PolicyCheck:
    """Check what a policy does on posts, and whether they are those it was made with.

    Args:
        source: of the answers.
        policy: its file.
        console: to print to.
        other: file of a policy to compare it with; None = none.

    Raises:
        SettingsError: the policy cannot be used.
        DataError: as of `run_tuning`.
    """
    read, second = read_policy(policy), None if other is None else read_policy(other)
    recall = read.thresholds.recall
    context = source.context if recall is None else replace(source.context, recall_threshold=1.0)
    recording = recorded_answers(replace(source, context=context), console)
    check = check_policy(read, outcomes_of(under_policy(recording, read)))
    check = replace(check, found={**check.found, **expect_recall(recording, recall)})
    show_check(check, read, console)
    if second is not None:
        show_against(against(recording, read, second), console)
    return check


def recorded_answers(source: AnswerSource, console: Console) -> Recording:
    """Read a recording, or make one.

    Raises:
        SettingsError: there is nothing to read and nothing to record, or both.
    """
    if (source.paths is None) == (source.experiment is None):
        raise SettingsError("give either answers recorded before (--paths) or posts to record them of (--gold)")
    if source.paths is not None:
        recording = read_paths(source.paths)
    else:
        assert source.experiment is not None
        with open_experiment(source.experiment) as experiment:
            checkpoint = fingerprint_of(source.experiment.checkpoint, source.experiment.scheme)
            names = training_names(source.experiment.gold)
            recording = record_experiment(experiment, checkpoint, source.context, source.floor, names)
    if source.record is not None:
        write_paths(recording, source.record)
    if recording.simulated:
        console.print(SIMULATED, soft_wrap=True)
    return recording
