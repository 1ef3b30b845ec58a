"""Commands about a file of facts of one's own."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from unco.cli.app import app

kb = typer.Typer(no_args_is_help=True, help="Facts of your own for the type corrector.")
app.add_typer(kb, name="kb")


@kb.command()
def build(
    facts: Annotated[Path, typer.Argument(help='JSONL: {"name": ..., "description": ..., "aliases": [...]} a line.')],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write; UNCO_KB names it later.")],
) -> None:
    """Make a file that facts are looked up in."""
    from unco.tools.knowledge import build_knowledge

    sys.stdout.write(f"{build_knowledge(facts, out)} facts written to {out}\n")
