"""Compare all uncertainty estimators on the same predictions, and average over training runs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from rich.console import Console
from rich.table import Table

from unco.errors import DataError
from unco.evals.data.gold_types import by_scheme
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.config import ESTIMATORS, Estimator, estimators_of
from unco.small_model.predictor import Predictor
from unco.training.calibrate import can_estimate
from unco.training.ensemble import ENSEMBLES, load_others
from unco.training.estimator_report import (
    EstimatorReport,
    Predictions,
    SplitInputs,
    normalised,
    report_predictions,
)
from unco.training.examples.data_paths import DataPaths, check_captions, make_input_builder, read_split
from unco.training.model_report import make_split_inputs
from unco.training.show_report import AUROC_FIELDS

Columns = dict[str, dict[str, EstimatorReport]]
"""Reports by estimator and split."""
ESTIMATORS_FILE = "estimators.json"
"""File that `measure_estimators` writes beside a checkpoint."""
MEASURED = {**ESTIMATORS, **ENSEMBLES}
"""Estimators by name, with those of an ensemble."""


def measure_estimators(paths: DataPaths, checkpoint: Path, others: Sequence[Path] = ()) -> Columns:
    """Measure every estimator on dev and test and write `estimators.json` beside the checkpoint.

    Args:
        paths: of the data.
        checkpoint: its folder.
        others: folders of checkpoints to measure an ensemble with it; none = no ensemble is measured.

    Raises:
        SettingsError: another checkpoint differs in its labels or in what it reads.
    """
    predictor = from_pretrained(checkpoint).to("cpu")
    predictor = replace(predictor, others=load_others(predictor, others))
    config = predictor.network.config
    check_captions(paths, config)
    build_input = make_input_builder(paths, read_split(paths, config.label_scheme, "train"), config.people)
    split_inputs = {split: make_split_inputs(_gold(predictor, paths, split), build_input) for split in ("dev", "test")}
    found = {split: _predict_all(predictor, view) for split, view in split_inputs.items()}
    columns: Columns = {name: {} for name in found["dev"]}
    for name, row in columns.items():
        for split, view in split_inputs.items():
            text, pictures = (
                normalised(seen, dev, MEASURED[name])
                for seen, dev in zip(found[split][name], found["dev"][name], strict=True)
            )
            row[split] = report_predictions(view.posts, text, pictures)
    (checkpoint / ESTIMATORS_FILE).write_text(
        json.dumps(
            {name: {split: asdict(report) for split, report in row.items()} for name, row in columns.items()}, indent=2
        )
        + "\n",
        "utf-8",
    )
    return columns


def _gold(predictor: Predictor, paths: DataPaths, split: str) -> Any:
    config, name = predictor.network.config, predictor.scheme.name
    return by_scheme(read_split(paths, config.label_scheme, split), config, name)[name]


def _predict_all(predictor: Predictor, split_inputs: SplitInputs) -> dict[str, tuple[Predictions, Predictions]]:
    chosen = {
        name: estimator
        for name, estimator in estimators_of(predictor.network.config).items()
        if can_estimate(predictor, estimator, predictor.scheme)
    }
    found = _predict(replace(predictor, others=()), split_inputs, chosen)
    return found | (_predict(predictor, split_inputs, ENSEMBLES) if predictor.others else {})


def _predict(
    predictor: Predictor, split_inputs: SplitInputs, chosen: Mapping[str, Estimator]
) -> dict[str, tuple[Predictions, Predictions]]:
    estimators_and_schemes = [(estimator, predictor.scheme) for estimator in chosen.values()]
    views = (
        predictor.predict_each(view, estimators_and_schemes) for view in (split_inputs.text, split_inputs.pictures)
    )
    return dict(zip(chosen, zip(*views, strict=True), strict=True))


def show_runs(checkpoints: Sequence[Path], console: Console) -> None:
    """Print mean and standard deviation over training runs: scores, and the estimators where they were measured.

    Raises:
        DataError: a folder holds no checkpoint with a report.
    """
    reports = [_report(folder / "config.json") for folder in checkpoints]
    table = Table("", "dev", "test", title=f"{len(checkpoints)} runs: mean (standard deviation)")
    for label, path in REPORT_ROWS.items():
        table.add_row(
            label, *(_spread([_value_at(report[split], path) for report in reports]) for split in ("dev", "test"))
        )
    console.print(table)
    measured = [_read(folder / ESTIMATORS_FILE) for folder in checkpoints if (folder / ESTIMATORS_FILE).is_file()]
    for name, field in AUROC_FIELDS.items() if measured else ():
        console.print(_estimators(name, field, measured))


REPORT_ROWS: dict[str, tuple[str, ...]] = {
    "MNER F1, gmner": ("schemes", "gmner", "f1"),
    "MNER F1, fmnerg": ("schemes", "fmnerg", "f1"),
    "MNER F1, gmner, decoder alone": ("decoder_alone",),
    "GMNER F1, first scheme, with regions": ("gmner",),
    "groundable or not, with regions": ("groundable",),
    "recall, seen names": ("seen", "recall"),
    "recall, unseen names": ("unseen", "recall"),
    "span uncertainty, seen names": ("seen", "span"),
    "span uncertainty, unseen names": ("unseen", "span"),
    "type uncertainty, seen names": ("seen", "type"),
    "type uncertainty, unseen names": ("unseen", "type"),
    **{
        f"{name}: {whose}": ("estimators", estimator, field, "auroc")
        for name, field in AUROC_FIELDS.items()
        for whose, estimator in (("own", "own"), ("1 - confidence", "confidence"))
    },
}
"""The figures that are averaged, with their path in a report."""


def _estimators(title: str, field: str, measured: Sequence[dict[str, Any]]) -> Table:
    heads = [f"{name} {split}" for split in ("dev", "test") for name in ("AUROC", "AUPR", "ECE")]
    table = Table("", *heads, title=f"{title.removeprefix('AUROC ')}, {len(measured)} runs, in percent")
    for name in [*ESTIMATORS, *(name for name in ENSEMBLES if any(name in run for run in measured))]:
        cells = [
            _spread([_value_at(run, (name, split, field, figure)) for run in measured])
            for split in ("dev", "test")
            for figure in ("auroc", "aupr", "ece")
        ]
        table.add_row(name, *cells)
    return table


def _spread(values: Sequence[float | None]) -> str:
    known = [100 * value for value in values if value is not None]
    if not known:
        return "-"
    return f"{mean(known):.2f} ({stdev(known):.2f})" if len(known) > 1 else f"{known[0]:.2f}"


def _value_at(data: Any, path: Sequence[str]) -> float | None:
    for name in path:
        if name not in data:
            return None
        data = data[name]
    return None if data is None else float(data)


def _report(path: Path) -> Any:
    try:
        return _read(path)["origin"]["report"]
    except (KeyError, TypeError) as error:
        raise DataError(f"{path} has no report: give the checkpoint folders of finished runs") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read: give the checkpoint folders of finished runs: {error}") from error
    return found
