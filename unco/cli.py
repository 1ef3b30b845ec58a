"""The command line: arguments only; the work is done elsewhere."""

import sys
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from unco.errors import InputError, UncoError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

BAD_INPUT, FAILED = 2, 3
"""Exit codes: what was handed in cannot be used; the set-up is broken."""

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Mode = Annotated[
    str | None, typer.Option(help="off, live, record or replay; default: live with an endpoint, else off.")
]
Share = Annotated[float | None, typer.Option(help="Above this the attribute is checked; in [0, 1].")]
Version = Annotated[str, typer.Option(help="Version of the corrector's prompt.")]


@app.command()
def extract(
    text: Annotated[str, typer.Option(help="The post's text.")],
    image: Annotated[str | None, typer.Option(help="Its picture: a path, or a URL of an allowed host.")] = None,
    json: Json = False,
    annotate: Annotated[Path | None, typer.Option(help="Write the picture with the boxes drawn in.")] = None,
    mode: Mode = None,
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default UNCO_LLM_MODEL.")] = None,
    frame: Annotated[str | None, typer.Option(help="Box frame of that model; default: by its name.")] = None,
    span_threshold: Share = None,
    type_threshold: Share = None,
    region_threshold: Share = None,
    span_prompt: Version = "v1",
    type_prompt: Version = "v1",
    region_prompt: Version = "v1",
) -> None:
    """Find the named entities of one post and where they are in its picture."""
    from unco import extract as run
    from unco.context import Context
    from unco.show import show_result
    from unco.state import RESULT

    context = Context(
        mode=mode,  # type: ignore[arg-type]  # Context refuses what is no mode
        model=model,
        frame=frame,
        span_threshold=span_threshold,
        type_threshold=type_threshold,
        region_threshold=region_threshold,
        span_prompt=span_prompt,
        type_prompt=type_prompt,
        region_prompt=region_prompt,
    )
    result = run(text, image, context=context)
    if json:
        escaped = not sys.stdout.encoding.lower().startswith("utf")
        sys.stdout.write(RESULT.dump_json(result, indent=2, ensure_ascii=escaped).decode() + "\n")
    else:
        show_result(result, Console())
    if annotate is not None:
        from unco.tools.annotate import save_annotated

        save_annotated(result, image, annotate)


@app.command()
def demo(
    out: Annotated[Path, typer.Option(help="Folder for the annotated pictures.")] = Path("out/demo"),
) -> None:
    """Run the whole pipeline on posts that ship with unco: offline, without a key."""
    from unco.demo.run import run_demo

    run_demo(out, Console())


@app.command()
def graph() -> None:
    """Print the state machine as a Mermaid drawing."""
    from unco.graph import graph as compiled

    sys.stdout.write(compiled.get_graph(xray=True).draw_mermaid())


@app.command()
def train(
    data: Annotated[Path, typer.Option(help="Folder of Twitter-GMNER, with txt/ and xml/.")],
    out: Annotated[Path, typer.Option(help="Folder for the run and the checkpoint.")],
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or path of a YAML file.")] = "gmner-minilm",
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in the folder.")] = False,
) -> None:
    """Train a small model and write its checkpoint and card. Needs the `train` extra."""
    from unco.evals.run_training import run_training
    from unco.evals.show_report import show_report

    show_report(run_training(data, recipe, out, resume), Console())


@app.command()
def score_model(
    data: Annotated[Path, typer.Option(help="Folder of Twitter-GMNER, with txt/ and xml/.")],
    checkpoint: Annotated[Path | None, typer.Option(help="Default: the shipped one.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0.0, max=0.99, help="p; default: the checkpoint's.")] = None,
    encoder_layers: Annotated[
        int | None,
        typer.Option(min=0, help="Top encoder layers that sample; 0 = decoder only; default: the checkpoint's."),
    ] = None,
) -> None:
    """Score a checkpoint on dev and test: F1, and how well its uncertainty finds its errors."""
    from unco.evals.run_training import score_checkpoint
    from unco.evals.show_report import show_report

    show_report(score_checkpoint(data, checkpoint, dropout, encoder_layers), Console())


def main() -> None:
    """Run a command; an error that we raise on purpose is one line on stderr, never a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a post's characters
    sys.exit(guarded(app))


def guarded(command: Callable[[], Any]) -> int:
    """Exit code of a command: 0; 2 when what was handed in cannot be used; 3 when the set-up is broken."""
    try:
        command()
    except UncoError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    return 0


if __name__ == "__main__":
    main()
