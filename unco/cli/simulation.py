"""Commands about simulated models: instruments for tests, never quality."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command()
def simulate_mllm(
    gold: Annotated[
        Path, typer.Option(help="Gold posts: a JSON Lines file, or a data set's folder with txt/ and xml/.")
    ],
    family: Annotated[str, typer.Option(help="Whose way of writing boxes it has.")] = "qwen2.5-vl",
    profile: Annotated[Path | None, typer.Option(help="YAML file of its errors; default: it never errs.")] = None,
    port: Annotated[int, typer.Option(help="0 = any that is free.")] = 0,
    seed: Annotated[int, typer.Option(help="Of its dice.")] = 0,
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")] = None,
) -> None:
    """Serve a simulated MLLM that knows the gold answers and errs as it is told: for tests, never for scores."""
    from unco.evals.simulation.run import run_simulation

    run_simulation(gold, family, profile, port, seed, boxes, Console())


@app.command()
def simulate_variants(
    data: Annotated[Path, typer.Option(help="Folder of Twitter-FMNERG.")],
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files of Twitter-GMNER v2.0.")] = None,
    variant: Annotated[list[str] | None, typer.Option(help="May be given often; default: all but generate.")] = None,
    posts: Annotated[int, typer.Option(min=1, help="How many posts of test.")] = 200,
    family: Annotated[str, typer.Option(help="In whose box frame it answers.")] = "qwen2.5-vl",
    profile: Annotated[Path | None, typer.Option(help="YAML file of how it errs; default: never.")] = None,
    seed: Annotated[int, typer.Option(help="Of its dice.")] = 1,
) -> None:
    """Run the paper's variants on real posts against a simulated MLLM: shapes and costs, never quality."""
    from unco.evals.ab.simulated import simulate_variants as run
    from unco.evals.data.data_paths import DataPaths
    from unco.evals.simulation import read_profile

    names = variant or ["small_only", "unco", "correct_all", "one_shot"]
    run(DataPaths(data, boxes, None, None), names, posts, read_profile(profile), seed, Console(width=160), family)
