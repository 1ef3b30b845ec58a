"""Checks of a corpus run: what must hold before its first post, and whether it did anything at all."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

from unco.context import Context
from unco.corpus.output import STDOUT
from unco.corpus.posts import Line, check_corpus, is_cut_by_line, is_stream, lines_of, read_posts
from unco.corpus.tally import Tally
from unco.errors import DataError, NothingSucceeded, PostError, SettingsError, UncoError
from unco.nodes.settings import can_be_asked, chain_of, check_settings
from unco.state import PostInput
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.extraction.tool import arguments_of, post_of
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search

_PACKED = (".gz", ".bz2", ".xz", ".zip")
OTHER_NAMES = (".csv", ".tsv", ".xls", ".xlsx", ".parquet", ".arrow", ".feather", *_PACKED)
"""Endings that promise a table, or a packed file."""


def check_start(
    posts: Path, pictures: Path | None, extractor: Extractor, llm: Mllm, context: Context, knowledge: Search | None
) -> None:
    """Refuse what no post can be run with, before anything is written.

    Raises:
        SettingsError: a setting does not exist, or answers are asked for and there is no endpoint.
        DataError: the posts' file is no corpus; the recording is missing or broken; the predictions are of others.
        SetupError: the recording cannot be written.
    """
    check_corpus(posts)
    check_settings(context, llm, knowledge, has_picture=False)
    can_ask = any(can_be_asked(own, model) for model, own in chain_of(context, llm))
    if context.mode in ("live", "record") and not can_ask:
        raise SettingsError(f"mode {context.mode} needs an endpoint: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL")
    if isinstance(extractor, SavedPredictions) and not is_stream(posts):
        _check_predictions(extractor, read_posts(posts, pictures))


def _check_predictions(predictions: SavedPredictions, lines: Iterator[Line]) -> None:
    """Look for the first post with a prediction; of predictions of these posts it is the first of all."""
    fault = ""
    for line in lines:
        if line.post is None:
            continue
        if line.post.extraction is not None:
            return
        try:
            predictions(replace(post_of(**arguments_of(line.post)), image=None))
        except PostError as error:
            fault = fault or f"post {line.number}: {error}"
        else:
            return
    if fault:
        raise DataError(f"{predictions.path} has a prediction for none of the posts, so it is of others. {fault}")


def check_name(out: Path) -> None:
    """Refuse a name that promises another form than the results are written in, and one of a folder or of nothing.

    Raises:
        SettingsError: it does.
    """
    if not out.name:
        raise SettingsError(f"{out} is a folder: name a file of results: --out results.jsonl")
    ending = out.suffix.lower()
    if ending in OTHER_NAMES and not os.path.exists(out):
        better = f"{out.stem.removesuffix('.jsonl')}.jsonl"
        then = "`unco export --to csv` and pandas.read_json(..., lines=True) make a table of it"
        raise SettingsError(
            f"results are JSON Lines, and {out.name} is named as something else: name the file {better}; "
            f"{'to pack them, pipe what `--out -` prints' if ending in _PACKED else then}"
        )


def check_same_posts(posts: Path, pictures: Path | None, out: Path, written: int, last: bytes) -> None:
    """Refuse to go on with posts that changed since: a line put in front, and one post is skipped and one run twice.

    The last post that was written is compared, by its id and by its text apart from blanks.

    Args:
        posts: the posts' file; a stream cannot be read twice, so it is not compared.
        pictures: as of `read_posts`.
        out: the results.
        written: how many of them there are.
        last: line of them.

    Raises:
        SettingsError: another post stands in its place, or none.
    """
    if is_stream(posts) or not written:
        return
    done, post = _line_of(last), _post_at(posts, pictures, written)
    if post is None or (post.post is not None and not _is_of(done, post.post)):
        raise SettingsError(
            f"--resume: {posts} has changed: its post {written} is not the one in line {written} of {out}: "
            "use the same posts, or name another file of results"
        )


def _post_at(posts: Path, pictures: Path | None, number: int) -> Line | None:
    """Read one post of a file; None = it has fewer. The lines before it are not parsed where there is a post a line."""
    if is_cut_by_line(posts):
        with posts.open("rb") as file:
            line = next(islice(filter(bytes.strip, file), number - 1, None), b"")
        return next(lines_of(BytesIO(line), posts.parent), None)
    return next(islice(read_posts(posts, pictures), number - 1, None), None)


def _line_of(line: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        found = json.loads(line)
        return found if isinstance(found, dict) else {}
    return {}


def _is_of(done: Mapping[str, Any], post: PostInput) -> bool:
    """Return whether a line of results may be of a post; what cannot be compared, it may."""
    words = post.text if isinstance(post.text, str) else " ".join(post.text)
    text = done.get("text")
    same_text = not isinstance(text, str) or "".join(text.split()) == "".join(words.split())
    return same_text and done.get("id", post.id) == post.id


def check_success(tally: Tally, out: Path) -> None:
    """Refuse to call a run done in which nothing succeeded.

    Raises:
        NothingSucceeded: every post is an error, or of the questions that were asked not one got a readable answer.
    """
    if not tally.before and tally.in_vain and not tally.answered:
        raise NothingSucceeded(
            f"none of {tally.in_vain:,} questions got an answer that can be read: {tally.why_in_vain}"
        )
    if tally.posts + tally.before and tally.posts == tally.failed and not _has_result(out):
        why = f": {tally.why_failed}" if tally.why_failed else ""
        raise NothingSucceeded(f"none of {tally.posts + tally.before:,} posts could be run{why}")


def _has_result(out: Path) -> bool:
    """Return whether a line of the output is a post's result; what was printed on standard output was none."""
    with suppress(OSError, ValueError), out.open("rb") as lines:
        return any("error" not in json.loads(line) for line in lines)
    return False


@contextmanager
def nothing_left_behind(out: Path) -> Iterator[None]:
    """Remove the files of a run that an error ended before its first line, where they were not there before.

    Raises:
        KeyboardInterrupt: a person stopped the run; says how to go on.
    """
    files = (out, out.with_name(out.name + ".run.json"))
    made = [path for path in files if not os.path.exists(path)]  # unlike Path.exists it takes a name that is too long
    try:
        yield
    except KeyboardInterrupt as error:
        left = "what was printed stays" if out == STDOUT else f"what {out} holds stays: go on with --resume"
        raise KeyboardInterrupt(left) from error
    except UncoError:
        with suppress(OSError):
            if out in made and out.stat().st_size == 0:
                for path in made:
                    path.unlink(missing_ok=True)
        raise
