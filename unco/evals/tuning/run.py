"""`unco tune`: record or read paths, choose thresholds, write a policy; or check one."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from unco.errors import DataError
from unco.evals.tuning.check_policy import PolicyCheck, check_policy
from unco.evals.tuning.make_policy import make_policy
from unco.evals.tuning.methods import Wanted, choose
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.paths import Recorded, data_hash, read_paths, write_paths
from unco.evals.tuning.show import show_check, show_policy, show_sweeps
from unco.evals.tuning.simulated_posts import Simulating, read_gold_posts, record_simulated
from unco.tools.policy import Policy, read_policy, write_policy
from unco.types import GoldPost

SIMULATED = (
    "The MLLM is simulated: it knows the gold answers and errs as told. What follows shows shapes, never quality."
)


def run_tuning(
    where: Simulating, paths: Path | None, record: Path | None, wanted: Wanted, out: Path, console: Console
) -> Policy:
    """Choose thresholds and write a policy.

    Args:
        where: which posts, and who answers where nothing is recorded yet.
        paths: recorded before; None = record now.
        record: where to keep what is recorded now; None = nowhere.
        wanted: how to choose.
        out: for the policy.
        console: to print to.

    Raises:
        DataError: data or recording cannot be read, or are of different posts.
        SettingsError: something wanted is out of range.
    """
    gold = read_gold_posts(where)
    recorded = _recorded(where, paths, record, gold, console)
    outcomes = outcomes_of(recorded, gold)
    chosen = choose(recorded, outcomes, wanted)
    policy = make_policy(recorded, outcomes, chosen)
    show_sweeps(outcomes, chosen.thresholds, wanted.task, console)
    show_policy(policy, console)
    write_policy(policy, out)
    console.print(Text(f"written to {out}; use it with `unco extract --policy {out}` or UNCO_POLICY"))
    return policy


def run_check(
    where: Simulating, paths: Path | None, record: Path | None, policy: Path, console: Console
) -> PolicyCheck:
    """See what a policy does on posts, and whether they are those it was made with.

    Raises:
        SettingsError: the policy is none.
        DataError: as of `run_tuning`.
    """
    read = read_policy(policy)
    gold = read_gold_posts(where)
    check = check_policy(read, outcomes_of(_recorded(where, paths, record, gold, console), gold))
    show_check(check, read, console)
    return check


def _recorded(
    where: Simulating, paths: Path | None, record: Path | None, gold: Sequence[GoldPost], console: Console
) -> Recorded:
    recorded = record_simulated(where) if paths is None else read_paths(paths)
    if record is not None:
        write_paths(recorded, record)
    if recorded.about.simulated:
        console.print(SIMULATED, soft_wrap=True)
    if recorded.about.data_sha256 not in ("", data_hash(gold)):
        raise DataError(f"{paths} was recorded from other posts, or from other gold, than --data, --split and --posts")
    return recorded
