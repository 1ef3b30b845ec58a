"""A model's report as a table in the terminal."""

from rich.console import Console
from rich.table import Table

from unco.evals.model_report import ModelReport, SplitReport


def show_report(report: ModelReport, console: Console) -> None:
    """Print dev and test side by side; F1, precision, recall and accuracy in percent, AUROC in [0, 1]."""
    table = Table("", "dev", "test")
    for name, row in rows(report.dev).items():
        table.add_row(name, row, rows(report.test)[name])
    console.print(table)


def rows(split: SplitReport) -> dict[str, str]:
    """What is shown of one split, by name."""
    return {
        "posts": str(split.posts),
        "MNER precision / recall": f"{100 * split.precision:.2f} / {100 * split.recall:.2f}",
        "MNER F1 (text alone)": f"{100 * split.f1:.2f}",
        "groundable or not, simulated regions": f"{100 * split.groundable:.2f}",
        "AUROC wrong span: MC dropout / 1 - confidence": _pair(split.mc_dropout.span, split.confidence.span),
        "AUROC wrong type, right span: same": _pair(split.mc_dropout.type, split.confidence.type),
    }


def _pair(first: float | None, second: float | None) -> str:
    return " / ".join("-" if value is None else f"{value:.3f}" for value in (first, second))
