"""A corpus through the pipeline into a file."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic_core import to_json as dump

from unco.context import Context
from unco.corpus.engine import Engine, Rest
from unco.corpus.output import Output, Printed, Settings, open_output
from unco.corpus.pipeline import Done
from unco.corpus.replaced_lines import Write
from unco.corpus.tally import Tally
from unco.errors import Unavailable, UncoError
from unco.state import RESULT
from unco.types import Correction, PostQuestion, Result

MOST_UNANSWERED = 20
"""Posts that the endpoint may leave without any answer, one after the other, before the run stops: it is down."""

SETTLED = 20
"""Posts that the endpoint must answer after one that it did not, before that one counts as its own bad luck: posts that
were under way with it may have been answered before the endpoint died."""

MOST_HELD = 2000
"""Posts that are held back while it is not known whether the endpoint is down; more would fill the memory."""

OnPost = Callable[[Tally], None]
"""Told after each post."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """What is run, and where it goes."""

    posts: Path
    """See `read_posts`; `-` = standard input."""
    out: Path
    resume: bool = False
    settings: Settings = field(default_factory=dict)
    """What another run must share to go on in the same file: small model, prompts, thresholds, MLLM."""
    pictures: Path | None = None
    """Folder of the pictures of CoNLL text."""


def run_corpus(corpus: Corpus, engine: Engine, on_post: OnPost = lambda tally: None) -> Tally:
    """Run a corpus. What was written stays whatever ends the run, and `resume` goes on after it.

    A post that cannot be run is a line with its error. From the first post that the endpoint gives no answer about,
    posts are held back until it has answered `SETTLED` others; after `MOST_UNANSWERED` of them, one after the other,
    the run stops, and all that were held back are run anew later. A post that was written without an answer, for a
    reason that passes, is open: `resume` runs it again and puts its result in the place of the line.

    Args:
        corpus: what is run.
        engine: through what.
        on_post: told after each post that was written.

    Raises:
        Unavailable: the endpoint is down; what was written before stays.
        SettingsError: the output is there already, or is another run's; or no post can be asked about like this.
        SetupError: it cannot be written.
        DataError: the posts cannot be read.
    """
    source = {"posts": str(corpus.posts)} | ({"pictures": str(corpus.pictures)} if corpus.pictures else {})
    output = open_output(corpus.out, {**source, **corpus.settings}, corpus.resume)
    try:
        return asyncio.run(_run(corpus, engine, output, on_post))
    finally:
        output.close()


async def _run(corpus: Corpus, engine: Engine, output: Output | Printed, on_post: OnPost) -> Tally:
    """Run the posts that are still open, then those that were never run."""
    again = output.open_posts()
    tally = Tally(before=output.written - len(again))
    if again:
        with output.replacing() as replaced:
            await _run_some(engine, Rest(corpus.posts, 0, corpus.pictures, again), replaced, tally, on_post)
    await _run_some(engine, Rest(corpus.posts, output.written, corpus.pictures), output.append, tally, on_post)
    return tally


async def _run_some(engine: Engine, posts: Rest, write: Write, tally: Tally, on_post: OnPost) -> None:
    held, unanswered, answered = list[Done](), 0, SETTLED
    async for done in engine.run(posts):
        held.append(done)
        state = _endpoint_state(done.result)
        unanswered = 0 if state == "up" else unanswered + (state == "down")
        answered = 0 if state == "down" else answered + (state == "up")
        if unanswered >= MOST_UNANSWERED or (unanswered and len(held) >= MOST_HELD):
            raise Unavailable(
                f"the endpoint gave no answer about {unanswered} posts, one after the other ({_why(done.result)}): the "
                f"run stopped before post {held[0].line.number}; go on with --resume when it is up again",
                "unreachable",
            )
        if answered >= SETTLED or len(held) >= MOST_HELD:
            _write(held, write, tally, on_post)
    _write(held, write, tally, on_post)


def _write(held: list[Done], write: Write, tally: Tally, on_post: OnPost) -> None:
    for done in held:
        write(done.line.number, as_line(done))
        if done.result is None:
            tally.add_failure(done.fault)
        else:
            tally.add(done.result)
        on_post(tally)
    held.clear()


def as_line(done: Done) -> bytes:
    """A result, or the error of a post: {"id", "post", "error": {"type", "message"}}, `post` counting from 1."""
    if done.result is not None:
        return RESULT.dump_json(done.result)
    fault, post = done.fault, done.line.post
    kind = type(fault).__name__ if isinstance(fault, UncoError) else "PostError"
    error = {"type": kind, "message": str(fault).encode("utf-8", "replace").decode()}
    return dump({"id": post.id if post else None, "post": done.line.number, "error": error})


def _endpoint_state(result: Result | None) -> Literal["up", "down", "not asked"]:
    """Tell what a post shows of the endpoint: down = it was asked and gave no reply at all."""
    notes = () if result is None else result.notes
    if any(not reply.cached for note in notes for reply in note.exchanges):
        return "up"
    return "down" if any(map(_in_vain, notes)) else "not asked"


def _in_vain(note: Correction | PostQuestion) -> bool:
    """Tell whether an endpoint was asked in vain; a budget that is spent or a privacy rule is nobody's failure."""
    return note.reason in ("unreachable", "breaker", "endpoint") and not note.exchanges


def _why(result: Result | None) -> str:
    notes = () if result is None else result.notes
    return next((note.detail for note in notes if _in_vain(note)), "no reason given")


def settings_of(context: Context, **choices: Any) -> Settings:
    """What a run that goes on must have in common with the one that broke off."""
    return {"context": {name: value for name, value in asdict(context).items() if value is not None}, **choices}
