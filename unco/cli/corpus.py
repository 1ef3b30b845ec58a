"""The command that runs a corpus."""

from math import inf
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from unco.cli.app import app
from unco.cli.experiment_options import Checkpoint, Detector, RegionFiles, Scheme
from unco.cli.posts import (
    Drop,
    Estimator,
    Frame,
    Labels,
    Mode,
    PostCalls,
    PostSeconds,
    PostUsd,
    Recall,
    RecallAccept,
    RecallThreshold,
    SecondOpinion,
    SecondOpinionBelow,
    Share,
    StrictPictures,
    Variant,
    Version,
)
from unco.errors import SettingsError


def named_path(text: str) -> Path:
    """Read a path. An empty one, as of a variable that is not set, would be the folder that one is in.

    Raises:
        SettingsError: it is empty.
    """
    if not text:
        raise SettingsError("the name of the posts is empty: name a file or a folder, or - for standard input")
    return Path(text)


Posts = Annotated[
    Path,
    typer.Argument(
        parser=named_path,
        metavar="POSTS",
        help='JSON Lines, {"text": ..., "image": ..., "id": ...}, - = stdin; JSON, CSV, Parquet, CoNLL; a folder.',
    ),
]
Pictures = Annotated[Path | None, typer.Option(help="Folder with <id>.jpg (.png, .webp ...), for CoNLL text.")]


@app.command(rich_help_panel="Posts")
def run(
    posts: Posts,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File of results, a line a post, in order; - = stdout.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on in a file where a run stopped.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many questions there are, and their cost.")
    ] = False,
    pictures: Pictures = None,
    predictions: Annotated[Path | None, typer.Option(help="Saved output of a small model; then none is run.")] = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    estimator: Estimator = None,
    detector: Detector = None,
    region_files: RegionFiles = None,
    variant: Variant = "unco",
    policy: Annotated[Path | None, typer.Option(help="Thresholds of `unco tune`; default: UNCO_POLICY.")] = None,
    at_once: Annotated[int, typer.Option(min=1, help="Posts that wait for the MLLM at the same time.")] = 16,
    engine: Annotated[
        Literal["local", "ray"], typer.Option(help="On this machine, or on the Ray cluster that RAY_ADDRESS names.")
    ] = "local",
    patience: Annotated[
        float | None, typer.Option(min=0, help="Seconds to wait for an endpoint that is down; default: no limit.")
    ] = None,
    retry: Annotated[
        Literal["open", "unavailable"],
        typer.Option(help="With --resume: run posts again without an answer for now, or for any reason."),
    ] = "open",
    mode: Mode = None,
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default UNCO_LLM_MODEL.")] = None,
    frame: Frame = None,
    span_threshold: Share = None,
    type_threshold: Share = None,
    region_threshold: Share = None,
    drop_threshold: Drop = None,
    span_prompt: Version = "v1",
    type_prompt: Version = "v1",
    region_prompt: Version = "v1",
    recall: Recall = False,
    recall_threshold: RecallThreshold = None,
    recall_accept: RecallAccept = None,
    second_opinion: SecondOpinion = False,
    second_opinion_below: SecondOpinionBelow = None,
    post_calls: PostCalls = None,
    post_usd: PostUsd = None,
    post_seconds: PostSeconds = None,
    strict_pictures: StrictPictures = False,
    labels: Labels = None,
) -> None:
    """Run a file of posts; results come in order, and --resume goes on after a break."""
    from unco.context import Context
    from unco.corpus.choices import Choices
    from unco.corpus.start import start
    from unco.small_model.label_schemes import read_labels
    from unco.tools.memory.file import memory_of_commands

    context = Context(
        mode=mode,  # type: ignore[arg-type]  # Context refuses what is no mode
        model=model,
        frame=frame,
        span_threshold=span_threshold,
        type_threshold=type_threshold,
        region_threshold=region_threshold,
        drop_threshold=drop_threshold,
        span_prompt=span_prompt,
        type_prompt=type_prompt,
        region_prompt=region_prompt,
        recall=recall,
        recall_threshold=recall_threshold,
        recall_accept=recall_accept,
        second_opinion=second_opinion,
        second_opinion_below=second_opinion_below,
        post_calls=post_calls,
        post_usd=post_usd,
        post_seconds=post_seconds,
        strict_pictures=strict_pictures,
        memory=memory_of_commands(),
        labels=None if labels is None else read_labels(labels),
    )
    choices = Choices(
        predictions=predictions,
        checkpoint=checkpoint,
        scheme=scheme,
        estimator=estimator,
        detector=detector,
        policy=policy,
        region_files=region_files,
        pictures=pictures,
        at_once=at_once,
        engine=engine,
        patience_s=inf if patience is None else patience,
        variant=variant,
    )
    start(posts, out, resume, dry_run, context, choices, Console(stderr=True), retry)
