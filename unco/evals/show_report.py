"""A model's report as a table in the terminal."""

from rich.console import Console
from rich.table import Table

from unco.evals.model_report import ModelReport, NamesReport, SplitReport
from unco.types import Attribute


def show_report(report: ModelReport, console: Console) -> None:
    """Print dev and test side by side; F1, precision, recall and accuracy in percent, the rest in [0, 1]."""
    table = Table("", "dev", "test")
    for name, row in rows(report.dev).items():
        table.add_row(name, row, rows(report.test)[name])
    console.print(table)


def rows(split: SplitReport) -> dict[str, str]:
    """What is shown of one split, by name."""
    scores = {f"MNER F1, {name}": f"{100 * found.f1:.2f}" for name, found in split.schemes.items()}
    first = next(iter(split.schemes.values()))
    return {
        "posts": str(split.posts),
        **scores,
        "precision / recall, first of these": f"{100 * first.precision:.2f} / {100 * first.recall:.2f}",
        "MNER F1, same, decoder alone": f"{100 * split.decoder_alone:.2f}",
        "groundable or not, simulated regions": f"{100 * split.groundable:.2f}",
        "recall of names seen / unseen in training": f"{100 * split.seen.recall:.2f} / {100 * split.unseen.recall:.2f}",
        "mean span uncertainty, seen / unseen": _means("span", split.seen, split.unseen),
        "mean type uncertainty, seen / unseen": _means("type", split.seen, split.unseen),
        "AUROC wrong span: own / 1 - confidence": _aurocs("span", split),
        "AUROC wrong type, right span: same": _aurocs("type", split),
        "AUROC wrong groundable, right span: same": _aurocs("region", split),
    }


def _means(attribute: str, seen: NamesReport, unseen: NamesReport) -> str:
    return f"{getattr(seen, attribute):.3f} / {getattr(unseen, attribute):.3f}"


def _aurocs(attribute: Attribute, split: SplitReport) -> str:
    values = (getattr(split.estimators[name], attribute).auroc for name in ("own", "confidence"))
    return " / ".join("-" if value is None else f"{value:.3f}" for value in values)
