"""The gold answers of a simulated model: read from a data set or a file, found again by a post's text."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from unco.errors import DataError
from unco.evals.datasets import has_fine_types, read_fmnerg, read_gmner
from unco.types import Box, GoldEntity, GoldPost, Span

SPLITS = ("train", "dev", "test")


class _Entity(BaseModel):
    model_config = ConfigDict(extra="forbid")
    start: int
    stop: int
    type: str
    boxes: list[tuple[float, float, float, float]] = []


class _Post(BaseModel):
    """A line of a gold file; `text` is split at white space, `tokens` are taken as they are."""

    model_config = ConfigDict(extra="forbid")
    id: str = ""
    text: str | None = None
    tokens: list[str] | None = None
    entities: list[_Entity] = []
    width: int | None = None
    height: int | None = None

    @model_validator(mode="after")
    def _one_text(self) -> "_Post":
        if (self.text is None) == (self.tokens is None):
            raise ValueError("give text or tokens, one of them")
        return self

    def gold(self) -> GoldPost:
        tokens = tuple(self.tokens if self.tokens is not None else (self.text or "").split())
        entities = tuple(
            GoldEntity(Span(entity.start, entity.stop), entity.type, tuple(Box(*box) for box in entity.boxes))
            for entity in self.entities
        )
        if any(entity.span.stop > len(tokens) for entity in entities):
            raise ValueError(f"an entity ends after the last of {len(tokens)} tokens")
        return GoldPost(self.id, tokens, entities, (self.width, self.height) if self.width and self.height else None)


def read_gold(path: Path, boxes: Path | None = None) -> list[GoldPost]:
    """Gold posts of a folder of Twitter-GMNER or Twitter-FMNERG, all splits; or of a JSON Lines file.

    Args:
        path: a folder with txt/ (of two columns, or of three), or a file of one post a line:
            {"text": "..." or "tokens": [...], "entities": [{"start", "stop", "type", "boxes"}], "width", "height"}.
        boxes: folder of the VOC files, where it is not xml/ in the folder.

    Raises:
        DataError: nothing there, or not in the format, with its place.
    """
    if path.is_file():
        return [_line(path, number, line) for number, line in enumerate(_lines(path), start=1) if line.strip()]
    splits = [split for split in SPLITS if (path / "txt" / f"{split}.txt").is_file()]
    if not splits:
        raise DataError(f"{path} holds no gold posts: give a JSON Lines file, or a folder with txt/ and xml/")
    if has_fine_types(path / "txt" / f"{splits[0]}.txt"):
        return [post for split in splits for post in read_fmnerg(path / "txt", boxes or path / "xml", split)]
    return [post for split in splits for post in read_gmner(path, split, boxes)]


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text("utf-8").split("\n")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}") from error


def _line(path: Path, number: int, line: str) -> GoldPost:
    try:
        found: Any = json.loads(line)
        return _Post.model_validate(found).gold()
    except (ValueError, ValidationError) as error:
        raise DataError(f"{path}:{number}: not a gold post: {' '.join(str(error).split())[:200]}") from error


class GoldIndex:
    """Gold posts by their text, white space aside."""

    def __init__(self, posts: Iterable[GoldPost]) -> None:
        """Index them; of posts with the same text all are kept."""
        self._by_text: dict[str, list[GoldPost]] = {}
        for post in posts:
            self._by_text.setdefault(solid("".join(post.tokens)), []).append(post)

    def find(self, text: str, size: tuple[int, int] | None) -> GoldPost | None:
        """The post of a text; of several the one whose picture has most nearly the shape of the one received."""
        posts = self._by_text.get(solid(text), [])
        if size is None or len(posts) < 2:
            return posts[0] if posts else None
        return min(posts, key=lambda post: abs(post.size[0] / post.size[1] - size[0] / size[1]) if post.size else 1e9)


def solid(text: str) -> str:
    """Without white space; a `<` that a prompt had to disarm is one again."""
    return "".join(text.split()).replace("‹", "<")


def extent(post: GoldPost, entity: GoldEntity) -> tuple[int, int]:
    """(start, stop) of an entity in its post's solid text."""
    lengths = [len(solid(token)) for token in post.tokens]
    return sum(lengths[: entity.span.start]), sum(lengths[: entity.span.stop])


def best_match(post: GoldPost, words: str) -> GoldEntity | None:
    """The gold entity that words of a post overlap most; None when they overlap none.

    Of equals the one that is spaced as the words are, for a name can stand in a post as a hashtag too; then the first.
    """
    text, asked = solid("".join(post.tokens)), solid(words)
    places = [start for start in range(len(text)) if asked and text.startswith(asked, start)]
    best, most = None, (0.0, False)
    for entity in post.entities:
        start, stop = extent(post, entity)
        spaced_alike = " ".join(post.tokens[entity.span.start : entity.span.stop]) == " ".join(words.split())
        for place in places:
            shared = min(stop, place + len(asked)) - max(start, place)
            share = shared / (stop - start + len(asked) - shared) if shared > 0 else 0.0
            if share > 0 and (share, spaced_alike) > most:
                best, most = entity, (share, spaced_alike)
    return best
