"""Stage 1 behind one protocol: the network, or saved predictions. Both turn a post into uncertain triplets."""

import os
import re
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Protocol

from unco.errors import PostError
from unco.small_model.regions import Region, RegionProvider, regions_from_boxes
from unco.small_model.words import split_words
from unco.tools.pictures import Picture, allowed_hosts_from_env, open_picture
from unco.types import Box, Entity, Extraction, Post, Span

if TYPE_CHECKING:
    from unco.small_model.predictor import Predictor

MOST_WORDS = 20_000
"""Longest post that is read; a post is a post, not a book."""

_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
"""What bytes that are no UTF-8 become on a command line; no tokenizer and no JSON file takes it."""

NO_PICTURE = "no picture was seen, so nothing is grounded"
NO_PROVIDER = 'no region provider is installed, so only the whole picture is a candidate: pip install ".[vision]"'


class Extractor(Protocol):
    """Stage 1."""

    def __call__(self, post: Post) -> Extraction:
        """Entities of a post with their uncertainties.

        Raises:
            PostError: the text cannot be used.
            PictureError: the picture cannot be used.
        """


class NetworkExtractor:
    """The small model and its region provider; loaded at the first call, not before."""

    def __init__(self, load: "Callable[[], Predictor]", provider: RegionProvider | None) -> None:
        """Keep how to load, load nothing.

        Args:
            load: gives the predictor; called at each use, so it should remember.
            provider: finds candidate regions; None = only the caller's boxes and the whole picture.
        """
        self._load = load
        self._provider = provider

    def __call__(self, post: Post) -> Extraction:
        """See `Extractor`."""
        text, tokens, offsets = read_text(post.text)
        picture = view_picture(post.image) if post.image is not None else None
        # Side by side: the first time, detectors and network load for seconds each.
        with ThreadPoolExecutor(1) as pool:
            looking = pool.submit(self._regions, post, picture)
            from unco.small_model.predictor import ModelInput  # torch is not imported before it is needed

            predictor = self._load()
            regions, warnings = looking.result()
        size = (picture.info.width, picture.info.height) if picture else None
        predictions = predictor.predict([ModelInput(tokens, tuple(regions), size)])[0]
        entities = tuple(
            Entity(
                index=index,
                span=found.span,
                text=surface(text, offsets, found.span),
                start_char=offsets[found.span.start][0],
                stop_char=offsets[found.span.stop - 1][1],
                type=found.type,
                region=found.region,
                uncertainty=found.uncertainty,
                nats=found.nats,
            )
            for index, found in enumerate(predictions)
        )
        info = picture.info if picture else None
        return Extraction(
            text, tokens, offsets, entities, predictor.thresholds, predictor.labels, info, predictor.name, warnings
        )

    def _regions(self, post: Post, picture: Picture | None) -> tuple[Sequence[Region], tuple[str, ...]]:
        if picture is None:
            return (), (NO_PICTURE,)
        if post.regions is not None:
            return inside(post.regions, picture), picture.warnings
        if self._provider is None:
            return (), (*picture.warnings, NO_PROVIDER)
        return self._provider(picture.image), picture.warnings


def read_text(text: str | tuple[str, ...]) -> tuple[str, tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Text, tokens, and each token's (start, stop) characters in the text.

    A list of tokens is joined by single spaces. A token may be any non-empty string: some data sets hold tokens that
    are nothing but a zero-width character.

    Raises:
        PostError: nothing to read, an empty token, half a character, or more words than a post has.
    """
    if isinstance(text, str):
        tokens, offsets = split_words(text)
        whole = text
    else:
        tokens, whole = text, " ".join(text)
        stops = list(accumulate(len(token) + 1 for token in text))
        offsets = tuple((stop - 1 - len(token), stop - 1) for token, stop in zip(text, stops, strict=True))
    if not tokens or not whole.strip():
        raise PostError("the text has no words: hand in a post's text, or its tokens")
    if not all(tokens):
        raise PostError(f"token {tokens.index('')} is empty: leave it out")
    if len(tokens) > MOST_WORDS:
        raise PostError(f"the text has {len(tokens)} words, at most {MOST_WORDS} are read: hand it in in parts")
    if (half := _LONE_SURROGATE.search(whole)) is not None:
        raise PostError(f"character {half.start()} of the text is half of one: hand it in as valid Unicode")
    return whole, tokens, offsets


def with_span(entity: Entity, span: Span, text: str, offsets: Sequence[tuple[int, int]]) -> Entity:
    """The entity at a span of a text, its surface and characters with it."""
    return replace(
        entity,
        span=span,
        text=surface(text, offsets, span),
        start_char=offsets[span.start][0],
        stop_char=offsets[span.stop - 1][1],
    )


def surface(text: str, offsets: Sequence[tuple[int, int]], span: Span) -> str:
    """The text of a span, as the caller wrote it."""
    return text[offsets[span.start][0] : offsets[span.stop - 1][1]]


def view_picture(ref: str) -> Picture:
    """Open a picture by the rules of the environment (`UNCO_ALLOWED_HOSTS`).

    The last few are kept, for the small model and up to two correctors of each entity look at the same one; a file that
    has changed is read anew.
    """
    return _view(ref, _stamp(ref), allowed_hosts_from_env())


@lru_cache(maxsize=4)
def _view(ref: str, stamp: tuple[int, int] | None, allowed_hosts: frozenset[str]) -> Picture:
    return open_picture(ref, allowed_hosts=allowed_hosts)


def _stamp(ref: str) -> tuple[int, int] | None:
    """When a file last changed, and its size; None for what is no file."""
    try:
        status = os.stat(ref)
    except (OSError, ValueError):
        return None
    return status.st_mtime_ns, status.st_size


def inside(boxes: Sequence[Box], picture: Picture) -> list[Region]:
    """A caller's boxes as candidates.

    Raises:
        PostError: one does not lie inside the picture.
    """
    width, height = picture.info.width, picture.info.height
    for box in boxes:
        if box.x1 < 0 or box.y1 < 0 or box.x2 > width or box.y2 > height:
            raise PostError(f"candidate {box} is not inside the picture of {width} x {height} pixels")
    return regions_from_boxes(boxes)
