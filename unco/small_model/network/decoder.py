"""The pointer decoder: it generates symbols step by step and attends to encoded words and regions."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.batch import Array
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.states import EncoderStates, KeyValue, Past
from unco.small_model.decoding.symbols import BEGIN, END, FIRST_TYPE
from unco.small_model.network.layers import DecoderLayer, Drop, mask_dropout
from unco.small_model.network.real_rows import ALL_REAL, RealRows


class Decoder(nn.Module):
    """Transformer decoder over symbols, words and regions."""

    def __init__(self, config: ModelConfig) -> None:
        """Initialise randomly; special symbols: `<end>`, `<s>`, `<r>`, the types, and BEGIN (last row, input only)."""
        super().__init__()
        hidden, specials = config.hidden, FIRST_TYPE + len(config.labels)
        self.config = config
        self.symbol = nn.Embedding(specials + 1, hidden)
        self.word_input = nn.Linear(hidden, hidden)
        self.position = nn.Embedding(config.decoder_positions, hidden)
        self.norm = nn.LayerNorm(hidden, eps=config.norm_eps)
        self.layers = nn.ModuleList(
            DecoderLayer(hidden, config.heads, config.feed_forward, config.norm_eps)
            for _ in range(config.decoder_layers)
        )
        self.word_key = nn.Linear(hidden, hidden)
        self.region_key = nn.Linear(hidden, hidden)
        self.special_out = nn.Linear(hidden, specials)
        self.pointer_out = nn.Linear(hidden, hidden)
        self.region_out = nn.Linear(hidden, hidden)
        self.no_region = None if config.whole_picture_is_none else nn.Linear(hidden, 1)
        for table in (self.symbol, self.position):
            nn.init.normal_(table.weight, std=0.02)

    @property
    def dropout_sites(self) -> int:
        """Number of dropout masks that one pass needs: one for the input, and those of each layer."""
        return 1 + DecoderLayer.SITES * len(self.layers)

    def encoder_states(
        self, words: Tensor, regions: Tensor, counts: Array, region_mask: Tensor, whole: Tensor
    ) -> EncoderStates:
        """Prepare word states (B, W, d) and region states (B, K, d) for decoding; `whole` (B, K) is whole pictures."""
        is_word = torch.from_numpy(np.arange(words.shape[1]) < counts[:, None]).to(words.device)
        mask = torch.cat([is_word, region_mask], dim=1)
        real_words, real = RealRows.of(is_word), RealRows.of(mask)
        packed, states = real_words.pack(words), real.pack(torch.cat([words, regions], dim=1))
        region_keys = self.region_key(regions)
        if self.no_region is None:
            region_keys, region_mask = _with_last_slot(region_keys, region_mask, whole)
        return EncoderStates(
            words=words,
            word_keys=real_words.spread(self.word_key(packed)),
            word_inputs=real_words.spread(self.word_input(packed)),
            region_keys=region_keys,
            region_mask=region_mask,
            counts=counts,
            layers=tuple(layer.cross.key_value(states, real) for layer in self._layers()),
            mask=mask[:, None, None, :],
        )

    def forward(
        self,
        previous: Tensor,
        encoded: EncoderStates,
        past: Past | None = None,
        masks: Tensor | None = None,
    ) -> tuple[Tensor, Past]:
        """Compute the hidden states of new steps.

        Args:
            previous: input symbols, (N, L) with N = B * T (see `Attention.forward`).
            encoded: encoder states of B posts.
            past: what an earlier call returned, for the steps before.
            masks: Monte Carlo dropout masks (N, sites, d), the same for all steps of a pass; None = ordinary dropout
                in training, none in evaluation.

        Returns:
            (N, L, d), without meaning where a step follows `<end>`, and the keys and values of all steps so far.
        """
        drops = self._drops(masks)
        before = past[0][0].shape[2] if past is not None else 0
        steps = torch.arange(before, before + previous.shape[1], device=previous.device)
        x = self._embed(previous, encoded) + self.position(steps.clamp(max=self.config.decoder_positions - 1))
        real = RealRows.of(previous != END) if masks is None else ALL_REAL
        x = drops(0)(real.pack(self.norm(x)), 0)
        causal = _causal(before, previous.shape[1], previous.device)
        kept: list[KeyValue] = []
        for index, layer in enumerate(self._layers()):
            earlier = past[index] if past is not None else None
            drop = drops(1 + index * DecoderLayer.SITES)
            x, own = layer(x, earlier, encoded.layers[index], causal, encoded.mask, drop, real)
            kept.append(own)
        return real.spread(x), tuple(kept)

    def symbol_logits(self, x: Tensor, encoded: EncoderStates) -> Tensor:
        """Logits of the next symbol: (N, L, d) -> (N, L, 3 + types + W)."""
        query = self.pointer_out(x) * x.shape[-1] ** -0.5
        return torch.cat([self.special_out(x), _compare(query, encoded.word_keys)], dim=-1)

    def region_logits(self, x: Tensor, encoded: EncoderStates) -> Tensor:
        """Logits of the regions: (N, L, d) -> (N, L, K + 1); the last is "not groundable", padding is -inf (Eq. 2)."""
        query = self.region_out(x) * x.shape[-1] ** -0.5
        passes = x.shape[0] // len(encoded.counts)
        padded = ~encoded.region_mask.repeat_interleave(passes, 0).unsqueeze(1)  # (N, 1, slots)
        scores = _compare(query, encoded.region_keys).masked_fill(padded, -torch.inf)
        return scores if self.no_region is None else torch.cat([scores, self.no_region(x)], dim=-1)

    def _layers(self) -> list[DecoderLayer]:
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def _embed(self, previous: Tensor, encoded: EncoderStates) -> Tensor:
        specials = FIRST_TYPE + len(self.config.labels)
        passes = previous.shape[0] // len(encoded.counts)
        word = (previous - specials).clamp(min=0).unsqueeze(-1).expand(*previous.shape, encoded.words.shape[-1])
        pointed = torch.gather(encoded.word_inputs.repeat_interleave(passes, 0), 1, word)
        special = torch.where(previous == BEGIN, specials, previous.clamp(max=specials - 1))
        return torch.where((previous >= specials).unsqueeze(-1), pointed, self.symbol(special))

    def _drop(self, x: Tensor, site: int) -> Tensor:
        return F.dropout(x, self.config.dropout, self.training)

    def _drops(self, masks: Tensor | None) -> Callable[[int], Drop]:
        def starting_at(first: int) -> Drop:
            return self._drop if masks is None else mask_dropout(masks, first)

        return starting_at


def _compare(query: Tensor, keys: Tensor) -> Tensor:
    """Dot products of (B*T, L, d) queries with (B, S, d) keys: (B*T, L, S), without copying keys for each pass."""
    folded = query.view(keys.shape[0], -1, query.shape[-1])  # (B, T*L, d)
    return (folded @ keys.transpose(1, 2)).view(*query.shape[:2], keys.shape[1])


def _with_last_slot(keys: Tensor, mask: Tensor, whole: Tensor) -> tuple[Tensor, Tensor]:
    """Give whole pictures a slot after the others in place of their own; it is there without a picture too.

    Args:
        keys: (B, K, d), of the regions.
        mask: (B, K) bool, True = a region.
        whole: (B, K) bool, True = the whole picture.

    Returns:
        (B, K + 1, d) and (B, K + 1).
    """
    last = whole.to(keys.dtype).unsqueeze(1) @ keys / whole.sum(1).clamp(min=1)[:, None, None]  # (B, 1, d)
    there = mask.new_ones(len(mask), 1)
    return torch.cat([keys, last], dim=1), torch.cat([mask & ~whole, there], dim=1)


def _causal(before: int, steps: int, device: torch.device) -> Tensor:
    """Make the mask of new steps over all steps so far: (steps, before + steps), True = may be attended."""
    return torch.ones(steps, before + steps, dtype=torch.bool, device=device).tril(before)
