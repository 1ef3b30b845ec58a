"""Padded arrays of a batch of posts, built in the same way for training and for prediction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer
from typing_extensions import TypeVar

from unco.errors import SettingsError
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region, RegionKind
from unco.small_model.words import Pieces, leading_space, marks, word_pieces

KINDS: tuple[RegionKind, ...] = ("person", "text", "object", "picture")
WHOLE_PICTURE = KINDS.index("picture")
"""Number of that kind; padding has that of persons."""
GEOMETRY = 8
"""Length of a region's geometry vector: x1, y1, x2, y2, width, height, area (all relative), score."""
TEXT_PIECES = 16
"""Word pieces read of a region's recognised text."""
CAPTION_PIECES = 64
"""Word pieces read of a picture's caption."""
Array = NDArray[Any]
ArrayOrTensor = TypeVar("ArrayOrTensor", default=Array)
Changed = TypeVar("Changed")


@dataclass(frozen=True, slots=True)
class EncodedPost:
    """One tokenized post with its candidate regions."""

    words: tuple[str, ...]
    pieces: Pieces
    caption: tuple[int, ...]
    """Word pieces of the picture's caption; empty without one."""
    geometry: tuple[tuple[float, ...], ...]
    kinds: tuple[int, ...]
    region_texts: tuple[tuple[int, ...], ...]
    features: tuple[NDArray[np.float32] | None, ...]


@dataclass(frozen=True, slots=True)
class Batch(Generic[ArrayOrTensor]):
    """B posts of at most P pieces (begin and end pieces included), W words, K regions, X pieces of region text.

    They are arrays as they are made, and tensors where torch reads them.
    """

    piece_ids: ArrayOrTensor
    """(B, P) int."""
    piece_mask: ArrayOrTensor
    """(B, P) bool, True = real."""
    shapes: ArrayOrTensor
    """(B, P) int."""
    prefixes: ArrayOrTensor
    """(B, P) int."""
    casings: ArrayOrTensor
    """(B,) int."""
    word_of_piece: ArrayOrTensor
    """(B, P) int, -1 for marks and padding."""
    words: ArrayOrTensor
    """(B,) int, number of words."""
    geometry: ArrayOrTensor
    """(B, K, 8) float."""
    kinds: ArrayOrTensor
    """(B, K) int."""
    region_texts: ArrayOrTensor
    """(B, K, X) int, -1 = padding."""
    features: ArrayOrTensor
    """(B, K, F) float, visual features; F = 0 where no region has features."""
    region_mask: ArrayOrTensor
    """(B, K) bool, True = real."""

    def map(self, change: Callable[[ArrayOrTensor], Changed]) -> "Batch[Changed]":
        """Change each of the arrays: to tensors, to some of the posts."""
        return Batch(*(change(getattr(self, name)) for name in self.__slots__))


def encode_post(
    post: ModelInput, tokenizer: Tokenizer, words: slice = slice(None), whole_words: bool = False
) -> EncodedPost:
    """Tokenize a post and encode its candidate regions.

    Args:
        post: with at least one word.
        tokenizer: of the encoder.
        words: which of its words, where it is split into windows.
        whole_words: see `ModelConfig`.
    """
    space = leading_space(tokenizer)
    texts = [space + region.text if region.text else "" for region in post.candidates]
    return EncodedPost(
        words=post.words[words],
        pieces=word_pieces(post.words[words], tokenizer, whole_words),
        caption=tuple(tokenizer.encode(space + post.caption, add_special_tokens=False).ids[:CAPTION_PIECES])
        if post.caption
        else (),
        geometry=tuple(_geometry(region, post.size or (1, 1)) for region in post.candidates),
        kinds=tuple(KINDS.index(region.kind) for region in post.candidates),
        region_texts=tuple(
            tuple(text.ids[:TEXT_PIECES]) for text in tokenizer.encode_batch(texts, add_special_tokens=False)
        ),
        features=tuple(region.features for region in post.candidates),
    )


def _geometry(region: Region, size: tuple[int, int]) -> tuple[float, ...]:
    (width, height), box = size, region.box
    x1, y1, x2, y2 = box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height
    return (x1, y1, x2, y2, x2 - x1, y2 - y1, (x2 - x1) * (y2 - y1), region.score)


def make_batch(posts: Sequence[EncodedPost], tokenizer: Tokenizer, features: int = 0) -> Batch:
    """Pad posts, at least one, to one batch, with the tokenizer's begin and end pieces around them.

    Args:
        posts: encoded.
        tokenizer: that they were encoded with.
        features: F, numbers that each region's features must have; 0 = features are not read.

    Raises:
        SettingsError: a region has no features, F is another, or a number is not finite.
    """
    begin, end = marks(tokenizer)
    ids = [(begin, *post.pieces.ids, end, *((*post.caption, end) if post.caption else ())) for post in posts]
    width = max(len(row) for row in ids)
    regions = max(len(post.kinds) for post in posts)
    return Batch(
        piece_ids=padded(ids, 0, width),
        piece_mask=padded([[1] * len(row) for row in ids], 0, width).astype(bool),
        shapes=padded([(0, *post.pieces.shape, 0) for post in posts], 0, width),
        prefixes=padded([(0, *post.pieces.prefix, 0) for post in posts], 0, width),
        casings=np.array([post.pieces.casing for post in posts], np.int64),
        word_of_piece=padded([(-1, *post.pieces.word, -1) for post in posts], -1, width),
        words=np.array([len(post.words) for post in posts], np.int64),
        geometry=_geometries(posts, regions),
        kinds=padded([post.kinds for post in posts], 0, regions),
        region_texts=_texts(posts, regions),
        features=_features(posts, regions, features),
        region_mask=padded([[1] * len(post.kinds) for post in posts], 0, regions).astype(bool),
    )


def padded(rows: Sequence[Sequence[int]], value: int, width: int | None = None) -> Array:
    """Pad rows of integers to a width, by default that of the longest: (B, L)."""
    width = max(map(len, rows), default=0) if width is None else width
    return np.array([[*row, *[value] * (width - len(row))] for row in rows], np.int64).reshape(len(rows), width)


def _geometries(posts: Sequence[EncodedPost], regions: int) -> Array:
    rows = [[*post.geometry, *[(0.0,) * GEOMETRY] * (regions - len(post.geometry))] for post in posts]
    return np.array(rows, np.float32).reshape(len(posts), regions, GEOMETRY)


def _features(posts: Sequence[EncodedPost], regions: int, size: int) -> Array:
    table = np.zeros((len(posts), regions, size), np.float32)
    if size:
        for row, post in enumerate(posts):
            for column, features in enumerate(post.features):
                found = 0 if features is None else len(features)
                if features is None or found != size:
                    raise SettingsError(
                        f"the small model reads {size} visual features a region and was given {found}: use the "
                        f"region files or the visual encoder that it was trained with"
                    )
                if not np.isfinite(features).all():
                    raise SettingsError(f"the visual features of candidate region {column} are not all finite numbers")
                table[row, column] = features
    return table


def _texts(posts: Sequence[EncodedPost], regions: int) -> Array:
    width = max((len(text) for post in posts for text in post.region_texts), default=0)
    rows = [text for post in posts for text in (*post.region_texts, *[()] * (regions - len(post.region_texts)))]
    return padded(rows, -1, width).reshape(len(posts), regions, width)
