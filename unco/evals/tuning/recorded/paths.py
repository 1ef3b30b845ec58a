"""Recordings: the correctors' answers on every path that an entity can take through them, written and read.

A file has a line about the recording, then one for each post. It holds posts, gold, small-model output and answers, so
that any thresholds can be tried on it without a call.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from unco.errors import DataError
from unco.evals.formats.gold_lines import gold_to_dict
from unco.evals.formats.json_text import json_lines, write_text
from unco.small_model.fingerprint import Fingerprint
from unco.state import to_json
from unco.tools.llm.prices import Price
from unco.types import ALWAYS, ATTRIBUTES, Attribute, Correction, Extraction, GoldPost, Span, Thresholds

VERSION = 1
"""Version of the file's format."""

ALL = Thresholds(ALWAYS, ALWAYS, ALWAYS)
"""The floor below which nothing lies: every attribute was asked about."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One question about an entity, with the correction that came of it."""

    span: Span
    """Span of the entity when the question was asked."""
    type: str | None
    correction: Correction


@dataclass(frozen=True, slots=True)
class PostPaths:
    """A post, and the answers about each of its entities."""

    id: str | None
    extraction: Extraction
    """The small model's output; its thresholds are the ones that the prompts stated."""
    answers: tuple[tuple[Answered, ...], ...]
    """Answers about each entity, up to seven: one span, two types, four regions."""
    gold: GoldPost | None = None
    """In the types that entities are given out in; None = not labelled."""


@dataclass(frozen=True, slots=True)
class About:
    """The settings that a recording was made with."""

    checkpoint: Fingerprint | None = None
    """Identity of the small model; None = no checkpoint: saved or made-up predictions."""
    floor: Thresholds = ALL
    """Attributes with an uncertainty at or below it were not asked about."""
    stating: tuple[Attribute, ...] = ATTRIBUTES
    """Attributes whose prompt states the threshold, so that answers may depend on the number."""
    price: Price | None = None
    """Price of the MLLM's tokens; None = unknown."""
    simulated: str = ""
    """Profile of the simulated MLLM; empty = it is a real one."""
    known_names: tuple[str, ...] = ()
    """Names of the training data, sorted; empty = none was there. A policy that learns may tell them from others."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording: its settings and the paths of its posts."""

    about: About
    posts: tuple[PostPaths, ...]

    @property
    def simulated(self) -> str:
        """How the simulated MLLM erred, or its name where it is an endpoint like others; empty = it is a real one."""
        notes = (one.correction for post in self.posts for answers in post.answers for one in answers)
        return self.about.simulated or next((note.model for note in notes if note.simulated), "")

    @property
    def gold(self) -> tuple[GoldPost, ...]:
        """Collect the gold of all posts.

        Raises:
            DataError: a post is not labelled.
        """
        found = tuple(post.gold for post in self.posts if post.gold is not None)
        if len(found) != len(self.posts):
            raise DataError(f"{len(self.posts) - len(found)} of {len(self.posts)} recorded posts are not labelled")
        return found


T = TypeVar("T")
_ABOUT, _POST = TypeAdapter(About), TypeAdapter(PostPaths)


def data_hash(gold: Sequence[GoldPost]) -> str:
    """Hash posts' tokens and gold entities (SHA-256, hex): the same for the same data in any format."""
    lines = ((post.tokens, gold_to_dict(post)["entities"]) for post in gold)
    return sha256("\n".join(map(repr, lines)).encode("utf-8", "backslashreplace")).hexdigest()


def write_paths(recording: Recording, path: Path) -> None:
    """Write a recording as JSON Lines; `read_paths` gives it back as it is.

    Raises:
        DataError: it cannot be written.
    """
    head = json.dumps({"unco_paths": VERSION, **to_json(_ABOUT, recording.about)}).encode()
    write_text(b"\n".join((head, *(_POST.dump_json(post) for post in recording.posts), b"")).decode(), path)


def read_paths(path: Path) -> Recording:
    """Read a recording.

    Raises:
        DataError: it is missing, or a line is broken; names the line.
    """
    (where, head), *posts = list(json_lines(path))
    if not isinstance(head, dict) or head.pop("unco_paths", None) != VERSION:
        raise DataError(f"{where}: not the first line of recorded paths of version {VERSION}: record them anew")
    about = _read(_ABOUT, where, head)
    found = tuple(_read(_POST, *line) for line in posts)
    for (where, _), post in zip(posts, found, strict=True):
        if len(post.answers) != len(post.extraction.entities):
            raise DataError(f"{where}: {len(post.extraction.entities)} entities, but answers about {len(post.answers)}")
        if post.gold is not None and post.gold.tokens != post.extraction.tokens:
            raise DataError(f"{where}: the gold is of other words than the post")
    return Recording(about, found)


def _read(adapter: TypeAdapter[T], where: str, data: Any) -> T:
    try:
        return adapter.validate_python(data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"]))
        raise DataError(f"{where}: no line of recorded paths: {place}: {fault['msg']}: record them anew") from error


def as_json(post: PostPaths) -> dict[str, Any]:
    """Convert a post's paths to plain JSON."""
    return to_json(_POST, post)


def from_json(data: Any) -> PostPaths:
    """Read what `as_json` wrote."""
    return _POST.validate_python(data)
