"""The pointer decoder: it says symbols one by one and looks back at words and regions."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.network.config import ModelConfig
from unco.small_model.network.layers import DecoderLayer, Drop, KeyValue, masked
from unco.small_model.network.symbols import BEGIN, FIRST_TYPE


@dataclass(frozen=True, slots=True)
class Memory:
    """An encoded batch: computed once, shared by every step and every Monte Carlo pass."""

    words: Tensor
    """(B, W, d), word states."""
    word_keys: Tensor
    """(B, W, d), what pointers are compared with."""
    word_inputs: Tensor
    """(B, W, d), what a pointer is as the decoder's next input."""
    region_keys: Tensor
    """(B, K, d), what the region pointer is compared with."""
    region_mask: Tensor
    """(B, K) bool."""
    counts: Tensor
    """(B,) words of each post."""
    layers: tuple[KeyValue, ...]
    """Keys and values of each decoder layer's attention to the memory."""
    seen: Tensor
    """(B, 1, 1, W + K) bool, real slots."""

    def take(self, posts: Tensor) -> "Memory":
        """Of some of the posts, by index."""
        layers = tuple((keys[posts], values[posts]) for keys, values in self.layers)
        fields = {name: getattr(self, name)[posts] for name in self.__slots__ if name != "layers"}
        return Memory(**fields, layers=layers)


Past = tuple[KeyValue, ...]


class Decoder(nn.Module):
    """Transformer decoder over symbols, words and regions."""

    def __init__(self, config: ModelConfig) -> None:
        """Specials are `<end>`, `<s>`, `<r>`, the types, and BEGIN (the last row, as an input only)."""
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
        self.no_region = nn.Linear(hidden, 1)
        for table in (self.symbol, self.position):
            nn.init.normal_(table.weight, std=0.02)

    @property
    def dropout_sites(self) -> int:
        """How many masks one pass needs: the input, and each layer's sites."""
        return 1 + DecoderLayer.SITES * len(self.layers)

    def remember(self, words: Tensor, regions: Tensor, counts: Tensor, region_mask: Tensor) -> Memory:
        """Prepare encoded words (B, W, d) and regions (B, K, d) for decoding."""
        states = torch.cat([words, regions], dim=1)
        real = torch.arange(words.shape[1], device=words.device) < counts.unsqueeze(1)
        return Memory(
            words=words,
            word_keys=self.word_key(words),
            word_inputs=self.word_input(words),
            region_keys=self.region_key(regions),
            region_mask=region_mask,
            counts=counts,
            layers=tuple(layer.cross.key_value(states) for layer in self._layers()),
            seen=torch.cat([real, region_mask], dim=1)[:, None, None, :],
        )

    def forward(
        self,
        previous: Tensor,
        memory: Memory,
        first_step: int = 0,
        past: Past | None = None,
        masks: Tensor | None = None,
    ) -> tuple[Tensor, Past]:
        """Hidden states of new steps.

        Args:
            previous: input symbols, (N, L) with N = B * T (see `Attention.forward`).
            memory: of B posts.
            first_step: position of the first new step.
            past: what an earlier call returned, for the steps before.
            masks: Monte Carlo dropout masks (N, sites, d), the same for all steps of a pass; None = ordinary dropout
                in training, none in evaluation.

        Returns:
            (N, L, d) and the keys and values of all steps so far.
        """
        drops = self._drops(masks)
        steps = torch.arange(first_step, first_step + previous.shape[1], device=previous.device)
        x = self._embed(previous, memory) + self.position(steps.clamp(max=self.config.decoder_positions - 1))
        x = drops(0)(self.norm(x), 0)
        causal = None if past is not None else _causal(previous.shape[1], previous.device)
        kept: list[KeyValue] = []
        for index, layer in enumerate(self._layers()):
            before = past[index] if past is not None else None
            x, own = layer(x, before, memory.layers[index], causal, memory.seen, drops(1 + index * DecoderLayer.SITES))
            kept.append(own)
        return x, tuple(kept)

    def symbol_logits(self, x: Tensor, memory: Memory) -> Tensor:
        """(N, L, d) -> (N, L, 3 + types + W)."""
        query = self.pointer_out(x) * x.shape[-1] ** -0.5
        return torch.cat([self.special_out(x), _compare(query, memory.word_keys)], dim=-1)

    def region_logits(self, x: Tensor, memory: Memory) -> Tensor:
        """(N, L, d) -> (N, L, K + 1); the last column is "not groundable", padded slots are -inf (Eq. 2)."""
        query = self.region_out(x) * x.shape[-1] ** -0.5
        passes = x.shape[0] // memory.counts.shape[0]
        padded = ~memory.region_mask.repeat_interleave(passes, 0).unsqueeze(1)  # (N, 1, K)
        scores = _compare(query, memory.region_keys).masked_fill(padded, -torch.inf)
        return torch.cat([scores, self.no_region(x)], dim=-1)

    def _layers(self) -> list[DecoderLayer]:
        return [layer for layer in self.layers if isinstance(layer, DecoderLayer)]

    def _embed(self, previous: Tensor, memory: Memory) -> Tensor:
        specials = FIRST_TYPE + len(self.config.labels)
        passes = previous.shape[0] // memory.counts.shape[0]
        word = (previous - specials).clamp(min=0).unsqueeze(-1).expand(*previous.shape, memory.words.shape[-1])
        pointed = torch.gather(memory.word_inputs.repeat_interleave(passes, 0), 1, word)
        special = torch.where(previous == BEGIN, specials, previous.clamp(max=specials - 1))
        return torch.where((previous >= specials).unsqueeze(-1), pointed, self.symbol(special))

    def _drop(self, x: Tensor, site: int) -> Tensor:
        return F.dropout(x, self.config.dropout, self.training)

    def _drops(self, masks: Tensor | None) -> Callable[[int], Drop]:
        def starting_at(first: int) -> Drop:
            return self._drop if masks is None else masked(masks, first)

        return starting_at


def _compare(query: Tensor, keys: Tensor) -> Tensor:
    """Dot products of (B*T, L, d) queries with (B, S, d) keys: (B*T, L, S), without copying keys for each pass."""
    folded = query.view(keys.shape[0], -1, query.shape[-1])  # (B, T*L, d)
    return (folded @ keys.transpose(1, 2)).view(*query.shape[:2], keys.shape[1])


def _causal(steps: int, device: torch.device) -> Tensor:
    return torch.ones(steps, steps, dtype=torch.bool, device=device).tril()
