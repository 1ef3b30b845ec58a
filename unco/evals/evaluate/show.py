"""Show an evaluation as tables in the terminal; ratios in percent."""

from collections.abc import Mapping

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.evals.evaluate.compare_runs import Comparison, Difference
from unco.evals.evaluate.evaluate import DropEffect, Evaluation
from unco.evals.evaluate.scoring import Line, NotScored
from unco.evals.evaluate.uncertainty_report import QualityByGroup, UncertaintyQuality
from unco.evals.metrics.bootstrap import Interval
from unco.show import visible

HEADINGS = ("", "P", "R", "F1", "95 % interval", "right / predicted / gold")


def show_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print scores, baselines, types, and what else was asked for, with the reason where something is not scored."""
    console.print(
        f"protocol {evaluation.protocol} (not comparable with the others): {evaluation.posts} posts, "
        f"{evaluation.gold} entities, {evaluation.predicted} predicted"
    )
    for note in evaluation.notes:
        console.print(Text(f"note: {visible(note)}", style="yellow"))
    scores = evaluation.scores
    for name, scheme in scores.schemes.items():
        console.print(_lines(f"All types, {name}", {("", task): line for task, line in scheme.tasks.items()}))
    if evaluation.drop is not None:
        _show_drop(evaluation.drop, console)
    console.print(_lines("Same spans and types, trivial regions", scores.baselines))
    for name, scheme in scores.schemes.items():
        console.print(_lines(f"Each type by itself, {name}", scheme.types))
    if evaluation.against is not None:
        console.print(_comparison("Against the other predictions", evaluation.against))
    if evaluation.uncertainty is not None:
        console.print(_uncertainty(evaluation.uncertainty))
        console.print(_reliability(evaluation.uncertainty))


def _lines(title: str, lines: Mapping[tuple[str, str], Line]) -> Table:
    table = Table(*HEADINGS, title=title, title_justify="left")
    for key, line in lines.items():
        name = Text(visible(", ".join(filter(None, key))))
        if isinstance(line, NotScored):
            table.add_row(name, "", "", "", Text(f"not scored: {line.reason}"))
            continue
        score = line.score
        ratios = (_percent(score.precision), _percent(score.recall), _percent(line.f1.value))
        table.add_row(name, *ratios, _bounds(line.f1), f"{score.correct} / {score.predicted} / {score.gold}")
    return table


def _show_drop(drop: DropEffect, console: Console) -> None:
    console.print(f"{drop.dropped} entities were dropped as too doubtful. With them, and gained by dropping them:")
    for name, scheme in drop.without.schemes.items():
        lines = {("", task): line for task, line in scheme.tasks.items()}
        console.print(_lines(f"All types, {name}, the dropped ones kept", lines))
    console.print(_comparison("Gained by dropping", drop.gained))


def _comparison(title: str, comparison: Comparison) -> Table:
    headings = ("", "F1 gained", "95 % interval", "", "right here alone / there alone", "McNemar p")
    table = Table(*headings, title=title, title_justify="left")
    for (scheme, task), found in comparison.items():
        name = Text(f"{task}, {scheme}")
        if isinstance(found, NotScored):
            table.add_row(name, "", f"not scored: {found.reason}")
        else:
            table.add_row(name, *_difference(found))
    return table


def _difference(found: Difference) -> tuple[str, ...]:
    alone = f"{found.only_first} / {found.only_other}"
    return f"{100 * found.f1.value:+.2f}", _bounds(found.f1, "+"), found.verdict, alone, f"{found.p:.3g}"


def _uncertainty(groups: QualityByGroup) -> Table:
    headings = ("", "wrong / judged", "AUROC", "ties 0 (Eq. 16)", "AUPR", "AURC", "ECE")
    caption = "- = cannot be measured: nothing is wrong, nothing is right, or, for ECE, values leave [0, 1]"
    table = Table(*headings, title="How well uncertainty finds what is wrong", title_justify="left", caption=caption)
    for (group, attribute), found in groups.items():
        name = Text(visible(f"{attribute}, {group}"))
        if isinstance(found, NotScored):
            table.add_row(name, Text(f"not scored: {found.reason}"))
            continue
        values = (found.auroc, found.strict_auroc, found.average_precision)
        risks = (found.area_under_risk, found.calibration_error)
        cells = ("-" if value is None else f"{value:.3f}" for value in (*values, *risks))
        table.add_row(name, f"{found.wrong} / {found.count}", *cells)
    return table


def _reliability(groups: QualityByGroup) -> Table:
    table = Table("", "stated", "wrong", "count", title="Stated and true chance of being wrong", title_justify="left")
    for (group, attribute), found in groups.items():
        if group == "all" and isinstance(found, UncertaintyQuality):
            for held in found.bins:
                table.add_row(attribute, f"{held.stated:.3f}", f"{held.wrong:.3f}", str(held.count))
    return table


def _percent(ratio: float) -> str:
    return f"{100 * ratio:.2f}"


def _bounds(interval: Interval, sign: str = "") -> str:
    return f"{100 * interval.low:{sign}.2f} to {100 * interval.high:{sign}.2f}"
