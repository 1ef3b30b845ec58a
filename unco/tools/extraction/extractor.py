"""The protocol of stage 1 (post in, triplets with uncertainties out), and its implementation by the network."""

import asyncio
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from unco.errors import PostError, SettingsError
from unco.fork_locks import ForkLock
from unco.small_model.batching import Batching
from unco.small_model.micro_batcher import MicroBatcher
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.clip_features import clip_features
from unco.small_model.regions.region import (
    PromptedProvider,
    Region,
    RegionProvider,
    regions_from_boxes,
    scaled,
    with_whole_picture,
)
from unco.small_model.regions.region_files import MissingRegions
from unco.tools.extraction.lines import PostWords, post_words
from unco.tools.extraction.text import surface
from unco.tools.pictures.decode import Picture
from unco.tools.pictures.view import view_picture
from unco.types import Box, Entity, Extraction, NearMiss, Post, TextLine

if TYPE_CHECKING:
    from unco.small_model.predictor import Predictor
    from unco.small_model.uncertainty.near_misses import PredictedNearMiss
    from unco.small_model.uncertainty.prediction import Prediction


PICTURE_THREADS = 4
"""Pictures that are processed at once; the detectors take one at a time, so more would only fill memory."""


NO_PICTURE = "no picture was seen, so nothing is grounded"
UNREAD_CAPTION = "the small model was trained without captions, so the caption was not read"
NO_CAPTION = "the small model was trained with captions and was given none"
NO_REGION_FILE = "the picture has no region file, so nothing is grounded"
NO_PROVIDER = "no region provider is installed, so only the whole picture is a candidate: pip install 'unco[vision]'"


class Extractor(Protocol):
    """Stage 1: any callable with this signature will do."""

    def __call__(self, post: Post) -> Extraction:
        """Extract the entities of a post with their uncertainties.

        Raises:
            PostError: the text cannot be used.
            PictureError: the picture cannot be used.
        """


@runtime_checkable
class AsyncExtractor(Extractor, Protocol):
    """Stage 1 that can also be awaited."""

    async def acall(self, post: Post) -> Extraction:
        """Extract the entities without holding a thread while the model runs."""


@dataclass(frozen=True, slots=True)
class _Candidates:
    """A post's candidate regions, and the picture that they are from."""

    picture: Picture | None
    regions: Sequence[Region]
    warnings: tuple[str, ...]
    unseen: bool = False
    """Whether nothing is known of what is in the picture, so that it is no candidate itself."""

    @property
    def size(self) -> tuple[int, int] | None:
        """(width, height) in pixels; None = the text is read alone."""
        if self.unseen:
            return None
        return (self.picture.info.width, self.picture.info.height) if self.picture else None


class NetworkExtractor:
    """Stage 1 by the small model and a region provider, both loaded at the first call.

    Posts that are handed in at the same time, by threads or by tasks, run through the network as one batch.
    """

    def __init__(
        self,
        load: "Callable[[], Predictor]",
        provider: RegionProvider | None,
        batching: Batching | None = None,
    ) -> None:
        """Set how to load; nothing is loaded yet.

        Args:
            load: gives the predictor; called at the first post, and again only if it failed.
            provider: finds candidate regions; None = only the caller's boxes and the whole picture.
            batching: how posts that come at the same time share the network; None = the defaults.
        """
        self._load = load
        self._provider = provider
        self._batching = batching
        self._lock = ForkLock()
        self._model: tuple[Predictor, MicroBatcher] | None = None

    def __call__(self, post: Post) -> Extraction:
        """Extract the entities of a post; see `Extractor`.

        Raises:
            Overloaded: too many posts wait for the network.
        """
        words = post_words(post.text)
        picture = view_picture(post.image) if post.image is not None else None
        # Side by side: the first time, detectors and network load for seconds each.
        pending = None if picture is None else _picture_threads(os.getpid()).submit(self._find_regions, post, picture)
        predictor, batcher = self._loaded()
        candidates = self._find_regions(post, None) if pending is None else pending.result()
        model_input = _model_input(predictor, post, words, candidates)
        predictions = batcher(model_input)
        near = predictor.near_misses([model_input])[0] if post.near_misses else ()
        return _extraction(predictor, words, candidates, predictions, near, _caption_warnings(predictor, post))

    async def acall(self, post: Post) -> Extraction:
        """Extract the entities without holding a thread while the network runs; a few threads process pictures.

        Raises:
            Overloaded: too many posts wait for the network.
        """
        words = post_words(post.text)
        threads = _picture_threads(os.getpid())
        pending = None if post.image is None else threads.submit(self._open_and_find_regions, post)
        predictor, batcher = await asyncio.to_thread(self._loaded) if self._model is None else self._model
        candidates = self._find_regions(post, None) if pending is None else await asyncio.wrap_future(pending)
        model_input = _model_input(predictor, post, words, candidates)
        predictions = await batcher.acall(model_input)
        near = (await asyncio.to_thread(predictor.near_misses, [model_input]))[0] if post.near_misses else ()
        return _extraction(predictor, words, candidates, predictions, near, _caption_warnings(predictor, post))

    def _loaded(self) -> "tuple[Predictor, MicroBatcher]":
        with self._lock:
            if self._model is None:
                predictor = self._load()
                self._model = predictor, MicroBatcher(predictor.predict, self._batching)
            return self._model

    def _open_and_find_regions(self, post: Post) -> _Candidates:
        return self._find_regions(post, view_picture(post.image) if post.image is not None else None)

    def _find_regions(self, post: Post, picture: Picture | None) -> _Candidates:
        if picture is None or post.image is None:
            return _Candidates(None, (), (NO_PICTURE,))
        if post.regions is not None:
            return self._seen(_Candidates(picture, regions_inside(post.regions, picture), picture.warnings))
        if self._provider is None:
            return self._seen(_Candidates(picture, (), (*picture.warnings, NO_PROVIDER)))
        try:
            found = self._look(self._provider, picture, post.image, post)
        except MissingRegions:
            return _Candidates(picture, (), (*picture.warnings, NO_REGION_FILE), unseen=True)
        # In pixels of a picture that may have been reduced.
        return self._seen(_Candidates(picture, scaled(found, 1 / picture.scale), picture.warnings))

    def _look(self, provider: RegionProvider, picture: Picture, image: str, post: Post) -> Sequence[Region]:
        """Find the regions of a picture; some providers want to know what to look for."""
        if isinstance(provider, PromptedProvider) and provider.takes_names():
            return provider.for_names(picture.image, image, self._names_in(post))
        return provider(picture.image, image)

    def _seen(self, candidates: _Candidates) -> _Candidates:
        """Add what the small model's visual encoder sees in each candidate, where it reads that and none looked yet.

        Raises:
            SettingsError: the checkpoint names no encoder.
            SetupError: the encoder cannot be loaded.
        """
        predictor, _ = self._loaded()
        config, picture, size = predictor.network.config, candidates.picture, candidates.size
        if not config.visual_features or picture is None or size is None:
            return candidates
        regions = with_whole_picture(candidates.regions, size)
        if all(region.features is not None for region in regions):
            return candidates
        if not config.featuriser:
            raise SettingsError(
                f"{predictor.name} reads {config.visual_features} visual features a region and names no encoder that "
                "gives them: give the folder of its region files with --regions or UNCO_REGIONS"
            )
        looked = clip_features(config.featuriser)(picture.image, scaled(regions, picture.scale))
        features = (region.features for region in looked)
        seen = [replace(region, features=row) for region, row in zip(regions, features, strict=True)]
        return replace(candidates, regions=seen)

    def _names_in(self, post: Post) -> list[str]:
        """Read the post without its picture, to know what to look for in it."""
        words = post_words(post.text)
        _, batcher = self._loaded()
        found = batcher(ModelInput(words.read))
        spans = (words.span_of(one.span) for one in found)
        return [surface(words.text, words.offsets, span) for span in spans if span]


