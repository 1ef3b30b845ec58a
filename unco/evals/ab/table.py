"""Show arms side by side, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from unco.evals.ab.run import ArmRun, corrections, outcome_counts
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
    correct_all = next((run for run in runs if run.arm.variant == "correct_all"), None)
    for run in runs:
        table.add_row(*_row(run), _ratios(run, correct_all))
    console.print(table)


def show_outcomes(runs: Sequence[ArmRun], console: Console) -> None:
    """Print how often each outcome came, by arm and attribute."""
    for run in runs:
        for attribute, counts in outcome_counts(run).items():
            parts = ", ".join(f"{outcome} {count}" for outcome, count in counts.items() if count)
            console.print(f"{run.name} {attribute}: {parts or 'nothing'}", soft_wrap=True)


def _row(run: ArmRun) -> list[str]:
    tasks = run.report.tasks
    return [
        run.name,
        *(f"{100 * tasks[task].f1:.2f}" for task in THREE_TASKS),
        f"{run.usage.calls:,}",
        f"{run.usage.calls / run.entities:.2f}" if run.entities else "-",
        f"{run.tokens:,}",
        "unknown" if run.usage.cost is None else f"{run.usage.cost:.2f}",
        str(run.effects.better),
        str(run.effects.worse),
        f"{run.seconds:.1f}",
    ]


def _ratios(run: ArmRun, correct_all: ArmRun | None) -> str:
    if correct_all is None or not correct_all.usage.calls or not correct_all.usage.cost or run.usage.cost is None:
        return "-"
    calls, tokens = run.usage.calls / correct_all.usage.calls, run.tokens / correct_all.tokens
    return f"{calls:.2f} / {tokens:.2f} / {run.usage.cost / correct_all.usage.cost:.2f}"
