"""Show a model's report as a table in the terminal."""

from rich.console import Console
from rich.table import Table

from unco.training.model_report import ClutterReport, ModelReport, NamesReport, SplitReport


def show_report(report: ModelReport, console: Console) -> None:
    """Print dev and test side by side; F1, precision, recall and accuracy in percent, the rest in [0, 1]."""
    table = Table("", "dev", "test")
    for row in table_rows(report):
        table.add_row(*row)
    console.print(table)


def table_rows(report: ModelReport) -> list[tuple[str, str, str]]:
    """List the rows of the table: name, dev, test."""
    dev, test = report_rows(report.dev), report_rows(report.test)
    rows = [(name, value, test[name]) for name, value in dev.items()]
    for scheme, one in report.drop.items():
        name = f"MNER F1, {scheme}, above a doubt of {one.level:.2f} dropped"
        low, high = 100 * one.gained.low, 100 * one.gained.high
        gained = f"{100 * one.test.f1:.2f} ({100 * one.gained.value:+.2f}, {low:+.2f} to {high:+.2f})"
        rows.append((name, f"{100 * one.dev.f1:.2f}", gained))
    return rows


def report_rows(split: SplitReport) -> dict[str, str]:
    """Format the figures of one split, by name."""
    scores = {f"MNER F1, {name}": f"{100 * found.f1:.2f}" for name, found in split.schemes.items()}
    first = next(iter(split.schemes.values()))
    return {
        "posts": str(split.posts),
        **scores,
        "precision / recall, first of these": f"{100 * first.precision:.2f} / {100 * first.recall:.2f}",
        "MNER F1, same, decoder alone": f"{100 * split.decoder_alone:.2f}",
        f"GMNER / EEG F1, same, with {split.shown}": f"{100 * split.gmner:.2f} / {100 * split.eeg:.2f}",
        f"groundable or not, with {split.shown}": percent(split.groundable),
        **{f"GMNER F1 / groundable, {name}, {split.shown}": _both(*one) for name, one in split.other_choices.items()},
        "recall of names seen / unseen in training": f"{percent(split.seen.recall)} / {percent(split.unseen.recall)}",
        "mean span uncertainty, seen / unseen": _means("span", split.seen, split.unseen),
        "mean type uncertainty, seen / unseen": _means("type", split.seen, split.unseen),
        **{_auroc_name(name, field, split): _aurocs(field, split) for name, field in AUROC_FIELDS.items()},
        f"ECE wrong region, right span, {split.shown}: own / 1 - confidence": " / ".join(
            three_decimals(split.estimators[name].region.ece) for name in ("own", "confidence")
        ),
        **(_clutter_rows(split.clutter) if split.clutter else {}),
    }


def _clutter_rows(found: ClutterReport) -> dict[str, str]:
    """Format the scores of regions that are simulated in clutter, by name."""
    shown, qualities = "simulated regions in clutter", (found.own, found.confidence)
    others = {f"GMNER F1 / groundable, {name}, {shown}": _both(*both) for name, both in found.other_choices.items()}
    doubts = {
        f"{figure.upper()} wrong region, {shown}: own / 1 - confidence": " / ".join(
            three_decimals(getattr(quality, figure)) for quality in qualities
        )
        for figure in ("auroc", "ece")
    }
    return {
        f"GMNER / EEG F1, {shown}": f"{100 * found.gmner:.2f} / {100 * found.eeg:.2f}",
        f"groundable or not, {shown}": percent(found.groundable),
        **others,
        **doubts,
    }


AUROC_FIELDS = {
    "AUROC wrong span": "span",
    "AUROC wrong type, right span": "type",
    "AUROC wrong groundable, right span": "groundable",
    "AUROC wrong region, right span": "region",
}
"""Fields of an estimator's report, by the name that is shown."""


def percent(share: float | None) -> str:
    """Format a share in [0, 1] in percent; "-" where it could not be measured."""
    return "-" if share is None else f"{100 * share:.2f}"


def _both(gmner: float, groundable: float | None) -> str:
    return f"{100 * gmner:.2f} / {percent(groundable)}"


def _means(attribute: str, seen: NamesReport, unseen: NamesReport) -> str:
    return " / ".join(three_decimals(getattr(names, attribute)) for names in (seen, unseen))


def _auroc_name(name: str, field: str, split: SplitReport) -> str:
    shown = f", {split.shown}" if field in ("groundable", "region") else ""
    return f"{name}{shown}: own / 1 - confidence"


def _aurocs(field: str, split: SplitReport) -> str:
    return " / ".join(three_decimals(getattr(split.estimators[name], field).auroc) for name in ("own", "confidence"))


def three_decimals(value: float | None) -> str:
    """Format a number in [0, 1]; "-" where it could not be measured."""
    return "-" if value is None else f"{value:.3f}"
