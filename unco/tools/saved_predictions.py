"""Stage 1 from a file: predictions that a model made before, here or elsewhere, one JSON object a line.

Each line is what `unco.state.EXTRACTION` writes, with an `id` beside it if the post has one. Any model that can say
three uncertainties can take the small model's place this way.
"""

import json
from pathlib import Path

from pydantic import TypeAdapter

from unco.errors import DataError, PostError
from unco.tools.extractor import read_text
from unco.types import Extraction, Post

_EXTRACTION = TypeAdapter(Extraction)


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
        """The saved prediction of a post.

        Raises:
            PostError: there is none, or the one of that id is of another text.
        """
        text, tokens, _ = read_text(post.text)
        if post.id is not None and post.id in self._by_id:
            found = self._by_id[post.id]
            if _letters(found.text) != _letters(text):
                raise PostError(f"{self.path}: the prediction for post {post.id!r} is of another text")
            return found
        if tokens not in self._by_tokens:
            raise PostError(f"{self.path} has no prediction for post {post.id or ' '.join(tokens)[:60]!r}")
        return self._by_tokens[tokens]

    def _add(self, number: int, line: str) -> None:
        try:
            data = json.loads(line)
            identity = data.pop("id", None)
            extraction = _EXTRACTION.validate_python(data)
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


def _letters(text: str) -> str:
    """A text without whitespace: the same however it is split into tokens."""
    return "".join(text.split())
