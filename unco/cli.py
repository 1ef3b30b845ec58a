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
    caption: Annotated[str | None, typer.Option(help="What the picture shows, for a model trained with it.")] = None,
    json: Json = False,
    annotate: Annotated[Path | None, typer.Option(help="Write the picture with the boxes drawn in.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")] = None,
    estimator: Annotated[str | None, typer.Option(help="Of uncertainty, by name; mc_decoder is the paper's.")] = None,
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
    result = run(
        text, image, caption=caption, checkpoint=checkpoint, scheme=scheme, estimator=estimator, context=context
    )
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


Data = Annotated[Path, typer.Option(help="Folder of the data set, with txt/ and xml/.")]
Boxes = Annotated[Path | None, typer.Option(help="Folder of the VOC files, where it is not xml/ in the data folder.")]
RegionFiles = Annotated[Path | None, typer.Option(help="Region files (`unco regions`); default: simulated regions.")]
Captions = Annotated[Path | None, typer.Option(help="Folder of caption files; default: none are read.")]
Checkpoint = Annotated[Path | None, typer.Option(help="Default: the shipped one.")]


@app.command()
def train(
    data: Data,
    out: Annotated[Path, typer.Option(help="Folder for the run and the checkpoint.")],
    recipe: Annotated[str, typer.Option(help="Name of a recipe, or path of a YAML file.")] = "tweets-minilm",
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
    seed: Annotated[int | None, typer.Option(help="Instead of the recipe's.")] = None,
    change: Annotated[list[str] | None, typer.Option("--set", help="name=value, instead of the recipe's.")] = None,
    resume: Annotated[bool, typer.Option(help="Go on from the last checkpoint in the folder.")] = False,
) -> None:
    """Train a small model and write its checkpoint and card. Needs the `train` extra."""
    from unco.evals.run_training import run_training
    from unco.evals.show_report import show_report
    from unco.evals.sources import Sources

    changes = [*(change or ()), *([] if seed is None else [f"seed={seed}"])]
    report = run_training(Sources(data, boxes, regions, captions), recipe, out, resume, changes)
    if report is not None:
        show_report(report, Console())


@app.command()
def score_model(
    data: Data,
    checkpoint: Checkpoint = None,
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
    estimator: Annotated[str | None, typer.Option(help="Of uncertainty, by name; default: the checkpoint's.")] = None,
) -> None:
    """Score a checkpoint on dev and test: F1, and how well its uncertainty finds its errors."""
    from unco.evals.score_checkpoint import score_checkpoint
    from unco.evals.show_report import show_report
    from unco.evals.sources import Sources

    show_report(score_checkpoint(Sources(data, boxes, regions, captions), checkpoint, estimator), Console())


@app.command()
def estimators(
    data: Data,
    checkpoint: Annotated[Path, typer.Option(help="Whose errors are to be found; the result is written beside it.")],
    boxes: Boxes = None,
    regions: RegionFiles = None,
    captions: Captions = None,
) -> None:
    """Measure every estimator of uncertainty on dev and test."""
    from unco.evals.estimator_table import measure_estimators, show_runs
    from unco.evals.sources import Sources

    measure_estimators(Sources(data, boxes, regions, captions), checkpoint)
    show_runs([checkpoint], Console())


@app.command()
def runs(checkpoints: Annotated[list[Path], typer.Argument(help="Checkpoint folders of training runs.")]) -> None:
    """Print mean and spread of several training runs, of seeds for instance."""
    from unco.evals.estimator_table import show_runs

    show_runs(checkpoints, Console())


@app.command()
def regions(
    pictures: Annotated[Path, typer.Option(help="Folder of pictures.")],
    out: Annotated[Path, typer.Option(help="Folder for the region files; what is there already is kept.")],
    boxes: Annotated[Path | None, typer.Option(help="Folder of region files to take the boxes from.")] = None,
    detector: Annotated[str | None, typer.Option(help="A detector of transformers: folder or hub name.")] = None,
    zero_shot: Annotated[list[str] | None, typer.Option(help="What it looks for; may be given often.")] = None,
    features: Annotated[str | None, typer.Option(help="A CLIP model that looks at each region.")] = None,
) -> None:
    """Find the candidate regions of many pictures, once; default: faces and lines of text."""
    from unco.small_model.prepare_regions import chosen_provider, prepare_regions, remember_settings
    from unco.tools.pictures import open_picture

    provider = chosen_provider(boxes, detector, zero_shot or ())
    featuriser = None
    if features is not None:
        from unco.small_model.clip_features import ClipFeatures

        featuriser = ClipFeatures(features)
    source = str(boxes) if boxes else detector or "faces and text"
    remember_settings(out, {"boxes": source, "zero_shot": zero_shot or [], "features": features})
    written = prepare_regions(
        pictures, out, provider, featuriser, lambda path: open_picture(path).image, Console(stderr=True)
    )
    sys.stderr.write(f"{written} region files written to {out}\n")


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
