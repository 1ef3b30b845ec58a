"""A person's way through the review queue of a run: one line for each post that is done, so that a kill costs no more.

A line is the post's whole result with the person's answers in it, as the review in the graph leaves it.
"""

import os
import threading
from collections.abc import Container, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from unco.corpus.output import complete_lines, lock_output
from unco.errors import DataError, SetupError
from unco.evals.evaluate.type_schemes import types_to_choose
from unco.evals.formats.checks import numbered, numbers_in
from unco.evals.formats.failed_posts import Tell
from unco.evals.formats.results import read_results
from unco.evals.review.queue import QueuedPost, ReviewItem, review_queue
from unco.nodes.collect import split_by_doubt
from unco.nodes.review.response import Faults, apply_answers, responses_to
from unco.tools.extraction.text import read_text
from unco.tools.whole_lines import append_to
from unco.types import UNTYPED, Attribute, Entity, Extraction, Label, Result

BEGINS = b'{"text":'
"""How every line of a file of results begins."""


@dataclass(frozen=True)
class Progress:
    """How far a review is."""

    done: int
    left: int


class ReviewSession:
    """The queue of a run, and the file that answers go into. Safe for threads; a second process is refused."""

    def __init__(self, run: Path, out: Path, tell: Tell = lambda line: None) -> None:
        """Open both files; posts that are in `out` are done.

        Args:
            run: results, one a line; those without an id are numbered.
            out: what comes of the review; made where it is missing.
            tell: as of `read_results`.

        Raises:
            DataError: the run cannot be read, a post has no id and its number is another's, or `out` holds other posts.
            SettingsError: another process reviews into this file.
            SetupError: it cannot be written.
        """
        results = numbered(read_results(run, tell))
        if any(not result.id for result in results):
            raise DataError(f"{run}: a post has no id, and its number is another's: give each its id")
        self.numbers = numbers_in(run)
        """Ids that are only places in the run."""
        self._guard, self._out = threading.Lock(), out
        self._types = types_to_choose(
            {entity.type for result in results for entity in result.all_entities if entity.type},
            next((result.types for result in results if result.types), ()),
        )
        with self._write_errors():
            out.parent.mkdir(parents=True, exist_ok=True)
            self._file = out.open("a+b")
        try:
            done = self._done({str(result.id) for result in results})
        except BaseException:
            self._file.close()
            raise
        self._posts = [post for post in review_queue(results) if asked_in(post)]
        self._open = {number for number, post in enumerate(self._posts) if post.result.id not in done}

    def _done(self, known: Container[str]) -> set[str]:
        """Lock the file for this process, cut off what a kill left of a line, and read which posts are done."""
        with self._write_errors():
            lock_output(self._file, self._out)
            lines = complete_lines(self._file)
        done = {str(result.id) for result in (read_results(self._out) if lines else ())}
        lock_output(self._file, self._out)  # closing the file that was read let go of the lock
        if stranger := next((name for name in done if name not in known), None):
            raise DataError(f"{self._out} holds the post {stranger!r}, which is not in the run: name another --out")
        return done

    @property
    def progress(self) -> Progress:
        """Count the posts of the queue."""
        with self._guard:
            return Progress(len(self._posts) - len(self._open), len(self._open))

    @property
    def types(self) -> tuple[str, ...]:
        """Types that a person may choose from."""
        return tuple(self._types)

    def post(self, number: int) -> QueuedPost | None:
        """Return a post of the queue; None = there is none of that number."""
        return self._posts[number] if 0 <= number < len(self._posts) else None

    def next_open(self, number: int = 0) -> int | None:
        """Find the first open post from this number on, and then from the beginning; None = all are done."""
        with self._guard:
            return min(self._open, key=lambda one: (one < number, one), default=None)

    def answer(self, number: int, answers: Any) -> Faults | None:
        """Apply the answers to a post's items, in their order; with no fault the post is done and written.

        Args:
            number: of the post.
            answers: a list of `HumanResponse`, one for each item.

        Returns:
            What is wrong with them, by `fault_key`; empty = the post is done. None = it is no open post.

        Raises:
            SetupError: the file cannot be written.
        """
        with self._guard:
            if number not in self._open:
                return None
            post = self._posts[number]
            asked = asked_in(post)
            if not isinstance(answers, list) or len(answers) != len(asked):
                return {"": f"{len(asked)} answers are wanted, in a list"}
            entities, faults = apply_answers(
                responses_to(asked, answers), post.result.all_entities, extraction_of(post.result, self.types)
            )
            if not faults:
                kept, dropped = split_by_doubt(entities, post.result.thresholds)
                self._write(replace(post.result, entities=kept, dropped=dropped))
                self._open.remove(number)
            return faults

    def _write(self, result: Result) -> None:
        if not os.fstat(self._file.fileno()).st_nlink:
            raise SetupError(f"{self._out} was deleted, so nothing can be saved in it: start the review anew")
        with self._write_errors():
            append_to(self._file.fileno(), result.to_json().encode() + b"\n", BEGINS)
            os.fsync(self._file.fileno())

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise SetupError(f"{self._out} cannot be written: {error.strerror or error}") from error

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def asked_in(post: QueuedPost) -> list[tuple[Entity, Attribute]]:
    """List what a person is asked about: a region only where the post has a picture that boxes are in."""
    by_index = {entity.index: entity for entity in post.result.all_entities}
    return [(by_index[item.entity], item.attribute) for item in items_of(post)]


def items_of(post: QueuedPost) -> list[ReviewItem]:
    """List the items that a person is asked about, entity by entity; each attribute once, by its first reason."""
    shown = [item for item in post.items if item.attribute != "region" or post.result.seen_picture is not None]
    first = {(item.entity, item.attribute): item for item in reversed(shown)}
    return sorted(reversed(first.values()), key=lambda item: item.entity)


def extraction_of(result: Result, types: Sequence[str]) -> Extraction:
    """Rebuild what answers are verified against: tokens and their places, types, the picture."""
    text, tokens, offsets = read_text(result.text)
    if tokens != result.tokens:  # it came as a list, or an earlier version split it
        text, tokens, offsets = read_text(result.tokens)
    return Extraction(
        text=text,
        tokens=tokens,
        offsets=offsets,
        entities=result.all_entities,
        thresholds=result.thresholds,
        labels=tuple(Label(name, "") for name in types if name != UNTYPED),
        picture=result.picture,
        model=result.model,
    )
