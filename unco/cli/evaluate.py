"""The command that scores predictions of any system."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command(rich_help_panel="Evaluation")
def evaluate(
    predictions: Annotated[Path, typer.Option(help="JSON Lines, of ours or results; or JSON with `pre_entities`.")],
    gold: Annotated[
        Path, typer.Option(help="Folder with txt/ and xml/, CoNLL, JSON Lines, JSON with `gt_entities`, Parquet.")
    ],
    protocol: Annotated[str, typer.Option(help="paper, official or hindex; not comparable with each other.")] = "paper",
    split: Annotated[str | None, typer.Option(help="Part of a data set: train, dev or test.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")] = None,
    against: Annotated[Path | None, typer.Option(help="Other predictions of the same posts, to compare with.")] = None,
    uncertainty: Annotated[
        bool, typer.Option("--uncertainty", help="Measure how well the uncertainties find the errors.")
    ] = False,
    train: Annotated[
        Path | None,
        typer.Option(help="Gold file, or folder with txt/train.txt: tells names seen in training from new ones."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Score predictions of any system against gold, with intervals and trivial baselines."""
    from unco.evals.evaluate.evaluate import evaluate_run
    from unco.evals.evaluate.serialize import to_json
    from unco.evals.evaluate.show import show_evaluation
    from unco.evals.formats.detect_format import read_gold, read_names, read_predictions

    found = evaluate_run(
        read_gold(gold, split, boxes),
        read_predictions(predictions),
        protocol,  # type: ignore[arg-type]  # evaluate_run refuses what is no protocol
        None if against is None else read_predictions(against),
        uncertainty,
        None if train is None else read_names(train),
    )
    if json:
        sys.stdout.write(to_json(found) + "\n")
    else:
        show_evaluation(found, Console())
