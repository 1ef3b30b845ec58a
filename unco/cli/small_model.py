"""Commands about the small model: train, score, compare, prepare regions."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app
from unco.cli.experiment_options import Detector

Data = Annotated[Path, typer.Option(help="Gold posts: a folder with train, dev and test, or one file of all.")]
Boxes = Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")]
RegionFiles = Annotated[Path | None, typer.Option(help="Region files (`unco regions`); default: simulated regions.")]
Captions = Annotated[Path | None, typer.Option(help="Folder of caption files; default: none are read.")]
Checkpoint = Annotated[Path | None, typer.Option(help="Folder of a checkpoint; default: the shipped one.")]


@app.command(rich_help_panel="Small model")
def train(
    gold: Data,
    out: Annotated[Path, typer.Option(help="Folder for the run and the checkpoint.")],
    recipe: Annotated[
        str | None, typer.Option(help="Name of a recipe, or path of a YAML file; default: by the data's types.")
    ] = None,
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
    more: Annotated[
        list[Path] | None,
        typer.Option(help="CoNLL text of another source, without pictures, to train on, too; repeat it."),
    ] = None,
    add: Annotated[
        list[Path] | None,
        typer.Option(help="Reviewed posts, or results of `unco run`, to learn from, too; repeat it."),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="YAML list of your own types: name, description, and person: true of people.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed, instead of the recipe's.")] = None,
    change: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the recipe, as name=value; may be repeated.")
    ] = None,
    sweep: Annotated[
        str | None,
        typer.Option(help="Train once for each value of a setting, name=value,value: each in a folder of --out."),
    ] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in the folder.")] = False,
) -> None:
    """Train a small model and write its checkpoint and card. Needs the `train` extra."""
    from unco.training.examples.data_paths import DataPaths
    from unco.training.run import run_training
    from unco.training.show_report import show_report
    from unco.training.sweep import run_sweep

    own = [] if labels is None else [f"labels={labels}", f"scheme={labels.stem}"]
    changes = [*own, *(change or ()), *([] if seed is None else [f"seed={seed}"])]
    sources = {"more": tuple(more or ()), "add": tuple(add or ())}
    paths, progress, console = DataPaths(gold, boxes, regions, captions, **sources), Console(stderr=True), Console()

    def tell(step: str) -> None:
        progress.print(step, markup=False)

    if sweep is None:
        reports = iter([("", run_training(paths, recipe, out, resume, changes, tell))])
    else:
        reports = run_sweep(paths, recipe, out, sweep, resume, changes, tell)
    for value, report in reports:
        if report is not None:
            if sweep is not None:
                console.print(value, markup=False)
            show_report(report, console)


@app.command(rich_help_panel="Small model")
def score_model(
    gold: Data,
    checkpoint: Checkpoint = None,
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
    estimator: Annotated[
        str | None, typer.Option(help="How uncertainty is computed; default: the checkpoint's.")
    ] = None,
) -> None:
    """Score a checkpoint on dev and test: F1, and how well its uncertainty finds its errors."""
    from unco.training.examples.data_paths import DataPaths
    from unco.training.score_checkpoint import score_checkpoint
    from unco.training.show_report import show_report

    show_report(score_checkpoint(DataPaths(gold, boxes, regions, captions), checkpoint, estimator), Console())


@app.command(rich_help_panel="Small model")
def estimators(
    gold: Data,
    checkpoint: Annotated[Path, typer.Option(help="Checkpoint to measure; the result is written beside it.")],
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
    others: Annotated[
        list[Path] | None,
        typer.Option("--with", help="Another checkpoint, to measure an ensemble of all; repeat it."),
    ] = None,
) -> None:
    """Measure every estimator of uncertainty on dev and test."""
    from unco.training.compare_estimators import measure_estimators, show_runs
    from unco.training.examples.data_paths import DataPaths

    measure_estimators(DataPaths(gold, boxes, regions, captions), checkpoint, others or ())
    show_runs([checkpoint], Console())


@app.command(rich_help_panel="Small model")
def training_runs(
    checkpoints: Annotated[list[Path], typer.Argument(help="Checkpoint folders of training runs.")],
) -> None:
    """Print mean and spread of several training runs, for instance with different seeds."""
    from unco.training.compare_estimators import show_runs

    show_runs(checkpoints, Console())


@app.command(rich_help_panel="Small model")
def regions(
    pictures: Annotated[Path, typer.Option(help="Folder of pictures.")],
    out: Annotated[Path, typer.Option(help="Folder for the region files; what is there already is kept.")],
    boxes: Annotated[Path | None, typer.Option(help="Folder of region files to take the boxes from.")] = None,
    detector: Detector = None,
    zero_shot: Annotated[list[str] | None, typer.Option(help="What the detector looks for; may be repeated.")] = None,
    features: Annotated[str | None, typer.Option(help="A CLIP model that looks at each region.")] = None,
) -> None:
    """Find the candidate regions of many pictures, once: people, things, faces and lines of text."""
    from unco.small_model.regions.choose import named_detector
    from unco.small_model.regions.prepare_regions import prepare_regions, select_provider, write_settings
    from unco.tools.pictures.decode import open_picture

    provider = select_provider(boxes, detector, zero_shot or ())
    featuriser = None
    if features is not None:
        from unco.small_model.regions.clip_features import ClipFeatures

        featuriser = ClipFeatures(features)
    source = str(boxes) if boxes else ", ".join(filter(None, (named_detector(detector), "faces and text")))
    write_settings(out, {"boxes": source, "zero_shot": zero_shot or [], "features": features})
    written = prepare_regions(
        pictures, out, provider, featuriser, lambda path: open_picture(path).at_full_size(), Console(stderr=True)
    )
    sys.stderr.write(f"{written} region files written to {out}\n")
