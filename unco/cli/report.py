"""The command that writes a report page of a run."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app, keep_inputs


@app.command(rich_help_panel="Evaluation")
def report(
    run: Annotated[Path, typer.Argument(help="Results of unco, one a line.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page to write.")] = Path("report.html"),
    gold: Annotated[Path | None, typer.Option(help="The same posts with gold, as of `unco evaluate`.")] = None,
    split: Annotated[str | None, typer.Option(help="Part of a data set: train, dev or test.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")] = None,
    pictures: Annotated[Path | None, typer.Option(help="Folder with <id>.jpg: small copies go into the page.")] = None,
    plots: Annotated[Path | None, typer.Option(help="Folder for the plots as PNG and SVG.")] = None,
) -> None:
    """Make one self-contained page of a run: scores, plots, cost, every post as a card, live thresholds."""
    from unco.evals.formats.detect_format import read_gold
    from unco.evals.report.run import write_report
    from unco.show import print_line

    keep_inputs(out, run, gold)
    console, wanted = Console(), None if gold is None else read_gold(gold, split, boxes)

    def tell(line: str) -> None:
        print_line(line, console)

    posts = write_report(run, out, wanted, pictures, plots, tell)
    console.print(f"{posts} posts in {out}", soft_wrap=True)
