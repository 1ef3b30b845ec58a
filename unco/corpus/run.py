"""Runs a corpus and writes its results; stops when the endpoint is down."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pydantic_core import to_json as dump

from unco.context import Context
from unco.corpus.checks import check_same_posts
from unco.corpus.engine import Engine, RemainingPosts
from unco.corpus.output import Output, Retry, StandardOutput, open_output
from unco.corpus.patience import endpoint_state, why
from unco.corpus.pipeline import PostOutcome
from unco.corpus.replaced_lines import Write
from unco.corpus.run_file import Settings
from unco.corpus.tally import Tally
from unco.errors import Unavailable, UncoError
from unco.state import RESULT
from unco.tools.llm.budget import Budget

MAX_UNANSWERED = 20
"""Posts in a row that the endpoint may leave without any answer, before it counts as down and the run stops."""

MIN_ANSWERED = 20
"""Posts that the endpoint must answer after one without an answer, before that one is written: posts that were under
way with it may have been answered before the endpoint died."""

MAX_HELD = 2000
"""Posts that are held back while it is not known whether the endpoint is down; more would fill the memory."""

OnPost = Callable[[Tally], None]
"""Called after each post."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """A corpus run: posts, output file and settings."""

    posts: Path
    """See `read_posts`; `-` = standard input."""
    out: Path
    resume: bool = False
    settings: Settings = field(default_factory=dict)
    """What a run must have in common with the one it resumes: small model, prompts, thresholds, MLLM."""
    pictures: Path | None = None
    """Folder of the pictures of CoNLL text."""
    retry: Retry = "open"
    """With `resume`: which posts are run again."""
    budget: Budget | None = None
    """Of the run; what was spent before counts, and what is spent is written down. None = it begins anew."""


def run_corpus(corpus: Corpus, engine: Engine, on_post: OnPost = lambda tally: None) -> Tally:
    """Run a corpus. Whatever ends the run, what was written stays, and `resume` goes on after it.

    A post that cannot be run is a line with its error. From the first post that the endpoint gives no answer about,
    posts are held back until it has answered `MIN_ANSWERED` others; after `MAX_UNANSWERED` of them in a row the run
    stops, and all that were held back are run anew later. A post that was written without an answer, for a reason that
    passes, is open: `resume` runs it again and puts its result in the place of the line.

    Args:
        corpus: what is run.
        engine: runs the posts.
        on_post: called after each post that was written.

    Raises:
        Unavailable: the endpoint is down; what was written before stays.
        SettingsError: the output is there already, or is another run's, or of other posts; or no post can be asked
            about like this.
        SetupError: it cannot be written.
        DataError: the posts cannot be read.
    """
    source = {"posts": str(corpus.posts)} | ({"pictures": str(corpus.pictures)} if corpus.pictures else {})
    output = open_output(corpus.out, {**source, **corpus.settings}, corpus.resume, corpus.retry)
    try:
        check_same_posts(corpus.posts, corpus.pictures, corpus.out, output.written, output.last_line())
        if corpus.budget is not None:
            corpus.budget.go_on(output.spent, output.note)
        return asyncio.run(_run(corpus, engine, output, on_post))
    finally:
        output.close()


async def _run(corpus: Corpus, engine: Engine, output: Output | StandardOutput, on_post: OnPost) -> Tally:
    """Run the posts that are still open, then those that were never run."""
    open_posts = output.open_posts()
    tally = Tally(before=output.written - len(open_posts))
    if open_posts:
        with output.replacing() as replace:
            remaining = RemainingPosts(corpus.posts, 0, corpus.pictures, open_posts)
            await _run_some(engine, remaining, replace, tally, on_post)
    remaining = RemainingPosts(corpus.posts, output.written, corpus.pictures)
    await _run_some(engine, remaining, output.append, tally, on_post)
    return tally


async def _run_some(engine: Engine, posts: RemainingPosts, write: Write, tally: Tally, on_post: OnPost) -> None:
    held, unanswered, answered = list[PostOutcome](), 0, MIN_ANSWERED
    async for outcome in engine.run(posts):
        held.append(outcome)
        state = endpoint_state(outcome.result)
        unanswered = 0 if state == "up" else unanswered + (state == "down")
        answered = 0 if state == "down" else answered + (state == "up")
        if unanswered >= MAX_UNANSWERED or (unanswered and len(held) >= MAX_HELD):
            raise Unavailable(
                f"the endpoint gave no answer about {unanswered} posts, one after the other ({why(outcome.result)}): "
                f"the run stopped before post {held[0].line.number}; go on with --resume when it is up again",
                "unreachable",
            )
        if answered >= MIN_ANSWERED or len(held) >= MAX_HELD:
            _write(held, write, tally, on_post)
    _write(held, write, tally, on_post)


def _write(held: list[PostOutcome], write: Write, tally: Tally, on_post: OnPost) -> None:
    for outcome in held:
        write(outcome.line.number, as_line(outcome))
        if outcome.result is None:
            tally.add_failure(outcome.fault)
        else:
            tally.add(outcome.result)
        on_post(tally)
    held.clear()


def as_line(outcome: PostOutcome) -> bytes:
    """Write an outcome as JSON: a result, or {"id", "post", "error": {"type", "message"}}, `post` from 1."""
    if outcome.result is not None:
        return RESULT.dump_json(outcome.result)
    fault, post = outcome.fault, outcome.line.post
    kind = type(fault).__name__ if isinstance(fault, UncoError) else "PostError"
    error = {"type": kind, "message": str(fault).encode("utf-8", "replace").decode()}
    return dump({"id": post.id if post else outcome.line.id, "post": outcome.line.number, "error": error})


def settings_of(context: Context, **choices: Any) -> Settings:
    """Return what a resumed run must have in common with the one before."""
    later = {"strict_pictures", "review"}  # runs of before did not write them down, and are resumed
    chosen = {
        name: list(value) if isinstance(value, tuple) else value  # as JSON gives it back
        for name, value in asdict(context).items()
        if value is not None and (value or name not in later)
    }
    return {"context": chosen, **choices}
