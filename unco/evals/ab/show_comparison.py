"""Show a comparison of arms as tables in the terminal; ratios in percent."""

from collections.abc import Sequence
from textwrap import shorten
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.evals.ab.compare import AgainstFirst, ArmComparison
from unco.evals.ab.experiment import Experiment
from unco.evals.ab.flips import Flip, flip_to_dict
from unco.evals.ab.run import ArmRun, corrections
from unco.evals.ab.simulated import show_simulation
from unco.evals.ab.table import SIMULATED
from unco.evals.ab.unanswered import unanswered
from unco.evals.evaluate.scoring import NotScored
from unco.evals.metrics.added import Added
from unco.evals.metrics.bootstrap import Interval
from unco.evals.metrics.paper import THREE_TASKS
from unco.show import visible

CHANCE_NOTE = "Of arms that are equal, one comparison in twenty falls outside its interval by chance."
COST_NOTE = (
    "$: if no reply had been cached. seconds: of all calls made now, added up. better, worse: attributes that "
    "corrections put right or spoilt. harm: of the right ones that were asked about, the share that was spoilt. "
    "dropped: entities left out as too doubtful. added: by recall, and those of right words and type; AUROC: of the "
    "doubt of what was added."
)

LONGEST = 160
"""Most characters of a reasoning that are printed."""

MOST_SHOWN = 5
"""Flips of each kind that are printed; all are in the files of --out."""


def show_comparison(comparison: ArmComparison, experiment: Experiment, console: Console) -> None:
    """Print scores, differences from the first arm, cost and harm, and some flips with their reasoning."""
    if any(note.simulated for run in comparison.runs for note in corrections(run)):
        console.print(SIMULATED, style="magenta")
    for number, run in enumerate(comparison.runs, start=1):
        console.print(Text(f"arm {number}: {visible(run.name)}"))
        if (gaps := unanswered(run)).notes:
            console.print(f"arm {number}: {gaps}, and is compared without", style="red", soft_wrap=True)
    console.print(_scores(comparison))
    for number, other in enumerate(comparison.others, start=2):
        console.print(_differences(other, number))
    console.print(CHANCE_NOTE, style="dim")
    console.print(_costs(comparison.runs))
    for number, other in enumerate(comparison.others, start=2):
        _show_flips(other, number, experiment, console)
    show_simulation(experiment, console)


def _scores(comparison: ArmComparison) -> Table:
    table = Table("arm", *THREE_TASKS, title=f"F1 over {len(comparison.first.results)} posts, 95 % interval")
    for number, f1 in enumerate(comparison.f1, start=1):
        table.add_row(str(number), *(_interval(f1[task]) for task in THREE_TASKS))
    return table


def _differences(one: AgainstFirst, number: int) -> Table:
    headings = ("", "F1", "95 % interval", "", f"right in {number} / 1 alone", "McNemar p")
    table = Table(*headings, title=f"Arm {number} against arm 1")
    for task, found in one.difference.items():
        if isinstance(found, NotScored):
            table.add_row(task, "", f"not scored: {found.reason}")
            continue
        alone = f"{found.only_first} / {found.only_other}"
        verdict = Text(found.verdict, style="dim" if found.verdict == "within noise" else "bold")
        table.add_row(task, f"{100 * found.f1.value:+.2f}", _bounds(found.f1), verdict, alone, f"{found.p:.3g}")
    return table


def _costs(runs: Sequence[ArmRun]) -> Table:
    headings = ("arm", "calls", "/ entity", "tokens", "$", "seconds", "better", "worse", "harm")
    drops, adds = any(run.dropped for run in runs), any(run.added.count for run in runs)
    more = (*(("dropped",) if drops else ()), *(("added", "AUROC") if adds else ()))
    table = Table(*headings, *more, title="Cost and harm", caption=COST_NOTE)
    for number, run in enumerate(runs, start=1):
        table.add_row(
            str(number),
            f"{run.usage.calls:,}",
            f"{run.usage.calls / run.entities:.2f}" if run.entities else "-",
            f"{run.tokens:,}",
            "unknown" if run.full_cost is None else f"{run.full_cost:.3f}",
            f"{run.call_seconds:.1f}",
            str(run.effects.better),
            str(run.effects.worse),
            "-" if run.effects.harm_rate is None else f"{100 * run.effects.harm_rate:.1f} %",
            *((f"{run.dropped:,}",) if drops else ()),
            *(_added(run.added) if adds else ()),
        )
    return table


def _added(added: Added) -> tuple[str, str]:
    return f"{added.count:,}, {added.right:,} right", "-" if added.auroc is None else f"{added.auroc:.3f}"


def _show_flips(one: AgainstFirst, number: int, experiment: Experiment, console: Console) -> None:
    if one.flips is None:
        console.print(f"arm {number}: no flips, for it does not start from the entities of arm 1")
        return
    gained = [flip for flip in one.flips if flip.gained]
    lost = [flip for flip in one.flips if not flip.gained]
    console.print(f"arm {number}: {len(gained)} attributes wrong -> right, {len(lost)} right -> wrong", soft_wrap=True)
    tokens = {post.id: post.tokens for post in experiment.gold}
    for flip in (*lost[:MOST_SHOWN], *gained[:MOST_SHOWN]):
        console.print(_line(flip, tokens[flip.post]), soft_wrap=True)


def _line(flip: Flip, tokens: Sequence[str]) -> Text:
    plain = flip_to_dict(flip, tokens)
    sides = [f"{side['value']!r} ({_why(side)})" for side in (plain["other"], plain["first"])]
    line = f"  {plain['flip']} {flip.attribute} of {flip.text!r} in {flip.post}: {sides[0]}, in arm 1 {sides[1]}"
    return Text(visible(line), style="green" if flip.gained else "red")


def _why(side: dict[str, Any]) -> str:
    """Describe an outcome, with its reasoning or detail where there is one."""
    why = "simulated" if side["simulated"] else side["reasoning"] or side["detail"]
    return f"{side['outcome']}: {shorten(why, LONGEST)}" if why else str(side["outcome"])


def _interval(interval: Interval) -> str:
    return f"{100 * interval.value:.2f} ({100 * interval.low:.1f} to {100 * interval.high:.1f})"


def _bounds(interval: Interval) -> str:
    return f"{100 * interval.low:+.2f} to {100 * interval.high:+.2f}"
