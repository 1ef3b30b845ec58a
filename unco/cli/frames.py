"""Commands about box frames: find out which one a model speaks."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command()
def probe_frame(
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default: the configured one.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Of its endpoint; default: the configured one.")] = None,
    save: Annotated[bool, typer.Option(help="Let later runs with this endpoint and model use what was found.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the table as JSON.")] = None,
) -> None:
    """Find the box frame of a model, by asking about drawn pictures whose answer is known."""
    from unco.evals.frame_probe.run import run_probe
    from unco.tools.llm_settings import mllm_to_probe

    run_probe(mllm_to_probe(model, base_url), Console(), save, out)
