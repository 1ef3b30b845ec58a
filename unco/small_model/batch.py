"""What the network reads: padded tensors of a few posts, built in one place for training and for use."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from unco.small_model.regions import Region, RegionKind
from unco.small_model.words import Pieces, piece_id, word_pieces

KINDS: tuple[RegionKind, ...] = ("person", "text", "object", "picture")
GEOMETRY = 8
"""Numbers that describe a region's place: x1, y1, x2, y2, width, height, area (all relative), score."""
TEXT_PIECES = 16
"""Word pieces read of a region's recognised text."""


@dataclass(frozen=True, slots=True)
class EncodedPost:
    """One post in integers, with its candidate regions."""

    words: tuple[str, ...]
    pieces: Pieces
    geometry: tuple[tuple[float, ...], ...]
    kinds: tuple[int, ...]
    region_texts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Batch:
    """B posts; P pieces, W words, K regions, X pieces of region text at most. Two marks stand around the pieces."""

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
    region_mask: Tensor
    """(B, K) bool, True = real."""

    def repeat(self, times: int) -> "Batch":
        """Each post `times` times in a row."""
        return Batch(*(getattr(self, name).repeat_interleave(times, 0) for name in self.__slots__))

    def to(self, device: torch.device) -> "Batch":
        """The same on another device."""
        return Batch(*(getattr(self, name).to(device) for name in self.__slots__))


def encode_post(
    words: Sequence[str], regions: Sequence[Region], size: tuple[int, int], tokenizer: Tokenizer
) -> EncodedPost:
    """A post in integers.

    Args:
        words: the post's tokens, at least one.
        regions: candidates, in pixels of a picture of `size`.
        size: (width, height) of the picture; any positive numbers when there are no regions.
        tokenizer: of the encoder.
    """
    texts = tokenizer.encode_batch([region.text for region in regions], add_special_tokens=False)
    return EncodedPost(
        words=tuple(words),
        pieces=word_pieces(words, tokenizer),
        geometry=tuple(_geometry(region, size) for region in regions),
        kinds=tuple(KINDS.index(region.kind) for region in regions),
        region_texts=tuple(tuple(text.ids[:TEXT_PIECES]) for text in texts),
    )


def _geometry(region: Region, size: tuple[int, int]) -> tuple[float, ...]:
    (width, height), box = size, region.box
    x1, y1, x2, y2 = box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height
    return (x1, y1, x2, y2, x2 - x1, y2 - y1, (x2 - x1) * (y2 - y1), region.score)


def make_batch(posts: Sequence[EncodedPost], tokenizer: Tokenizer) -> Batch:
    """Pad posts, at least one, to one batch, the marks [CLS] and [SEP] around their pieces."""
    begin, end = piece_id(tokenizer, "[CLS]"), piece_id(tokenizer, "[SEP]")
    ids = [(begin, *post.pieces.ids, end) for post in posts]
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
        region_mask=_pad([[1] * len(post.kinds) for post in posts], regions, 0).bool(),
    )


def _pad(rows: Sequence[Sequence[int]], width: int, value: int) -> Tensor:
    return torch.tensor([[*row, *[value] * (width - len(row))] for row in rows], dtype=torch.long).view(
        len(rows), width
    )


def _geometries(posts: Sequence[EncodedPost], regions: int) -> Tensor:
    padded = [[*post.geometry, *[(0.0,) * GEOMETRY] * (regions - len(post.geometry))] for post in posts]
    return torch.tensor(padded, dtype=torch.float32).view(len(posts), regions, GEOMETRY)


def _texts(posts: Sequence[EncodedPost], regions: int) -> Tensor:
    width = max((len(text) for post in posts for text in post.region_texts), default=0)
    rows = [text for post in posts for text in (*post.region_texts, *[()] * (regions - len(post.region_texts)))]
    return _pad(rows, width, -1).view(len(posts), regions, width)
