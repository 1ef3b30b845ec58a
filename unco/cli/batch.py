"""Commands for a provider's Batch API: export questions and import answers, stage by stage."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from unco.cli.app import app
from unco.cli.corpus import Pictures, Posts
from unco.cli.experiment_options import Checkpoint, Detector, RegionFiles, Scheme
from unco.cli.posts import Labels, Share, Version

commands = typer.Typer(
    no_args_is_help=True, help="Corrections through a provider's Batch API: export, upload, download, import, again."
)
app.add_typer(commands, name="batch", rich_help_panel="Posts")

Questions = Annotated[Path, typer.Argument(help="Folder of the files of questions.")]


@commands.command("export")
def export_(
    posts: Posts,
    questions: Questions,
    again: Annotated[
        bool, typer.Option("--again", help="Write again what was exported before and has no answer.")
    ] = False,
    pictures: Pictures = None,
    predictions: Annotated[Path | None, typer.Option(help="Saved output of a small model; then none is run.")] = None,
    checkpoint: Checkpoint = None,
    scheme: Scheme = None,
    detector: Detector = None,
    region_files: RegionFiles = None,
    policy: Annotated[Path | None, typer.Option(help="Thresholds of `unco tune`; default: UNCO_POLICY.")] = None,
    model: Annotated[str | None, typer.Option(help="Name of the MLLM; default UNCO_LLM_MODEL.")] = None,
    span_threshold: Share = None,
    type_threshold: Share = None,
    region_threshold: Share = None,
    span_prompt: Version = "v1",
    type_prompt: Version = "v1",
    region_prompt: Version = "v1",
    labels: Labels = None,
) -> None:
    """Write the questions that can be asked now as files in OpenAI's batch format."""
    from unco.context import Context
    from unco.corpus.batch.export import export_questions
    from unco.corpus.choices import Choices, extractor_of
    from unco.corpus.posts import read_posts
    from unco.small_model.label_schemes import read_labels
    from unco.tools.llm_settings import mllm_from_env
    from unco.tools.search_settings import search_from_env

    context = Context(
        model=model,
        span_threshold=span_threshold,
        type_threshold=type_threshold,
        region_threshold=region_threshold,
        span_prompt=span_prompt,
        type_prompt=type_prompt,
        region_prompt=region_prompt,
        labels=None if labels is None else read_labels(labels),
    )
    chosen = Choices(predictions, checkpoint, scheme, policy=policy, detector=detector, region_files=region_files)
    extractor = extractor_of(chosen)
    llm = mllm_from_env()
    found = export_questions(
        read_posts(posts, pictures), questions, extractor, llm, context, again, search_from_env(llm)
    )
    console, files = Console(), ", ".join(path.name for path in found.files) or "no file"
    state = f"{found.waiting:,} wait for answers, {found.done:,} do not, {found.failed:,} cannot be run"
    console.print(f"{found.posts:,} posts: {state}", soft_wrap=True)
    console.print(f"{found.questions:,} new questions in {questions} ({files})", soft_wrap=True, markup=False)
    if found.forbidden:
        console.print(f"{found.forbidden:,} posts have a question that budget or privacy do not allow", soft_wrap=True)
    elif not found.waiting:
        console.print("`unco run` with the same options has the results without a call")
    if found.waiting and not found.questions:
        console.print("import the answers; if their batch is over, --again writes them anew, or `unco run` asks live")


@commands.command("import")
def import_(
    questions: Questions,
    answers: Annotated[list[Path], typer.Argument(help="The provider's files, of outputs and of errors.")],
) -> None:
    """Keep the answers of a batch in the cache."""
    from unco.corpus.batch.answers import import_answers
    from unco.show import visible
    from unco.tools.llm.cache.store import Cache
    from unco.tools.llm_settings import mllm_from_env

    found = import_answers(questions, answers, Cache(), mllm_from_env().terms.prices)
    cost = f"${found.usd:.2f}" + (" and what has no known price" if found.unpriced else "")
    kept = f"{found.kept:,} answers kept ({cost}), {found.known:,} known before, {found.foreign:,} to other questions"
    console = Console()
    console.print(kept, soft_wrap=True)
    for why, count in found.failed.most_common():
        console.print(f"{count:,} without an answer: {visible(why)}", soft_wrap=True, markup=False)
