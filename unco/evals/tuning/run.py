"""`unco tune`: record or read paths, choose thresholds, write a policy; or check one."""

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from unco.context import Context
from unco.errors import SettingsError
from unco.evals.ab.open_experiment import ArenaChoices, open_arena
from unco.evals.tuning.check_policy import PolicyCheck, check_policy
from unco.evals.tuning.make_policy import make_policy
from unco.evals.tuning.methods import Wanted, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.paths import ALL, Recorded, read_paths, write_paths
from unco.evals.tuning.recorded.record import record_arena
from unco.evals.tuning.show import show_check, show_policy, show_sweeps
from unco.small_model.fingerprint import fingerprint_of
from unco.tools.extraction.policy import Policy, read_policy, write_policy
from unco.types import Thresholds

SIMULATED = (
    "The MLLM is simulated: it knows the gold answers and errs as told. What follows shows shapes, never quality."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Where answers come from: a recording, or an arena to record."""

    paths: Path | None = None
    arena: ArenaChoices | None = None
    context: Context = Context()
    """Of the recording: prompts, and the thresholds that they state."""
    floor: Thresholds = ALL
    record: Path | None = None
    """Where to keep what is recorded now; None = nowhere."""


def run_tuning(answers: Answers, wanted: Wanted, out: Path, console: Console) -> Policy:
    """Choose thresholds and write a policy.

    Raises:
        DataError: data or recording cannot be read, or are too few for what is wanted.
        SettingsError: something wanted is out of range.
    """
    recorded = recorded_answers(answers, console)
    outcomes = outcomes_of(recorded)
    chosen = choose(recorded, outcomes, wanted)
    policy = make_policy(recorded, outcomes, chosen)
    show_sweeps(outcomes, chosen.thresholds, wanted.task, console)
    show_policy(policy, console)
    write_policy(policy, out)
    console.print(Text(f"written to {out}; use it with `unco extract --policy {out}` or UNCO_POLICY"))
    return policy


def run_check(answers: Answers, policy: Path, console: Console) -> PolicyCheck:
    """See what a policy does on posts, and whether they are those it was made with.

    Raises:
        SettingsError: the policy is none.
        DataError: as of `run_tuning`.
    """
    read = read_policy(policy)
    check = check_policy(read, outcomes_of(recorded_answers(answers, console)))
    show_check(check, read, console)
    return check


def recorded_answers(answers: Answers, console: Console) -> Recorded:
    """Read or record.

    Raises:
        SettingsError: there is nothing to read and nothing to record, or both.
    """
    if (answers.paths is None) == (answers.arena is None):
        raise SettingsError("give either answers recorded before (--paths) or posts to record them of (--gold)")
    if answers.paths is not None:
        recorded = read_paths(answers.paths)
    else:
        assert answers.arena is not None
        with open_arena(answers.arena) as arena:
            checkpoint = fingerprint_of(answers.arena.checkpoint, answers.arena.scheme)
            recorded = record_arena(arena, checkpoint, answers.context, answers.floor)
    if answers.record is not None:
        write_paths(recorded, answers.record)
    if recorded.about.simulated:
        console.print(SIMULATED, soft_wrap=True)
    return recorded
