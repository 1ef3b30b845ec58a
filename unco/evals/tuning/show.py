"""Show sweeps and policies in the terminal."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.evals.metrics.bootstrap import Interval
from unco.evals.metrics.paper import Task
from unco.evals.tuning.check_policy import PolicyCheck
from unco.evals.tuning.outcomes import Outcomes
from unco.evals.tuning.sweep import FIGURE_4, sweep_one
from unco.show import visible
from unco.tools.extraction.policy import Estimate, Policy
from unco.types import ATTRIBUTES, Thresholds

SHOWN = FIGURE_4[::2]
"""Thresholds that are shown: from 0 to 1 in steps of 0.1."""


def show_sweeps(outcomes: Outcomes, thresholds: Thresholds, task: Task, console: Console) -> None:
    """Print F1 and calls for each threshold by itself from 0 to 1, the others as chosen: the paper's Figure 4."""
    values = [value for value in SHOWN if all(value >= outcomes.about.floor.of(name) for name in ATTRIBUTES)]
    console.print(f"{task} F1 / calls per entity, one threshold moved, the others as chosen:")
    table = Table("threshold")
    for name in ATTRIBUTES:
        table.add_column(name, justify="right")
    counted = outcomes.dropping(thresholds.drop)
    sweeps = [sweep_one(counted, name, thresholds, values) for name in ATTRIBUTES]
    for row, value in enumerate(values):
        cells = (
            f"{100 * one.f1(task).ravel()[row]:.2f} / {one.calls.ravel()[row] / max(one.predicted, 1):.2f}"
            for one in sweeps
        )
        table.add_row(f"{value:.1f}", *cells)
    console.print(table)


def show_policy(policy: Policy, console: Console) -> None:
    """Print a policy's thresholds, its expectations and its caveats."""
    console.print(Text(visible(policy.method), style="bold"))
    if policy.promise:
        console.print(Text(f"promise: {visible(policy.promise)}"))
    chosen = ", ".join(f"{name} {getattr(policy.thresholds, name):.4g}" for name in ATTRIBUTES)
    dropped = "" if policy.thresholds.drop == 1.0 else f"; dropped above a doubt of {policy.thresholds.drop:.4g}"
    recall = policy.thresholds.recall
    near = "" if recall is None else f"; asked about missed entities above a near miss's chance of {recall:.4g}"
    whose = "thresholds" if policy.gain is None else "each entity has thresholds of its own; where it has none"
    console.print(f"{whose}: {chosen}{dropped}{near}", soft_wrap=True)
    levels = [(name, policy.accept.as_accept().of(name)) for name in ATTRIBUTES]
    if any(level is not None for _, level in levels):
        shown = ", ".join(f"{name} {level:.4g}" for name, level in levels if level is not None)
        console.print(f"belief that a change needs: {shown}")
    for sentence in () if policy.gain is None else policy.gain.learned:
        console.print(Text(f"learned: {visible(sentence)}"))
    console.print(_estimates("Expected", policy.expected))
    for note in policy.notes:
        console.print(Text(f"note: {visible(note)}", style="yellow"))


def show_check(check: PolicyCheck, policy: Policy, console: Console) -> None:
    """Print what a policy does on other posts, beside what it expected."""
    console.print(_estimates("On these posts", check.found, policy.expected))
    for warning in check.warnings:
        console.print(Text(f"warning: {visible(warning)}", style="yellow"))
    if not check.warnings:
        console.print("these are the posts and the checkpoint that the policy was made with")


def show_against(found: Mapping[str, Interval], console: Console) -> None:
    """Print how a policy differs from another on the same posts."""
    console.print(_estimates("Against the other policy", found))


def _estimates(
    title: str,
    found: Mapping[str, Estimate] | Mapping[str, Interval],
    before: Mapping[str, Estimate] | None = None,
) -> Table:
    headings = ("", "here", "95 % interval") + (() if before is None else ("expected", "95 % interval"))
    table = Table(*headings, title=title, title_justify="left")
    for name, one in found.items():
        wanted = () if before is None else _cells(name, before.get(name))
        table.add_row(visible(name), *_cells(name, one), *wanted)
    return table


def _cells(name: str, one: Estimate | Interval | None) -> tuple[str, str]:
    if one is None:
        return "unknown", ""
    scale, unit = (1, "") if " per " in name else (100, " %")
    return f"{scale * one.value:.2f}{unit}", f"{scale * one.low:.2f} to {scale * one.high:.2f}"