@lru_cache(maxsize=1)
def _picture_threads(process: int) -> ThreadPoolExecutor:
    """Create the threads that process pictures, once for each process: threads do not survive a fork.

    They are not asyncio's own few threads: there, many pictures would keep questions to the MLLM waiting.
    """
    return ThreadPoolExecutor(PICTURE_THREADS, f"unco-pictures-{process}")


def _model_input(predictor: "Predictor", post: Post, words: PostWords, candidates: _Candidates) -> ModelInput:
    caption = (post.caption or "") if predictor.network.config.captions else ""
    return ModelInput(words.read, tuple(candidates.regions), candidates.size, caption)


def _caption_warnings(predictor: "Predictor", post: Post) -> tuple[str, ...]:
    if predictor.network.config.captions:
        return () if post.caption or post.image is None else (NO_CAPTION,)
    return (UNREAD_CAPTION,) if post.caption else ()


def _extraction(
    predictor: "Predictor",
    words: PostWords,
    candidates: _Candidates,
    predictions: "Sequence[Prediction]",
    near_misses: "Sequence[PredictedNearMiss]",
    warnings: tuple[str, ...],
) -> Extraction:
    predictions = [replace(found, span=span) for found in predictions if (span := words.span_of(found.span))]
    near_misses = [replace(found, span=span) for found in near_misses if (span := words.span_of(found.span))]
    entities = tuple(
        Entity(
            index=index,
            span=found.span,
            text=surface(words.text, words.offsets, found.span),
            start_char=words.offsets[found.span.start][0],
            stop_char=words.offsets[found.span.stop - 1][1],
            type=found.type,
            region=found.region,
            uncertainty=found.uncertainty,
            nats=found.nats,
            regions=found.regions,
        )
        for index, found in enumerate(predictions)
    )
    return Extraction(
        text=words.text,
        tokens=words.tokens,
        offsets=words.offsets,
        entities=entities,
        thresholds=predictor.thresholds,
        labels=predictor.labels,
        picture=candidates.picture.info if candidates.picture else None,
        model=predictor.name,
        warnings=(*candidates.warnings, *warnings),
        candidates=tuple(region.box for region in candidates.regions if region.kind != "picture"),
        text_lines=tuple(TextLine(region.text, region.box) for region in candidates.regions if region.kind == "text"),
        fine_types=tuple(found.fine_type for found in predictions),
        near_misses=tuple(
            NearMiss(found.span, surface(words.text, words.offsets, found.span), found.type, found.chance)
            for found in near_misses
        ),
    )


def regions_inside(boxes: Sequence[Box], picture: Picture) -> list[Region]:
    """Turn a caller's boxes into candidates.

    Raises:
        PostError: one does not lie inside the picture.
    """
    width, height = picture.info.width, picture.info.height
    for box in boxes:
        if box.x1 < 0 or box.y1 < 0 or box.x2 > width or box.y2 > height:
            raise PostError(f"candidate {box} is not inside the picture of {width} x {height} pixels")
    return regions_from_boxes(boxes)
