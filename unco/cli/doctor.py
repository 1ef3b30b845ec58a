"""`unco doctor`: whether everything that a run needs is there and works."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app


@app.command()
def doctor(json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False) -> None:
    """Check Python, torch, checkpoint, extras, cache and endpoint; exit code 1 when something does not work.

    Each configured model is asked one question, about a drawn picture.
    """
    from dataclasses import asdict
    from json import dumps

    from unco.doctor.check import healthy
    from unco.doctor.run import examine, show_checks

    checks = examine()
    if json:
        sys.stdout.write(dumps([asdict(check) for check in checks], indent=2) + "\n")
    else:
        show_checks(checks, Console())
    if not healthy(checks):
        raise typer.Exit(1)
