"""Commands about the MLLM's endpoint: check it, find its box frame, serve a simulated one."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command(rich_help_panel="Endpoint")
def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Check Python, torch, checkpoint, extras, cache and endpoint; exit code 1 when something does not work.

    Each configured model is asked one question, about a drawn picture.
    """
    from dataclasses import asdict
    from json import dumps

    from unco.doctor.check import healthy
    from unco.doctor.run import run_checks, show_checks

    checks = run_checks()
    if json:
        sys.stdout.write(dumps([asdict(check) for check in checks], indent=2) + "\n")
    else:
        show_checks(checks, Console())
    if not healthy(checks):
        raise typer.Exit(1)


@app.command(rich_help_panel="Endpoint")
def probe_frame(
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default: the configured one.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Address of its endpoint; default: the configured one.")] = None,
    save: Annotated[bool, typer.Option(help="Let later runs with this endpoint and model use what was found.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the table as JSON.")] = None,
) -> None:
    """Find the box frame of a model, by asking about drawn pictures whose answer is known."""
    from unco.evals.frame_probe.run import run_probe
    from unco.tools.llm_settings import mllm_for_probe

    run_probe(mllm_for_probe(model, base_url), Console(), save, out)


@app.command(rich_help_panel="Endpoint")
def simulate_mllm(
    gold: Annotated[
        Path, typer.Option(help="Gold posts: a JSON Lines file, or a data set's folder with txt/ and xml/.")
    ],
    family: Annotated[str, typer.Option(help="Family of models whose box frame it uses.")] = "qwen2.5-vl",
    profile: Annotated[Path | None, typer.Option(help="YAML file of its mistakes; default: it makes none.")] = None,
    port: Annotated[int, typer.Option(help="Port to listen at; 0 = any free one.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed of its mistakes.")] = 0,
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")] = None,
) -> None:
    """Serve a simulated MLLM that knows the gold answers and makes chosen mistakes: for tests, never for scores."""
    from unco.evals.simulation.run import run_simulation

    run_simulation(gold, family, profile, port, seed, boxes, Console())
