"""Post-norm transformer layers, shared by encoder and decoder, weight-compatible with BERT's and BART's."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.decoding.states import KeyValue
from unco.small_model.network.real_rows import ALL_REAL, Group, RealRows

Drop = Callable[[Tensor, int], Tensor]
"""Dropout of an activation at a numbered site of a layer."""


def mask_dropout(masks: Tensor, first: int) -> Drop:
    """Make dropout use given masks (N, sites, d): site s takes mask first + s, the same at all positions."""

    def drop(x: Tensor, site: int) -> Tensor:
        return x * masks[:, first + site].unsqueeze(1)

    return drop


class Attention(nn.Module):
    """Multi-head attention whose keys and values can be computed once and shared by many passes."""

    def __init__(self, hidden: int, heads: int) -> None:
        """Create four projections of size `hidden`."""
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)  # (B, S, d) -> (B, h, S, d/h)

    def key_value(self, states: Tensor, real: RealRows = ALL_REAL) -> KeyValue:
        """Project the real rows of encoder states or earlier steps, (B, S, d), to keys and values."""
        return self._spread(self.key(states), self.value(states), real)

    def forward(self, x: Tensor, key_value: KeyValue, mask: Tensor | None, real: RealRows) -> Tensor:
        """Attend to the given keys and values.

        Args:
            x: the real rows of (N, L, d) with N = B * T: row b * T + t is pass t of post b. T passes share keys and
                values.
            key_value: of B posts.
            mask: True = may be attended; broadcastable to (B, heads, T * L, S).
            real: which rows `x` has.

        Returns:
            The same rows.
        """
        return self.output(self._mix(self.query(x), key_value, mask, real))  # type: ignore[no-any-return]

    def within(self, x: Tensor, groups: Sequence[Group]) -> Tensor:
        """Attend within each post: the real rows of all groups, one group after another, (N, d) -> (N, d)."""
        sizes = [group.rows for group in groups]
        projected = (layer(x).split(sizes) for layer in (self.query, self.key, self.value))
        mixed = [
            self._mix(query, self._spread(key, value, group.real), group.mask, group.real)
            for group, query, key, value in zip(groups, *projected, strict=True)
        ]
        return self.output(torch.cat(mixed))  # type: ignore[no-any-return]

    def _mix(self, query: Tensor, key_value: KeyValue, mask: Tensor | None, real: RealRows) -> Tensor:
        keys, values = key_value
        query = real.spread(query)  # (B*T, L, d)
        split = self._split(query.view(keys.shape[0], -1, query.shape[-1]))  # (B, h, T*L, d/h)
        mixed = F.scaled_dot_product_attention(split, keys, values, attn_mask=mask)
        return real.pack(mixed.transpose(1, 2).reshape(query.shape))

    def _spread(self, key: Tensor, value: Tensor, real: RealRows) -> KeyValue:
        return self._split(real.spread(key)), self._split(real.spread(value))


class FeedForward(nn.Module):
    """Two linear layers with GELU between."""

    def __init__(self, hidden: int, inner: int) -> None:
        """Create the two layers, from `hidden` to `inner` and back."""
        super().__init__()
        self.widen = nn.Linear(hidden, inner)
        self.narrow = nn.Linear(inner, hidden)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers to each position: (.., d) -> (.., d)."""
        return self.narrow(F.gelu(self.widen(x)))  # type: ignore[no-any-return]


class EncoderLayer(nn.Module):
    """Self-attention and feed-forward, each added and normalised."""

    def __init__(self, hidden: int, heads: int, inner: int, eps: float) -> None:
        """Create the parts of BERT's layer."""
        super().__init__()
        self.attention = Attention(hidden, heads)
        self.attention_norm = nn.LayerNorm(hidden, eps=eps)
        self.feed_forward = FeedForward(hidden, inner)
        self.feed_forward_norm = nn.LayerNorm(hidden, eps=eps)

    def forward(self, x: Tensor, groups: Sequence[Group], drop: Drop) -> Tensor:
        """Apply the layer to the real rows of all groups, one group after another."""
        x = self.attention_norm(x + drop(self.attention.within(x, groups), 0))
        return self.feed_forward_norm(x + drop(self.feed_forward(x), 1))  # type: ignore[no-any-return]


class DecoderLayer(nn.Module):
    """Causal self-attention, cross-attention to the encoder states, feed-forward, each added and normalised."""

    SITES = 3
    """Number of places where dropout acts."""

    def __init__(self, hidden: int, heads: int, inner: int, eps: float) -> None:
        """Create an encoder layer with cross-attention added."""
        super().__init__()
        self.attention = Attention(hidden, heads)
        self.attention_norm = nn.LayerNorm(hidden, eps=eps)
        self.cross = Attention(hidden, heads)
        self.cross_norm = nn.LayerNorm(hidden, eps=eps)
        self.feed_forward = FeedForward(hidden, inner)
        self.feed_forward_norm = nn.LayerNorm(hidden, eps=eps)

    def forward(
        self,
        x: Tensor,
        past: KeyValue | None,
        encoded: KeyValue,
        causal: Tensor,
        mask: Tensor,
        drop: Drop,
        real: RealRows,
    ) -> tuple[Tensor, KeyValue]:
        """Apply the layer to new steps.

        Args:
            x: the real rows of (N, L, d), the new steps only.
            past: keys and values of earlier steps, each (N, h, P, d/h), or None.
            encoded: keys and values of the encoder states of B posts (see `Attention.forward`).
            causal: (L, P + L) mask of the new steps over all so far, True = may be attended.
            mask: (B, 1, 1, S), True where `encoded` is no padding.
            drop: dropout by site.
            real: which rows `x` has.

        Returns:
            New states of the same rows, and keys and values of all steps so far.
        """
        own = self.attention.key_value(x, real)
        if past is not None:
            own = (torch.cat([past[0], own[0]], dim=2), torch.cat([past[1], own[1]], dim=2))
        x = self.attention_norm(x + drop(self.attention(x, own, causal, real), 0))
        x = self.cross_norm(x + drop(self.cross(x, encoded, mask, real), 1))
        return self.feed_forward_norm(x + drop(self.feed_forward(x), 2)), own
