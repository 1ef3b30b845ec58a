"""Variants side by side, as a table."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from unco.evals.side_by_side.run import VariantRun, outcomes

SIMULATED = (
    "The MLLM is simulated: it knows the gold answers and errs as its profile says. Scores reached with it say how the "
    "variants differ in shape, nothing about any model. Token counts and money are simulated too."
)


def show_variants(runs: Sequence[VariantRun], console: Console) -> None:
    """Print a row for each variant; ratios are to "correct_all", where that was run."""
    console.print(SIMULATED, style="magenta")
    table = Table(title=f"{runs[0].report.posts} posts" if runs else None)
    for heading in (
        "variant", "GMNER", "MNER", "EEG", "calls", "calls / entity", "tokens", "$", "better", "worse", "seconds",
        "ratio of calls / tokens / $",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "variant" else "right")
    everything = next((run for run in runs if run.name == "correct_all"), None)
    for run in runs:
        table.add_row(*_row(run), _ratios(run, everything))
    console.print(table)


def show_outcomes(runs: Sequence[VariantRun], console: Console) -> None:
    """Print what became of the attributes, by variant."""
    for run in runs:
        for attribute, counts in outcomes(run).items():
            said = ", ".join(f"{outcome} {count}" for outcome, count in counts.items() if count)
            console.print(f"{run.name} {attribute}: {said or 'nothing'}", soft_wrap=True)


def _row(run: VariantRun) -> list[str]:
    tasks = run.report.tasks
    return [
        run.name,
        *(f"{100 * tasks[task].f1:.2f}" for task in ("GMNER", "MNER", "EEG")),
        f"{run.usage.calls:,}",
        f"{run.usage.calls / run.entities:.2f}" if run.entities else "-",
        f"{tokens(run):,}",
        "unknown" if run.usage.cost is None else f"{run.usage.cost:.2f}",
        str(run.better),
        str(run.worse),
        f"{run.seconds:.1f}",
    ]


def tokens(run: VariantRun) -> int:
    """Input and output; replies without counts count for nothing."""
    return (run.usage.input_tokens or 0) + (run.usage.output_tokens or 0)


def _ratios(run: VariantRun, everything: VariantRun | None) -> str:
    if everything is None or not everything.usage.calls or not everything.usage.cost or run.usage.cost is None:
        return "-"
    calls, spoken = run.usage.calls / everything.usage.calls, tokens(run) / tokens(everything)
    return f"{calls:.2f} / {spoken:.2f} / {run.usage.cost / everything.usage.cost:.2f}"
