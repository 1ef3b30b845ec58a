"""Arms side by side, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from unco.evals.ab.run import ArmRun, corrections, outcomes
from unco.evals.metrics.paper import THREE_TASKS

SIMULATED = (
    "The MLLM is simulated: it knows the gold answers and errs as its profile says. Scores reached with it say how the "
    "variants differ in shape, nothing about any model. Token counts and money are simulated too."
)


def show_arms(runs: Sequence[ArmRun], console: Console) -> None:
    """Print a row for each arm; ratios are to the variant "correct_all", where that was run."""
    if any(note.simulated for run in runs for note in corrections(run)):
        console.print(SIMULATED, style="magenta")
    table = Table(title=f"{runs[0].report.posts} posts" if runs else None)
    for heading in (
        "arm", "GMNER", "MNER", "EEG", "calls", "calls / entity", "tokens", "$", "better", "worse", "seconds",
        "ratio of calls / tokens / $",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "arm" else "right")
    everything = next((run for run in runs if run.arm.variant == "correct_all"), None)
    for run in runs:
        table.add_row(*_row(run), _ratios(run, everything))
    console.print(table)


def show_outcomes(runs: Sequence[ArmRun], console: Console) -> None:
    """Print what became of the attributes, by arm."""
    for run in runs:
        for attribute, counts in outcomes(run).items():
            said = ", ".join(f"{outcome} {count}" for outcome, count in counts.items() if count)
            console.print(f"{run.name} {attribute}: {said or 'nothing'}", soft_wrap=True)


def _row(run: ArmRun) -> list[str]:
    tasks = run.report.tasks
    return [
        run.name,
        *(f"{100 * tasks[task].f1:.2f}" for task in THREE_TASKS),
        f"{run.usage.calls:,}",
        f"{run.usage.calls / run.entities:.2f}" if run.entities else "-",
        f"{run.tokens:,}",
        "unknown" if run.usage.cost is None else f"{run.usage.cost:.2f}",
        str(run.changes.better),
        str(run.changes.worse),
        f"{run.seconds:.1f}",
    ]


def _ratios(run: ArmRun, everything: ArmRun | None) -> str:
    if everything is None or not everything.usage.calls or not everything.usage.cost or run.usage.cost is None:
        return "-"
    calls, spoken = run.usage.calls / everything.usage.calls, run.tokens / everything.tokens
    return f"{calls:.2f} / {spoken:.2f} / {run.usage.cost / everything.usage.cost:.2f}"
