"""A corpus run from what a user names: which small model, which MLLM, which posts; and what is said at the end."""

import asyncio
import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from rich.console import Console

from unco.context import Context
from unco.corpus.engine import Engine, EngineName
from unco.corpus.estimate import estimate
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import count_posts, read_posts
from unco.corpus.progress import shown_progress
from unco.corpus.run import Corpus, run_corpus, settings_of
from unco.errors import SettingsError, SetupError
from unco.small_model.batching import Batching
from unco.small_model.fingerprint import identity_of
from unco.tools.llm_settings import mllm_from_env
from unco.tools.extraction.extractor import Extractor
from unco.tools.knowledge import Knowledge
from unco.tools.llm.client import Mllm
from unco.tools.extraction.policy import read_policy
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.extraction.tool import default_extractor
from unco.tools.extraction.policy_extractor import PolicyExtractor


@dataclass(frozen=True, slots=True)
class Choices:
    """Which small model, how many posts are corrected at once, and on what."""

    predictions: Path | None = None
    """Saved output, instead of a small model."""
    checkpoint: str | None = None
    scheme: str | None = None
    policy: Path | None = None
    pictures: Path | None = None
    """Folder of the pictures of CoNLL text."""
    at_once: int = 16
    engine: EngineName = "local"


def start(
    posts: Path, out: Path, resume: bool, dry_run: bool, context: Context, choices: Choices, console: Console
) -> None:
    """Run a corpus, or say what it would ask and cost; progress and summary go to the console.

    Raises:
        UncoError: see `run_corpus`.
    """
    extractor, llm = extractor_of(choices), mllm_from_env()
    if dry_run:
        found = asyncio.run(estimate(read_posts(posts, choices.pictures), extractor, llm, context))
        usd = "unknown, for want of a price" if found.most_usd is None else f"at most ${found.most_usd:.2f}"
        shares = ", ".join(f"{name} {count:,}" for name, count in found.routed.items())
        console.print(f"{found.posts:,} posts ({found.failed:,} cannot be run), {found.entities:,} entities")
        console.print(f"{found.calls:,} calls (about {shares}); cost {usd}; re-asks aside", soft_wrap=True)
        return
    settings = settings_of(
        context,
        small_model=str(choices.predictions or choices.checkpoint or "shipped"),
        scheme=choices.scheme,
        policy=_policy_of(choices),
        mllm=llm.model,
    )
    began = time.monotonic()
    with shown_progress(count_posts(posts), console) as seen:
        engine = _engine(extractor, llm, context, choices)
        tally = run_corpus(Corpus(posts, out, resume, settings, choices.pictures), engine, seen)
    seconds = time.monotonic() - began
    went_on = f", {tally.before:,} done before" if tally.before else ""
    rate = tally.posts / max(seconds, 1e-9)
    console.print(f"{tally.posts:,} posts in {seconds:.1f} s ({rate:,.1f}/s){went_on}: {tally.words()}", soft_wrap=True)


def _policy_of(choices: Choices) -> str | None:
    """The file of the policy in force; saved predictions bring their own thresholds."""
    named = None if choices.policy is None else str(choices.policy)
    return named if choices.predictions is not None else named or os.environ.get("UNCO_POLICY")


def _engine(extractor: Extractor, llm: Mllm, context: Context, choices: Choices) -> Engine:
    if choices.engine == "local":
        return Pipeline(extractor, llm, context, Knowledge.from_env(), choices.at_once)
    try:
        from unco.corpus.on_ray.engine import RayEngine
    except ImportError as error:
        raise SetupError('--engine ray needs Ray: pip install ".[ray]"') from error
    return RayEngine(choices, llm, context)


def extractor_of(choices: Choices, device: str = "cpu", batching: Batching | None = None) -> Extractor:
    """The small model, or what one said before.

    Args:
        choices: which.
        device: where its network runs, as torch names it.
        batching: how posts that come at the same time share it; None = the defaults.

    Raises:
        SettingsError: choices that exclude each other.
        DataError: the saved predictions cannot be read.
    """
    if choices.predictions is not None:
        if choices.policy is not None:
            raise SettingsError("--predictions bring their own thresholds, so --policy has no say: leave one out")
        return SavedPredictions(choices.predictions)
    extractor: Extractor = default_extractor(batching, choices.checkpoint, choices.scheme, device=device)
    if (policy := _policy_of(choices)) is not None:
        identify = partial(identity_of, choices.checkpoint, choices.scheme, None)
        extractor = PolicyExtractor(extractor, read_policy(Path(policy)), identify)
    return extractor
