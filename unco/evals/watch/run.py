"""`unco watch`: a file's results against a policy's reference, or the reference itself written into the policy."""

from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.errors import DataError
from unco.evals.formats.results import read_results
from unco.evals.watch.features import reference_of
from unco.evals.watch.watch import Watch
from unco.show import print_line
from unco.tools.extraction.policy import read_policy, write_policy


def run_watch(run: Path, policy: Path, posts_between_false_alarms: float, console: Console) -> bool:
    """Tell whether results look like the posts of a policy; True = they do not.

    Raises:
        DataError: the results cannot be read.
        SettingsError: the policy cannot be read, or has no reference.
    """
    watch = Watch.of_policy(read_policy(policy), posts_between_false_alarms)
    for result in read_results(run, partial(print_line, console=console)):
        watch.add(result)
    show_watch(watch, posts_between_false_alarms, console)
    return watch.alarm is not None


def run_learn(run: Path, policy: Path, console: Console) -> None:
    """Write what the posts of a run look like into a policy.

    Raises:
        DataError: the results cannot be read, or were run under other thresholds than the policy's.
        SettingsError: the policy cannot be read or written.
    """
    results, read = read_results(run, partial(print_line, console=console)), read_policy(policy)
    thresholds = read.thresholds.as_thresholds()
    if other := next((one.thresholds for one in results if one.thresholds != thresholds), None):
        raise DataError(
            f"{run} was run under {other}, the policy has {thresholds}: run these posts with --policy {policy}"
        )
    write_policy(read.model_copy(update={"reference": reference_of(results, thresholds)}), policy)
    console.print(Text(f"what {len(results)} posts look like is written into {policy}"), soft_wrap=True)


def show_watch(watch: Watch, posts_between_false_alarms: float, console: Console) -> None:
    """Print what is watched, before and now, and whether there is an alarm."""
    table = Table("mean of a post", "reference", "here", "of an alarm")
    for name, one in watch.table().items():
        now = "none" if one.now is None else f"{one.now:.3f}"
        table.add_row(name, f"{one.before:.3f}", now, f"{100 * min(one.evidence, 1):.1f} %")
    console.print(table)
    rate = (
        f"without a change, an alarm comes once in {posts_between_false_alarms:,.0f} posts or more rarely, and within"
        f" {watch.posts:,} posts with a chance of {100 * watch.chance_of_false_alarm(watch.posts):.1f} % at most"
    )
    if watch.alarm is None:
        console.print(f"{watch.posts} posts look like those of the policy ({rate})", soft_wrap=True)
    else:
        names = ", ".join(watch.alarm.by)
        console.print(
            Text(f"ALARM at post {watch.alarm.post} of {watch.posts}: {names} ({rate}). Look at the posts."),
            style="bold red",
            soft_wrap=True,
        )
