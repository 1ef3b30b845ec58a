"""Commands about box frames: find out which one a model speaks."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command()
def probe_frame(
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default UNCO_LLM_MODEL.")] = None,
    base_url: Annotated[str | None, typer.Option(help="Of its endpoint; default UNCO_LLM_BASE_URL.")] = None,
    save: Annotated[bool, typer.Option(help="Let later runs with this endpoint and model use what was found.")] = True,
    out: Annotated[Path | None, typer.Option(help="Write the table as JSON.")] = None,
) -> None:
    """Find the box frame of a model, by asking about drawn pictures whose answer is known."""
    from pydantic import SecretStr

    from unco.evals.frame_probe.run import run_probe
    from unco.tools.llm import Mllm

    api_key = os.environ.get("OPENAI_API_KEY")
    llm = Mllm(
        base_url or os.environ.get("UNCO_LLM_BASE_URL") or None,
        model or os.environ.get("UNCO_LLM_MODEL") or None,
        SecretStr(api_key) if api_key else None,
    )
    run_probe(llm, Console(), save, out)
