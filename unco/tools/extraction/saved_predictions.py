"""Stage 1 from a file of saved predictions, one JSON object a line.

Each line is what `unco.state.EXTRACTION` writes, plus the post's `id` if it has one. Any model that gives three
uncertainties can replace the small model this way.
"""

import os
from array import array
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from unco.errors import DataError, PostError
from unco.plain_json import check_characters, read_json
from unco.state import EXTRACTION, PostInput, id_text
from unco.tools.extraction.text import read_text, surface, with_span
from unco.tools.pictures.view import view_picture
from unco.types import ATTRIBUTES, Extraction, PictureInfo, Post


class SavedPredictions:
    """Extractor that finds a post's saved prediction by its id if it has one, else by its text."""

    def __init__(self, path: Path) -> None:
        """Index and validate a file of predictions.

        Raises:
            DataError: it is missing, or a line is not a prediction; names the line.
        """
        self.path = path
        keys, places = array("Q"), array("Q")  # eight bytes each: a dict of a hundred thousand would weigh
        try:
            self._file = os.open(path, os.O_RDONLY)
            with path.open("rb") as lines:
                end = 0
                for number, line in enumerate(lines, start=1):
                    if line.strip():
                        for key in self._keys(number, line):
                            keys.append(key)
                            places.append(end)
                    end += len(line)
        except OSError as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        order = np.argsort(np.asarray(keys), kind="stable")
        self._index, self._places = np.asarray(keys)[order], np.asarray(places)[order]

    def __del__(self) -> None:
        """Close the file."""
        if hasattr(self, "_file"):
            os.close(self._file)

    def __call__(self, post: Post) -> Extraction:
        """Return the saved prediction of a post, with offsets in the caller's own text.

        One found by id may have other tokens of the same letters; then it brings its own text.

        Raises:
            PostError: there is none, or it is of another text or of a picture of another size.
            PictureError: the picture cannot be used.
        """
        text, tokens, offsets = read_text(post.text)
        place = None if post.id is None else self._place(_key("id", post.id))
        place = self._place(_key("tokens", *tokens)) if place is None else place
        if place is None:
            raise PostError(f"{self.path} has no prediction for post {post.id or ' '.join(tokens)[:60]!r}")
        found = self._read(place)
        if _letters(found.text) != _letters(text):
            raise PostError(f"{self.path}: the prediction for post {post.id!r} is of another text")
        if post.image is not None:
            found = replace(found, picture=_same_size(found.seen_picture, view_picture(post.image).info))
        if found.tokens != tokens:
            return found
        entities = tuple(with_span(entity, entity.span, text, offsets) for entity in found.entities)
        near = tuple(replace(one, text=surface(text, offsets, one.span)) for one in found.near_misses)
        return replace(found, text=text, offsets=offsets, entities=entities, near_misses=near)

    def _keys(self, number: int, line: bytes) -> list[int]:
        """Return the keys of a line: its tokens' hash and, if it has an id, the id's."""
        try:
            post_id, extraction = _parse(line)
            _check(extraction)
        except (ValueError, AttributeError, TypeError, RecursionError) as error:  # pydantic's is a ValueError
            raise DataError(f"{self.path}:{number}: not a saved prediction: {error}") from error
        named = [] if post_id is None else [_key("id", str(post_id))]
        return [_key("tokens", *extraction.tokens), *named]

    def _place(self, key: int) -> int | None:
        """Find the byte offset of the last line with a key."""
        found = int(np.searchsorted(self._index, np.uint64(key), "right")) - 1
        return int(self._places[found]) if found >= 0 and int(self._index[found]) == key else None

    def _read(self, place: int) -> Extraction:
        """Read and parse one line; keeping all of them would fill the memory."""
        try:
            size = 1 << 16
            while b"\n" not in (line := os.pread(self._file, size, place)) and len(line) == size:
                size *= 2  # read anew, not pieced together: a long line would be copied once for each piece
            return _parse(line.partition(b"\n")[0])[1]
        except (OSError, ValueError, AttributeError) as error:
            raise DataError(f"{self.path} has changed since it was opened: {error}") from error


def _parse(line: bytes) -> tuple[Any, Extraction]:
    """Parse a line into (id, prediction)."""
    data = read_json(line.decode("utf-8-sig"))
    post_id = id_text(data.pop("id", None))
    return post_id, EXTRACTION.validate_python(data)


def _key(*parts: str) -> int:
    """Hash an id or tokens to eight bytes."""
    return int.from_bytes(sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()[:8], "little")


def _check(extraction: Extraction) -> None:
    """Check what the rest of unco relies on.

    Raises:
        ValueError: offsets or spans that do not belong to the tokens, or entities out of order.
    """
    words = len(extraction.tokens)
    if len(extraction.offsets) != words:
        raise ValueError(f"{words} tokens, but {len(extraction.offsets)} offsets")
    if extraction.fine_types and len(extraction.fine_types) != len(extraction.entities):
        raise ValueError(f"{len(extraction.entities)} entities, but {len(extraction.fine_types)} fine types")
    for index, entity in enumerate(extraction.entities):
        if entity.index != index or entity.span.stop > words:
            raise ValueError(f"entity {index} has index {entity.index} and ends at token {entity.span.stop} of {words}")
        if not all(0.0 <= entity.uncertainty.of(name) <= 1.0 for name in ATTRIBUTES):
            raise ValueError(f"entity {index} has an uncertainty outside [0, 1]: {entity.uncertainty}")
    for one in extraction.near_misses:
        if one.span.stop > words or not 0.0 <= one.chance <= 1.0:
            raise ValueError(f"a near miss ends at token {one.span.stop} of {words}, with a chance of {one.chance}")


def _same_size(saved: PictureInfo | None, seen: PictureInfo) -> PictureInfo:
    """Return the given picture, after checking that the saved boxes can be of it."""
    if saved is not None and (saved.width, saved.height) != (seen.width, seen.height):
        raise PostError(
            f"{seen.ref} has {seen.width} x {seen.height} pixels, but the saved boxes are of a picture of "
            f"{saved.width} x {saved.height}: hand in that one"
        )
    return seen


def _letters(text: str) -> str:
    """Strip a text of whitespace, so that texts compare equal however they are tokenized."""
    return "".join(text.split())


def handed_in(post: PostInput) -> Extraction | None:
    """Give the extraction that came with a post; None = none did, so the small model is asked.

    Raises:
        PostError: it is no extraction, or of another text.
    """
    if post.extraction is None:
        return None
    try:
        extraction = EXTRACTION.validate_python(post.extraction)
        _check(extraction)
        check_characters(post.extraction)
    except (ValueError, AttributeError, TypeError) as error:  # pydantic's is a ValueError
        raise PostError(f"the extraction that came with the post cannot be used: {error}") from error
    words = post.text if isinstance(post.text, str) else " ".join(post.text)
    if _letters(extraction.text) != _letters(words):
        raise PostError("the extraction that came with the post is of another text")
    return extraction
