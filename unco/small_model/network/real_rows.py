"""Layers compute the real rows of a padded batch alone; only attention, which compares rows, needs the padding.

Posts and what is said about them differ in length: of the word pieces of a batch a sixth is padding, and of the
decoder's steps nearly half.
"""

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, slots=True)
class RealRows:
    """Which rows of a padded batch, (B, S, d), are no padding."""

    index: Tensor | None = None
    """(N,) int, into the B * S rows; None = all are real, and rows stay (B, S, d) throughout."""
    shape: tuple[int, int] = (0, 0)
    """B and S, where there is an index."""

    @classmethod
    def of(cls, mask: Tensor) -> "RealRows":
        """Find the real rows of a mask, (B, S) bool, True = real."""
        posts, length = mask.shape
        return ALL_REAL if bool(mask.all()) else cls(mask.flatten().nonzero().squeeze(1), (posts, length))

    def pack(self, x: Tensor) -> Tensor:
        """Take the real rows: (B, S, d) -> (N, d)."""
        return x if self.index is None else x.flatten(0, 1)[self.index]

    def spread(self, rows: Tensor) -> Tensor:
        """Put rows back where they were, with zeros as padding: (N, d) -> (B, S, d)."""
        if self.index is None:
            return rows
        posts, length = self.shape
        zeros = rows.new_zeros(posts * length, rows.shape[-1])
        return zeros.index_copy(0, self.index, rows).view(posts, length, -1)


ALL_REAL = RealRows()
