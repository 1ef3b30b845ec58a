"""Stage 1 from a file: predictions that a model made before, here or elsewhere, one JSON object a line.

Each line is what `unco.state.EXTRACTION` writes, with an `id` beside it if the post has one. Any model that can say
three uncertainties can take the small model's place this way.
"""

import json
from dataclasses import replace
from pathlib import Path

from unco.errors import DataError, PostError
from unco.state import EXTRACTION
from unco.tools.extractor import read_text, view_picture, with_span
from unco.types import ATTRIBUTES, Extraction, PictureInfo, Post


class SavedPredictions:
    """An extractor that looks posts up, by id if they have one, else by text."""

    def __init__(self, path: Path) -> None:
        """Read a file of predictions.

        Raises:
            DataError: it is missing, or a line is not a prediction; names the line.
        """
        self._by_id: dict[str, Extraction] = {}
        self._by_tokens: dict[tuple[str, ...], Extraction] = {}
        self.path = path
        try:
            lines = path.read_text("utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        for number, line in enumerate(lines, start=1):
            if line.strip():
                self._add(number, line)

    def __call__(self, post: Post) -> Extraction:
        """The saved prediction of a post, its offsets counted in the caller's own text.

        One found by id may have other tokens of the same letters; then it brings its own text.

        Raises:
            PostError: there is none, or it is of another text or of a picture of another size.
            PictureError: the picture cannot be used.
        """
        text, tokens, offsets = read_text(post.text)
        found = self._by_id.get(post.id) if post.id is not None else None
        found = found or self._by_tokens.get(tokens)
        if found is None:
            raise PostError(f"{self.path} has no prediction for post {post.id or ' '.join(tokens)[:60]!r}")
        if _letters(found.text) != _letters(text):
            raise PostError(f"{self.path}: the prediction for post {post.id!r} is of another text")
        if post.image is not None:
            found = replace(found, picture=_same_size(found.picture, view_picture(post.image).info))
        if found.tokens != tokens:
            return found
        entities = tuple(with_span(entity, entity.span, text, offsets) for entity in found.entities)
        return replace(found, text=text, offsets=offsets, entities=entities)

    def _add(self, number: int, line: str) -> None:
        try:
            data = json.loads(line)
            identity = data.pop("id", None)
            extraction = EXTRACTION.validate_python(data)
            _check(extraction)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:  # pydantic's is a ValueError
            raise DataError(f"{self.path}:{number}: not a saved prediction: {error}") from error
        self._by_tokens[extraction.tokens] = extraction
        if identity is not None:
            self._by_id[str(identity)] = extraction


def _check(extraction: Extraction) -> None:
    """Refuse what the rest of unco would trip over.

    Raises:
        ValueError: offsets or spans that do not belong to the tokens, or entities out of order.
    """
    words = len(extraction.tokens)
    if len(extraction.offsets) != words:
        raise ValueError(f"{words} tokens, but {len(extraction.offsets)} offsets")
    for index, entity in enumerate(extraction.entities):
        if entity.index != index or entity.span.stop > words:
            raise ValueError(f"entity {index} has index {entity.index} and ends at token {entity.span.stop} of {words}")
        if not all(0.0 <= entity.uncertainty.of(name) <= 1.0 for name in ATTRIBUTES):
            raise ValueError(f"entity {index} has an uncertainty outside [0, 1]: {entity.uncertainty}")


def _same_size(saved: PictureInfo | None, seen: PictureInfo) -> PictureInfo:
    """The picture that was handed in, if the saved boxes can be of it."""
    if saved is not None and (saved.width, saved.height) != (seen.width, seen.height):
        raise PostError(
            f"{seen.ref} has {seen.width} x {seen.height} pixels, but the saved boxes are of a picture of "
            f"{saved.width} x {saved.height}: hand in that one"
        )
    return seen


def _letters(text: str) -> str:
    """A text without whitespace: the same however it is split into tokens."""
    return "".join(text.split())
