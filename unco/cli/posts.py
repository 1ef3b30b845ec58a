"""Commands about posts: run one, run the demo, draw the graph, serve them all."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app, keep_inputs
from unco.cli.experiment_options import Detector, RegionFiles
from unco.errors import SetupError

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Mode = Annotated[
    str | None, typer.Option(help="off, live, record or replay; default: live with an endpoint, else off.")
]
Share = Annotated[float | None, typer.Option(help="Ask above this uncertainty; from 0 to 1, or -1 for always.")]
Drop = Annotated[float | None, typer.Option(help="Drop entities that are more doubtful, in [0, 1]; default: none.")]
StrictPictures = Annotated[
    bool, typer.Option("--strict-pictures", help="Refuse a post whose picture cannot be used, instead of its picture.")
]
Labels = Annotated[
    Path | None, typer.Option(help="YAML list of types of your own, name and description; the MLLM chooses.")
]
Version = Annotated[str, typer.Option(help="Version of the corrector's prompt.")]
Estimator = Annotated[str | None, typer.Option(help="How uncertainty is computed; mc_decoder is the paper's.")]
Frame = Annotated[str | None, typer.Option(help="Box frame of the MLLM; default: known by its name.")]
Recall = Annotated[bool, typer.Option("--recall", help="Ask once for entities that the small model missed.")]
RecallThreshold = Annotated[
    float | None, typer.Option(help="Look for near misses; ask so where one is likelier, in [0, 1]; 1 = list them.")
]
RecallAccept = Annotated[
    float | None, typer.Option(help="Add missed entities that the MLLM is so sure of, in [0, 1]; 0 = only measure.")
]
SecondOpinion = Annotated[
    bool, typer.Option("--second-opinion", help="Ask once more before a value is changed: which of the two is right.")
]
SecondOpinionBelow = Annotated[
    float | None,
    typer.Option(help="Ask again only if a change is believed less, in [0, 1]; default: always."),
]
Variant = Annotated[
    str,
    typer.Option(
        help="unco, or one of the paper's: small_only, correct_all, one_shot, generate, generate_uncertain (only where "
        "the small model is unsure)."
    ),
]
PostCalls = Annotated[int | None, typer.Option(min=0, help="Most questions about one post.")]
PostUsd = Annotated[float | None, typer.Option(min=0, help="Most US dollars for one post.")]
PostSeconds = Annotated[float | None, typer.Option(min=0, help="Seconds after which no new question is asked.")]


@app.command(rich_help_panel="Posts")
def extract(
    post: Annotated[str | None, typer.Argument(metavar="TEXT", help="The post's text.")] = None,
    text: Annotated[str | None, typer.Option(help="The same, as an option.")] = None,
    image: Annotated[str | None, typer.Option(help="Its picture: a path, or a URL of an allowed host.")] = None,
    caption: Annotated[str | None, typer.Option(help="What the picture shows, for a model trained with it.")] = None,
    json: Json = False,
    annotate: Annotated[Path | None, typer.Option(help="Write the picture with the boxes drawn in.")] = None,
    checkpoint: Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")] = None,
    estimator: Estimator = None,
    detector: Detector = None,
    region_files: RegionFiles = None,
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
    second_opinion: SecondOpinion = False,
    second_opinion_below: SecondOpinionBelow = None,
    recall_threshold: RecallThreshold = None,
    recall_accept: RecallAccept = None,
    variant: Variant = "unco",
    post_calls: PostCalls = None,
    post_usd: PostUsd = None,
    post_seconds: PostSeconds = None,
    policy: Annotated[Path | None, typer.Option(help="Thresholds of `unco tune`; default: UNCO_POLICY.")] = None,
    strict_pictures: StrictPictures = False,
    labels: Labels = None,
) -> None:
    """Find the named entities of one post and where they are in its picture."""
    from unco import extract as run
    from unco.context import Context
    from unco.show import show_result
    from unco.state import RESULT
    from unco.tools.memory.file import memory_of_commands

    keep_inputs(annotate, image)
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
        second_opinion=second_opinion,
        second_opinion_below=second_opinion_below,
        post_calls=post_calls,
        post_usd=post_usd,
        post_seconds=post_seconds,
        recall_threshold=recall_threshold,
        recall_accept=recall_accept,
        strict_pictures=strict_pictures,
        memory=memory_of_commands(),
    )
    result = run(
        in_utf8(_one_text(post, text)),
        image,
        caption=None if caption is None else in_utf8(caption),
        checkpoint=checkpoint,
        scheme=scheme,
        estimator=estimator,
        detector=detector,
        context=context,
        variant=variant,
        policy=policy,
        region_files=region_files,
        labels=labels,
    )
    if json:
        escaped = not sys.stdout.encoding.lower().startswith("utf")
        sys.stdout.write(RESULT.dump_json(result, indent=2, ensure_ascii=escaped).decode() + "\n")
    else:
        show_result(result, Console())
    if annotate is not None:
        from unco.tools.pictures.annotate import save_annotated

        save_annotated(result, image if result.seen_picture else None, annotate)


def in_utf8(words: str) -> str:
    """Read words of a command line as UTF-8 where they are that, whatever the locale says."""
    try:
        return os.fsencode(words).decode()
    except UnicodeError:
        return words


def _one_text(argument: str | None, option: str | None) -> str:
    """Return the text that was given, once.

    Raises:
        typer.BadParameter: there is none, or two.
    """
    given = [text for text in (argument, option) if text is not None]
    if len(given) != 1:
        raise typer.BadParameter('give the post\'s text, once: unco extract "Eileen Collins flew for NASA"')
    return given[0]


@app.command(rich_help_panel="Posts")
def demo(
    out: Annotated[Path, typer.Option(help="Folder for pictures and report.")] = Path("out/demo"),
) -> None:
    """Run four posts that come with unco, draw the results and make a report page: offline, without a key.

    Needs the `vision` extra.
    """
    from unco.demo.posts import FOLDER
    from unco.demo.run import run_demo
    from unco.evals.report.run import write_report
    from unco.show import visible

    console, page = Console(), out / "report.html"
    program = "python -m unco" if sys.argv[0].endswith(".py") else visible(sys.argv[0])
    run = run_demo(out, console)
    write_report(run, page, pictures=FOLDER / "pictures")
    console.rule("done")
    console.print(f"pictures: {visible(str(out))}", soft_wrap=True, markup=False, highlight=False)
    console.print(f"open in a browser: {page.resolve().as_uri()}", soft_wrap=True, markup=False, highlight=False)
    console.print(
        f'next: {program} extract "your own text" --image your-picture.jpg --annotate out.png',
        soft_wrap=True,
        markup=False,
        highlight=False,
    )


@app.command(rich_help_panel="Posts")
def graph() -> None:
    """Print the state machine as a Mermaid drawing."""
    from unco.graph import graph as compiled

    sys.stdout.write(compiled.get_graph(xray=True).draw_mermaid())


@app.command(rich_help_panel="Posts")
def serve(
    host: Annotated[str, typer.Option(help="Address to listen at; another than this machine's own needs --tokens.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port to listen at.")] = 8000,
    tokens: Annotated[Path | None, typer.Option(help="File of tokens, made by `unco serve-token`.")] = None,
    state: Annotated[Path, typer.Option(help="Folder of what tokens have spent, and of open reviews.")] = Path(
        "unco-state"
    ),
    database: Annotated[
        str | None, typer.Option(help="Postgres instead of that folder, such as postgresql://user@host/database.")
    ] = None,
    reviews: Annotated[
        bool, typer.Option("--reviews", help="Let clients ask for a person's review of a post.")
    ] = False,
    workers: Annotated[int, typer.Option(help="Processes; each loads the small model.")] = 1,
    at_once: Annotated[int, typer.Option(help="Posts under way at one moment, in each worker.")] = 64,
    grace: Annotated[int, typer.Option(min=0, help="Seconds to finish what is under way, once told to end.")] = 30,
    checkpoint: Annotated[str | None, typer.Option(help="Small model: a folder or a hub name.")] = None,
    scheme: Annotated[str | None, typer.Option(help="Types: gmner (4), fmnerg (51), fmnerg_coarse (8).")] = None,
    detector: Detector = None,
    region_files: RegionFiles = None,
) -> None:
    """Serve the whole pipeline over HTTP: posts, streams, reviews, metrics, and a tool for agents."""
    _check_extra()
    from unco.serving.run import serve as run
    from unco.serving.settings import ServeSettings

    settings = ServeSettings(
        tokens=tokens,
        state=state,
        database=database,
        reviews=reviews,
        at_once=at_once,
        workers=workers,
        checkpoint=checkpoint,
        scheme=scheme,
        detector=detector,
        region_files=region_files,
    )
    run(settings, host, port, grace)


@app.command("serve-token", rich_help_panel="Posts")
def serve_token(
    name: Annotated[str, typer.Argument(help="Of whoever gets the token; stands in the log.")],
    tokens: Annotated[Path, typer.Option(help="File that its hash is added to.")] = Path("tokens.yaml"),
    posts_per_minute: Annotated[float | None, typer.Option(help="Most posts a minute; default: any number.")] = None,
    calls: Annotated[int | None, typer.Option(help="Most questions to the MLLM in all; default: any number.")] = None,
    usd: Annotated[float | None, typer.Option(help="Most US dollars for them; default: any sum.")] = None,
) -> None:
    """Make a token for a client of `unco serve`, and print it: it cannot be shown again."""
    _check_extra()
    from unco.serving.accounts.tokens import make_token

    sys.stdout.write(make_token(tokens, name, posts_per_minute, calls, usd) + "\n")


def _check_extra() -> None:
    """Say what to install, where a package of the extra is missing.

    Raises:
        SetupError: it is.
    """
    wanted = ("fastapi", "uvicorn", "prometheus_client", "mcp", "python_multipart", "langgraph.checkpoint.sqlite")
    try:
        missing = [name for name in wanted if find_spec(name) is None]
    except ModuleNotFoundError as error:  # of the last, whose package is there without it
        missing = [str(error.name)]
    if missing:
        raise SetupError(f"{missing[0]} is not installed: pip install 'unco[serve]'")
