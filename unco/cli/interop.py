"""Commands that export runs to other tools and import human reviews."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app, keep_inputs

Image = Annotated[str, typer.Option(help="Address of a post's picture for Label Studio; {id} stands for its id.")]


def _tell(line: str) -> None:
    from unco.show import print_line

    print_line(line, Console())


@app.command(rich_help_panel="Evaluation")
def export(
    run: Annotated[Path, typer.Argument(help="Predictions, in any format that `unco evaluate` reads.")],
    to: Annotated[str, typer.Option(help="csv (for spreadsheets), label-studio, coco, conll, official or jsonl.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File to write; for conll a folder.")],
    gold: Annotated[Path | None, typer.Option(help="The same posts, where the run lacks tokens or sizes.")] = None,
    split: Annotated[str | None, typer.Option(help="Part of a data set: train, dev or test.")] = None,
    boxes: Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in --gold.")] = None,
    image: Image = "{id}.jpg",
) -> None:
    """Write a run as a table (CSV), for Label Studio, as COCO, as CoNLL with VOC, or as the official JSON."""
    from unco.evals.formats.detect_format import read_gold
    from unco.evals.review.export import export_run

    keep_inputs(out, run, gold, boxes)
    posts = export_run(run, to, out, None if gold is None else read_gold(gold, split, boxes), image, _tell)
    dropped = sum(len(post.dropped) for post in posts)
    left_out = f"; {dropped} dropped entities are not in it" if dropped and to not in ("csv", "jsonl") else ""
    Console().print(f"{len(posts)} posts in {out}{left_out}", soft_wrap=True)


@app.command(rich_help_panel="Evaluation")
def review_queue(
    run: Annotated[Path, typer.Argument(help="Results of unco, one a line.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File of tasks for Label Studio; its config beside it.")],
    most: Annotated[int | None, typer.Option(min=1, help="Posts; default: all that hold anything in doubt.")] = None,
    image: Image = "{id}.jpg",
) -> None:
    """Write what is still in doubt, the most doubtful first, as tasks for Label Studio."""
    from unco.evals.review.export import export_queue

    keep_inputs(out, run)
    posts = export_queue(run, out, most, image, _tell)
    Console().print(f"{posts} posts to look at in {out}; labelling config in {out.with_suffix('.xml')}", soft_wrap=True)


@app.command(rich_help_panel="Evaluation")
def review(
    run: Annotated[Path, typer.Argument(help="Results of unco, one a line.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File of the reviewed results; one that is there goes on.")],
    pictures: Annotated[
        Path | None, typer.Option(help="Folder of the pictures; default: boxes in empty frames.")
    ] = None,
    by: Annotated[str | None, typer.Option(help="Who answers; default: the name of the login.")] = None,
) -> None:
    """Decide what is still in doubt after correction, on a page in your browser."""
    import getpass

    from unco.evals.review.run import run_review

    run_review(run, out, pictures, getpass.getuser() if by is None else by, Console())


@app.command(rich_help_panel="Evaluation")
def import_review(
    export: Annotated[Path, typer.Argument(help="Label Studio's JSON export, or results of `unco review`.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="File of gold posts to write.")],
) -> None:
    """Turn the answers of a review into gold posts."""
    from unco.evals.review.export import import_review as run

    keep_inputs(out, export)
    found = run(export, out)
    Console().print(f"{len(found.gold)} reviewed posts in {out}", soft_wrap=True)
    if found.left:
        Console().print(f"not reviewed: {len(found.left)}, the first is {found.left[0]!r}", soft_wrap=True)
