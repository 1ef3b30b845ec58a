"""Padded tensors of a batch of posts, built in the same way for training and for prediction."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from unco.errors import SettingsError
from unco.small_model.model_input import ModelInput
from unco.small_model.regions.region import Region, RegionKind
from unco.small_model.words import Pieces, leading_space, marks, word_pieces

KINDS: tuple[RegionKind, ...] = ("person", "text", "object", "picture")
GEOMETRY = 8
"""Length of a region's geometry vector: x1, y1, x2, y2, width, height, area (all relative), score."""
TEXT_PIECES = 16
"""Word pieces read of a region's recognised text."""
CAPTION_PIECES = 64
"""Word pieces read of a picture's caption."""


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
class Batch:
    """B posts of at most P pieces (begin and end pieces included), W words, K regions, X pieces of region text."""

    piece_ids: Tensor
    """(B, P) int."""
    piece_mask: Tensor
    """(B, P) bool, True = real."""
    shapes: Tensor
    """(B, P) int."""
    prefixes: Tensor
    """(B, P) int."""
    casings: Tensor
    """(B,) int."""
    word_of_piece: Tensor
    """(B, P) int, -1 for marks and padding."""
    words: Tensor
    """(B,) int, number of words."""
    geometry: Tensor
    """(B, K, 8) float."""
    kinds: Tensor
    """(B, K) int."""
    region_texts: Tensor
    """(B, K, X) int, -1 = padding."""
    features: Tensor
    """(B, K, F) float, visual features; F = 0 where no region has features."""
    region_mask: Tensor
    """(B, K) bool, True = real."""

    def repeat(self, times: int) -> "Batch":
        """Repeat each post `times` times in a row."""
        return Batch(*(getattr(self, name).repeat_interleave(times, 0) for name in self.__slots__))

    def take(self, posts: Tensor) -> "Batch":
        """Select some of the posts, by index."""
        return Batch(*(getattr(self, name)[posts] for name in self.__slots__))

    def to(self, device: torch.device) -> "Batch":
        """Copy to another device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def encode_post(post: ModelInput, tokenizer: Tokenizer, words: slice = slice(None)) -> EncodedPost:
    """Tokenize a post and encode its candidate regions.

    Args:
        post: with at least one word.
        tokenizer: of the encoder.
        words: which of its words, where it is split into windows.
    """
    space = leading_space(tokenizer)
    texts = [space + region.text if region.text else "" for region in post.candidates]
    return EncodedPost(
        words=post.words[words],
        pieces=word_pieces(post.words[words], tokenizer),
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
        piece_ids=_pad(ids, width, 0),
        piece_mask=_pad([[1] * len(row) for row in ids], width, 0).bool(),
        shapes=_pad([(0, *post.pieces.shape, 0) for post in posts], width, 0),
        prefixes=_pad([(0, *post.pieces.prefix, 0) for post in posts], width, 0),
        casings=torch.tensor([post.pieces.casing for post in posts]),
        word_of_piece=_pad([(-1, *post.pieces.word, -1) for post in posts], width, -1),
        words=torch.tensor([len(post.words) for post in posts]),
        geometry=_geometries(posts, regions),
        kinds=_pad([post.kinds for post in posts], regions, 0),
        region_texts=_texts(posts, regions),
        features=_features(posts, regions, features),
        region_mask=_pad([[1] * len(post.kinds) for post in posts], regions, 0).bool(),
    )


def _pad(rows: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=torch.long).view(
        len(rows), width
    )


def _geometries(posts: Sequence[EncodedPost], regions: int) -> Tensor:
    padded = [[*post.geometry, *[(0.0,) * GEOMETRY] * (regions - len(post.geometry))] for post in posts]
    return torch.tensor(padded, dtype=torch.float32).view(len(posts), regions, GEOMETRY)


def _features(posts: Sequence[EncodedPost], regions: int, size: int) -> Tensor:
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
    return torch.from_numpy(table)


def _texts(posts: Sequence[EncodedPost], regions: int) -> Tensor:
    width = max((len(text) for post in posts for text in post.region_texts), default=0)
    rows = [text for post in posts for text in (*post.region_texts, *[()] * (regions - len(post.region_texts)))]
    return _pad(rows, width, -1).view(len(posts), regions, width)
