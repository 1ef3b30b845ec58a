"""Stage 1 behind one protocol: the network, or saved predictions. Both turn a post into uncertain triplets."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from unco.errors import PostError
from unco.small_model.batching import Batching
from unco.small_model.micro_batcher import MicroBatcher
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region, RegionProvider, regions_from_boxes
from unco.tools.extraction.text import read_text, surface
from unco.tools.pictures.decode import Picture
from unco.tools.pictures.view import view_picture
from unco.types import Box, Entity, Extraction, Post, TextLine

if TYPE_CHECKING:
    from unco.small_model.predictor import Prediction, Predictor


LOOKING = 4
"""Pictures that are looked at, at once; the detectors take one at a time, so more would only fill memory."""


NO_PICTURE = "no picture was seen, so nothing is grounded"
UNREAD_CAPTION = "the small model was trained without captions, so the caption was not read"
NO_CAPTION = "the small model was trained with captions and was given none"
NO_PROVIDER = 'no region provider is installed, so only the whole picture is a candidate: pip install ".[vision]"'


class Extractor(Protocol):
    """Stage 1; any function of this shape will do."""

    def __call__(self, post: Post) -> Extraction:
        """Entities of a post with their uncertainties.

        Raises:
            PostError: the text cannot be used.
            PictureError: the picture cannot be used.
        """


@runtime_checkable
class AsyncExtractor(Extractor, Protocol):
    """Stage 1 that can also be awaited."""

    async def acall(self, post: Post) -> Extraction:
        """As calling it, without holding a thread while the model works."""


async def extract_async(extractor: Extractor, post: Post) -> Extraction:
    """Await any extractor: one that cannot be awaited is called in a thread."""
    if isinstance(extractor, AsyncExtractor):
        return await extractor.acall(post)
    return await asyncio.to_thread(extractor, post)


@dataclass(frozen=True, slots=True)
class _Read:
    """A post's text, cut into words."""

    text: str
    tokens: tuple[str, ...]
    offsets: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    """A post's picture, looked at."""

    picture: Picture | None
    regions: Sequence[Region]
    warnings: tuple[str, ...]

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in pixels."""
        return (self.picture.info.width, self.picture.info.height) if self.picture else None


class NetworkExtractor:
    """The small model and its region provider; loaded at the first call, not before.

    Posts that are handed in at the same time, by threads or by tasks, run through the network as one batch.
    """

    def __init__(
        self,
        load: "Callable[[], Predictor]",
        provider: RegionProvider | None,
        batching: Batching | None = None,
    ) -> None:
        """Keep how to load, load nothing.

        Args:
            load: gives the predictor; called at the first post, and again only where it failed.
            provider: finds candidate regions; None = only the caller's boxes and the whole picture.
            batching: how posts that come at the same time share the network; None = the defaults.
        """
        self._load = load
        self._provider = provider
        self._batching = batching
        self._lock = Lock()
        self._model: tuple[Predictor, MicroBatcher] | None = None

    def __call__(self, post: Post) -> Extraction:
        """See `Extractor`.

        Raises:
            Overloaded: too many posts wait for the network.
        """
        read = _Read(*read_text(post.text))
        picture = view_picture(post.image) if post.image is not None else None
        # Side by side: the first time, detectors and network load for seconds each.
        looking = None if picture is None else _picture_threads(os.getpid()).submit(self._look, post, picture)
        predictor, batcher = self._loaded()
        seen = self._look(post, None) if looking is None else looking.result()
        told = _model_input(predictor, post, read, seen)
        return _extraction(predictor, read, seen, batcher(told), _about_caption(predictor, post))

    async def acall(self, post: Post) -> Extraction:
        """As calling it; pictures are looked at in a few threads, and none is held while the network works.

        Raises:
            Overloaded: too many posts wait for the network.
        """
        read = _Read(*read_text(post.text))
        looking = None if post.image is None else _picture_threads(os.getpid()).submit(self._view_and_look, post)
        predictor, batcher = await asyncio.to_thread(self._loaded) if self._model is None else self._model
        seen = self._look(post, None) if looking is None else await asyncio.wrap_future(looking)
        told = _model_input(predictor, post, read, seen)
        return _extraction(predictor, read, seen, await batcher.acall(told), _about_caption(predictor, post))

    def _loaded(self) -> "tuple[Predictor, MicroBatcher]":
        with self._lock:
            if self._model is None:
                predictor = self._load()
                self._model = predictor, MicroBatcher(predictor.predict, self._batching)
            return self._model

    def _view_and_look(self, post: Post) -> _Seen:
        return self._look(post, view_picture(post.image) if post.image is not None else None)

    def _look(self, post: Post, picture: Picture | None) -> _Seen:
        if picture is None or post.image is None:
            return _Seen(None, (), (NO_PICTURE,))
        if post.regions is not None:
            return _Seen(picture, inside(post.regions, picture), picture.warnings)
        if self._provider is None:
            return _Seen(picture, (), (*picture.warnings, NO_PROVIDER))
        return _Seen(picture, self._provider(picture.image, post.image), picture.warnings)


@lru_cache(maxsize=1)
def _picture_threads(process: int) -> ThreadPoolExecutor:
    """Threads that look at pictures, for one process: threads do not survive a fork.

    Not asyncio's own few threads: there, a crowd of pictures would keep questions to the MLLM waiting.
    """
    return ThreadPoolExecutor(LOOKING, f"unco-pictures-{process}")


def _model_input(predictor: "Predictor", post: Post, read: _Read, seen: _Seen) -> ModelInput:
    caption = (post.caption or "") if predictor.network.config.captions else ""
    return ModelInput(read.tokens, tuple(seen.regions), seen.size, caption)


def _about_caption(predictor: "Predictor", post: Post) -> tuple[str, ...]:
    if predictor.network.config.captions:
        return () if post.caption or post.image is None else (NO_CAPTION,)
    return (UNREAD_CAPTION,) if post.caption else ()


def _extraction(
    predictor: "Predictor",
    read: _Read,
    seen: _Seen,
    predictions: "Sequence[Prediction]",
    warnings: tuple[str, ...],
) -> Extraction:
    entities = tuple(
        Entity(
            index=index,
            span=found.span,
            text=surface(read.text, read.offsets, found.span),
            start_char=read.offsets[found.span.start][0],
            stop_char=read.offsets[found.span.stop - 1][1],
            type=found.type,
            region=found.region,
            uncertainty=found.uncertainty,
            nats=found.nats,
        )
        for index, found in enumerate(predictions)
    )
    return Extraction(
        text=read.text,
        tokens=read.tokens,
        offsets=read.offsets,
        entities=entities,
        thresholds=predictor.thresholds,
        labels=predictor.labels,
        picture=seen.picture.info if seen.picture else None,
        model=predictor.name,
        warnings=(*seen.warnings, *warnings),
        candidates=tuple(region.box for region in seen.regions if region.kind != "picture"),
        text_lines=tuple(TextLine(region.text, region.box) for region in seen.regions if region.text),
    )


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
