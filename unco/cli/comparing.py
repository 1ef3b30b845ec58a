"""Commands that compare configurations (arms) on the same posts: your own, or the paper's tables and variants."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app
from unco.cli.experiment_options import (
    Boxes,
    Checkpoint,
    Detector,
    Family,
    Gold,
    Mode,
    Pictures,
    Posts,
    Profile,
    RegionFiles,
    Scheme,
    Seed,
    Split,
)
from unco.cli.posts import Labels


@app.command(rich_help_panel="Evaluation")
def compare(
    gold: Gold,
    arm: Annotated[list[str], typer.Option(help="Two or more: `span=v2`, `model=NAME`, `span_threshold=0.3,type=v2`.")],
    split: Split = "test",
    boxes: Boxes = None,
    pictures: Pictures = None,
    region_files: RegionFiles = None,
    detector: Detector = None,
    posts: Posts = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    labels: Labels = None,
    mode: Mode = None,
    profile: Profile = None,
    family: Family = "qwen2.5-vl",
    seed: Seed = 1,
    allow_misses: Annotated[
        bool, typer.Option("--allow-misses", help="Compare also arms with questions that got no answer.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for the runs, the flips and comparison.json.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")] = False,
) -> None:
    """Run several settings (arms) on the same posts, and compare each with the first."""
    from unco.evals.ab.arm import parse_arm
    from unco.evals.ab.compare import compare_arms, to_json, write_comparison
    from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
    from unco.evals.ab.show_comparison import show_comparison

    arms = [parse_arm(text) for text in arm]
    rest = (scheme, mode, profile, family, seed, labels, region_files, detector)
    choices = ExperimentChoices(gold, split, boxes, pictures, posts, checkpoint, *rest)
    with open_experiment(choices) as experiment:
        found = compare_arms(arms, experiment, allow_misses)
        if out is not None:
            write_comparison(found, experiment, out)
        if json:
            sys.stdout.write(to_json(found) + "\n")
        else:
            show_comparison(found, experiment, Console())


@app.command(rich_help_panel="Evaluation")
def reproduce(
    part: Annotated[list[str], typer.Argument(help="table1 to table7, fig3, fig4, fig6.")],
    gold: Gold,
    split: Split = "test",
    boxes: Boxes = None,
    pictures: Pictures = None,
    region_files: RegionFiles = None,
    detector: Detector = None,
    posts: Posts = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    mode: Mode = None,
    profile: Profile = None,
    family: Family = "qwen2.5-vl",
    seed: Seed = 1,
    other: Annotated[
        list[str] | None,
        typer.Option(help="Small model that was trained otherwise, for table3, table7 and the figures; repeat it."),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the page, the figure and each run's results.")] = None,
) -> None:
    """Run the paper's tables on your posts and your MLLM, and print them beside the paper's numbers."""
    from unco.evals.ab.open_experiment import ExperimentChoices, open_experiment
    from unco.evals.paper.run import Sources
    from unco.evals.paper.run import reproduce as run
    from unco.evals.paper.trained_models import read_trained_model

    rest = (scheme, mode, profile, family, seed, None, region_files, detector)
    choices = ExperimentChoices(gold, split, boxes, pictures, posts, checkpoint, *rest)
    sources = Sources(gold, boxes, tuple(map(read_trained_model, (checkpoint, *(other or ())))))
    with open_experiment(choices) as experiment:
        sys.stdout.write(run(part, experiment, split, out, sources))


@app.command(rich_help_panel="Evaluation")
def simulate_variants(
    gold: Gold,
    boxes: Boxes = None,
    variant: Annotated[
        list[str] | None, typer.Option(help="Variant to run; may be repeated; default: all but generate.")
    ] = None,
    posts: Annotated[int, typer.Option(min=1, help="Number of posts, from the first of test on.")] = 200,
    family: Annotated[str, typer.Option(help="Family of models whose box frame it uses.")] = "qwen2.5-vl",
    profile: Annotated[Path | None, typer.Option(help="YAML file of its mistakes; default: it makes none.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of its mistakes.")] = 1,
) -> None:
    """Run the paper's variants on real posts against a simulated MLLM: shapes and costs, never quality."""
    from unco.evals.ab.simulated import simulate_variants as run
    from unco.evals.simulation import read_profile

    names = variant or ["small_only", "unco", "correct_all", "one_shot"]
    run(gold, boxes, names, posts, read_profile(profile), seed, Console(width=160), family)
