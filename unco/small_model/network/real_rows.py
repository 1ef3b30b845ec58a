"""Layers compute the real rows of a padded batch alone; only attention, which compares rows, needs some padding.

Posts and what is said about them differ in length: of the word pieces of a batch a sixth is padding, and of the
decoder's steps nearly half.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class RealRows:
    """Which rows of a padded batch, (B, S, d), are no padding."""

    index: Tensor | None = None
    """(N,) int, into the B * S rows; None = all are real, and rows stay (B, S, d) throughout."""
    places: Tensor | None = None
    """(B, S) int, where each row is among the real ones; padding has a real row's place."""

    @classmethod
    def of(cls, mask: Tensor) -> "RealRows":
        """Find the real rows of a mask, (B, S) bool, True = real."""
        return ALL_REAL if bool(mask.all()) else cls.packed(mask)

    @classmethod
    def packed(cls, mask: Tensor) -> "RealRows":
        """Find the real rows of a mask, also where all are."""
        flat = mask.flatten()
        return cls(flat.nonzero().squeeze(1), (flat.cumsum(0) - 1).clamp(min=0).view(mask.shape))

    def pack(self, x: Tensor) -> Tensor:
        """Take the real rows: (B, S, d) -> (N, d)."""
        return x if self.index is None else x.flatten(0, 1).index_select(0, self.index)

    def spread(self, rows: Tensor) -> Tensor:
        """Put rows back where they were, with some of them as padding, which no mask lets through: (N, d) -> (B, S, d).

        That takes an eighth of the time of writing them between zeros.
        """
        if self.places is None:
            return rows
        return rows.index_select(0, self.places.flatten()).view(*self.places.shape, -1)


ALL_REAL = RealRows()


@dataclass(frozen=True, slots=True)
class Group:
    """Consecutive posts of a padded batch, which attend together: padded to the longest of them alone."""

    real: RealRows
    mask: Tensor
    """(B, 1, 1, S) bool, True = real."""
    rows: int
    """How many of the batch's rows are theirs: posts, where nothing is packed."""


TOGETHER = 8
"""Posts of a group. Attention grows with the square of the length, and batches are sorted by length."""


def groups_of(mask: Tensor, real: RealRows) -> list[Group]:
    """Group the posts of a mask, (B, S) bool; one group is enough for a GPU, whose calls cost more than its padding."""
    if real is ALL_REAL or mask.device.type != "cpu":
        return [Group(real, mask[:, None, None, :], len(mask) if real is ALL_REAL else int(mask.sum()))]
    groups = (group[:, : int(group.sum(1).max())] for group in torch.split(mask, TOGETHER))
    return [Group(RealRows.packed(group), group[:, None, None, :], int(group.sum())) for group in groups]
