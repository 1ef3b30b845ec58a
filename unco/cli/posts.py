"""Commands about posts: run one, run the demo, draw the graph."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Mode = Annotated[
    str | None, typer.Option(help="off, live, record or replay; default: live with an endpoint, else off.")
]
Share = Annotated[float | None, typer.Option(help="Above this the attribute is checked; in [0, 1], or -1 for always.")]
Drop = Annotated[float | None, typer.Option(help="Drop entities that are more doubtful, in [0, 1]; default: none.")]
StrictPictures = Annotated[
    bool, typer.Option("--strict-pictures", help="Refuse a post whose picture cannot be used, instead of its picture.")
]
Labels = Annotated[
    Path | None, typer.Option(help="YAML list of types of your own, name and description; the MLLM chooses.")
]
Version = Annotated[str, typer.Option(help="Version of the corrector's prompt.")]


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
    estimator: Annotated[str | None, typer.Option(help="Of uncertainty, by name; mc_decoder is the paper's.")] = None,
    mode: Mode = None,
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default UNCO_LLM_MODEL.")] = None,
    frame: Annotated[str | None, typer.Option(help="Box frame of that model; default: by its name.")] = None,
    span_threshold: Share = None,
    type_threshold: Share = None,
    region_threshold: Share = None,
    drop_threshold: Drop = None,
    span_prompt: Version = "v1",
    type_prompt: Version = "v1",
    region_prompt: Version = "v1",
    recall: Annotated[
        bool, typer.Option("--recall", help="Ask once for entities that the small model missed.")
    ] = False,
    recall_threshold: Annotated[
        float | None, typer.Option(help="Look for near misses; ask so where one is likelier, in [0, 1]; 1 = list them.")
    ] = None,
    variant: Annotated[
        str, typer.Option(help="unco, or one of the paper's: small_only, correct_all, one_shot, generate.")
    ] = "unco",
    policy: Annotated[Path | None, typer.Option(help="Thresholds of `unco tune`; default: UNCO_POLICY.")] = None,
    strict_pictures: StrictPictures = False,
    labels: Labels = None,
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
        drop_threshold=drop_threshold,
        span_prompt=span_prompt,
        type_prompt=type_prompt,
        region_prompt=region_prompt,
        recall=recall,
        recall_threshold=recall_threshold,
        strict_pictures=strict_pictures,
    )
    result = run(
        _one_text(post, text),
        image,
        caption=caption,
        checkpoint=checkpoint,
        scheme=scheme,
        estimator=estimator,
        context=context,
        variant=variant,
        policy=policy,
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
    out: Annotated[Path, typer.Option(help="Folder for the annotated pictures.")] = Path("out/demo"),
) -> None:
    """Run the whole pipeline on posts that ship with unco: offline, without a key."""
    from unco.demo.run import run_demo

    run_demo(out, Console())


@app.command(rich_help_panel="Posts")
def graph() -> None:
    """Print the state machine as a Mermaid drawing."""
    from unco.graph import graph as compiled

    sys.stdout.write(compiled.get_graph(xray=True).draw_mermaid())
