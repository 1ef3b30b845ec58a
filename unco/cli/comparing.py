"""The command that compares arms: prompts, models, thresholds, variants."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app

Gold = Annotated[Path, typer.Option(help="Folder of a data set with txt/ and xml/, or gold posts as JSON Lines.")]
Split = Annotated[str, typer.Option(help="Of a folder: train, dev or test.")]
Boxes = Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")]
Pictures = Annotated[Path | None, typer.Option(help="Folder with <id>.jpg (.jpeg, .png, .webp); none = text alone.")]
Posts = Annotated[int | None, typer.Option(min=1, help="How many, from the first on; default: all.")]
Checkpoint = Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")]
Scheme = Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")]
Mode = Annotated[str | None, typer.Option(help="live, record or replay; default: live.")]
Profile = Annotated[
    Path | None, typer.Option(help="YAML file of how a simulated MLLM errs; none = the configured one is asked.")
]
Family = Annotated[str, typer.Option(help="In whose box frame the simulated MLLM answers.")]
Seed = Annotated[int, typer.Option(help="Of the simulated MLLM's dice.")]


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
    from unco.evals.side_by_side.arm import parse_arm
    from unco.evals.side_by_side.compare import compare_arms, to_json, write_comparison
    from unco.evals.side_by_side.open_arena import ArenaChoices, open_arena
    from unco.evals.side_by_side.show_comparison import show_comparison

    arms = [parse_arm(text) for text in arm]
    choices = ArenaChoices(
        gold=gold,
        split=split,
        boxes=boxes,
        pictures=pictures,
        posts=posts,
        checkpoint=checkpoint,
        scheme=scheme,
        mode=mode,  # type: ignore[arg-type]  # Context refuses what is no mode
        profile=profile,
        family=family,
        seed=seed,
    )
    with open_arena(choices) as arena:
        found = compare_arms(arms, arena)
        if out is not None:
            write_comparison(found, arena, out)
        if json:
            sys.stdout.write(to_json(found) + "\n")
        else:
            show_comparison(found, arena, Console())
