"""Starts a corpus run from a user's choices, with progress and a summary on the console."""

import asyncio
import time
from pathlib import Path

from rich.console import Console

from unco.context import Context
from unco.corpus.checks import check_name, check_start, check_success, nothing_left_behind
from unco.corpus.choices import Choices, extractor_of, policy_of
from unco.corpus.engine import Engine
from unco.corpus.estimate import estimate
from unco.corpus.output import Retry
from unco.corpus.patience import Patience
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import count_posts, read_posts
from unco.corpus.progress import progress_bar
from unco.corpus.run import Corpus, run_corpus, settings_of
from unco.errors import SettingsError, SetupError, Unavailable
from unco.show import print_line
from unco.small_model.regions.choose import named_detector
from unco.tools.extraction.extractor import Extractor
from unco.tools.llm.client import Mllm
from unco.tools.llm_settings import mllm_from_env
from unco.tools.memory.file import store_from_env
from unco.tools.search_settings import search_from_env


def start(
    posts: Path,
    out: Path | None,
    resume: bool,
    dry_run: bool,
    context: Context,
    choices: Choices,
    console: Console,
    retry: Retry = "open",
) -> None:
    """Run a corpus, or estimate its calls and cost; progress and summary go to the console.

    Raises:
        SettingsError: `retry` says what to run again, and nothing is resumed; no output is named, or as another form.
        Unavailable: answers are missing for a reason that passes; all posts are written.
        NothingSucceeded: no post has a result, or no question an answer; all posts are written.
        UncoError: see `run_corpus`.
    """
    if retry != "open" and not resume:
        raise SettingsError(f"--retry {retry} needs --resume: it says which posts of a run are run again")
    if out is None and not dry_run:
        raise SettingsError("name the file of results: --out results.jsonl, or --out - for standard output")
    if out is not None:
        check_name(out)
    if dry_run and choices.variant != "unco":
        raise SettingsError("--dry-run works only for the whole pipeline (--variant unco): leave --variant out")
    extractor, llm = extractor_of(choices), mllm_from_env()
    check_start(posts, choices.pictures, extractor, llm, context, search_from_env(llm))
    if dry_run or out is None:
        found = asyncio.run(estimate(read_posts(posts, choices.pictures), extractor, llm, context))
        usd = "unknown, for want of a price" if found.max_usd is None else f"at most ${found.max_usd:.2f}"
        parts = [f"{name} {count:,}" for name, count in found.routed.items()]
        shares = ", ".join(parts + ([f"recall {found.recalls:,}"] if found.recalls else []))
        console.print(f"{found.posts:,} posts ({found.failed:,} cannot be run), {found.entities:,} entities")
        console.print(f"{found.calls:,} calls (about {shares}); cost {usd}; re-asks aside", soft_wrap=True)
        return
    settings = settings_of(
        context,
        small_model=str(choices.predictions or choices.checkpoint or "shipped"),
        scheme=choices.scheme,
        policy=policy_of(choices),
        mllm=llm.model,
        **_unusual(choices),
    )
    start_time = time.monotonic()
    engine = _engine(extractor, llm, context, choices)
    corpus = Corpus(posts, out, resume, settings, choices.pictures, retry, llm.terms.budget)
    with nothing_left_behind(out), progress_bar(count_posts(posts), console, engine.waiting) as on_post:
        tally = run_corpus(corpus, engine, on_post)
    seconds = time.monotonic() - start_time
    resumed = f", {tally.before:,} done before" if tally.before else ""
    rate = tally.posts / max(seconds, 1e-9)
    console.print(
        f"{tally.posts:,} posts in {seconds:.1f} s ({rate:,.1f}/s){resumed}: {tally.summary()}", soft_wrap=True
    )
    for fault in tally.first_faults():
        print_line(fault, console)
    if tally.open:
        passing = f"{tally.open:,} posts lack an answer for a reason that passes"
        raise Unavailable(f"{passing}: run them again with --resume", "deadline")
    check_success(tally, out)


def _unusual(choices: Choices) -> dict[str, str]:
    """Return what a resumed run must have in common, where it is not the default: older runs did not write it down."""
    variant = None if choices.variant == "unco" else choices.variant
    detector = None if choices.predictions else named_detector(choices.detector)
    regions = None if choices.region_files is None else str(choices.region_files)
    found = {"variant": variant, "estimator": choices.estimator, "detector": detector, "regions": regions}
    return {name: value for name, value in found.items() if value}


def _engine(extractor: Extractor, llm: Mllm, context: Context, choices: Choices) -> Engine:
    if choices.engine == "local":
        patience = Patience(choices.patience_s)
        facts, store = search_from_env(llm), store_from_env()
        return Pipeline(extractor, llm, context, facts, choices.at_once, patience, choices.variant, store)
    if context.memory is not None:
        raise SettingsError("a memory is a file of one machine: unset UNCO_MEMORY, or leave out --engine ray")
    try:
        from unco.corpus.on_ray.engine import RayEngine
    except ImportError as error:
        raise SetupError("--engine ray needs Ray: pip install 'unco[ray]'") from error
    return RayEngine(choices, llm, context)
