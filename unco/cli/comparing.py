"""Commands that run arms side by side: any that are given, or those of the paper's tables."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app
from unco.cli.experiment_options import (
    Boxes,
    Checkpoint,
    Family,
    Gold,
    Mode,
    Pictures,
    Posts,
    Profile,
    Scheme,
    Seed,
    Split,
)


@app.command()
def compare(
    gold: Gold,
    arm: Annotated[list[str], typer.Option(help="Two or more: `span=v2`, `model=NAME`, `span_threshold=0.3,type=v2`.")],
    split: Split = "test",
    boxes: Boxes = None,
    pictures: Pictures = None,
    posts: Posts = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    mode: Mode = None,
    profile: Profile = None,
    family: Family = "qwen2.5-vl",
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the runs, the flips and comparison.json.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Run arms over the same posts and the same small model's entities, and set them against the first."""
    from unco.evals.ab.arm import parse_arm
    from unco.evals.ab.compare import compare_arms, to_json, write_comparison
    from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
    from unco.evals.ab.show_comparison import show_comparison

    arms = [parse_arm(text) for text in arm]
    choices = ExperimentChoices(gold, split, boxes, pictures, posts, checkpoint, scheme, mode, profile, family, seed)
    with open_experiment(choices) as experiment:
        found = compare_arms(arms, experiment)
        if out is not None:
            write_comparison(found, experiment, out)
        if json:
            sys.stdout.write(to_json(found) + "\n")
        else:
            show_comparison(found, experiment, Console())


@app.command()
def reproduce(
    part: Annotated[list[str], typer.Argument(help="table1, table2, table3, table5, table6, fig3, fig4.")],
    gold: Gold,
    split: Split = "test",
    boxes: Boxes = None,
    pictures: Pictures = None,
    posts: Posts = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    mode: Mode = None,
    profile: Profile = None,
    family: Family = "qwen2.5-vl",
    seed: Seed = 1,
    out: Annotated[Path | None, typer.Option(help="Folder for the page, the figure and each run's results.")] = None,
) -> None:
    """Run the paper's tables on your posts and your MLLM, and print them beside the paper's numbers."""
    from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
    from unco.evals.paper.run import reproduce as run

    choices = ExperimentChoices(gold, split, boxes, pictures, posts, checkpoint, scheme, mode, profile, family, seed)
    with open_experiment(choices) as experiment:
        sys.stdout.write(run(part, experiment, split, out))
