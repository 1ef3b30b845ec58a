"""The encoders: BERT-shaped layers over word pieces with casing embeddings, and an MLP over regions."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unco.small_model.batch import GEOMETRY, KINDS, Batch
from unco.small_model.config import ModelConfig
from unco.small_model.network.layers import EncoderLayer, mask_dropout
from unco.small_model.network.real_rows import ALL_REAL, RealRows, groups_of
from unco.small_model.words import Casing, Prefix, Shape


class CasingEmbedding(nn.Module):
    """Embeddings of what an uncased tokenizer loses (casing) and of the sign before a word, added to the pieces."""

    def __init__(self, hidden: int) -> None:
        """Initialise with zeros, so that training starts from the pretrained encoder."""
        super().__init__()
        self.shape = nn.Embedding(len(Shape), hidden)
        self.prefix = nn.Embedding(len(Prefix), hidden)
        self.post = nn.Embedding(len(Casing), hidden)
        for table in (self.shape, self.prefix, self.post):
            nn.init.zeros_(table.weight)

    def forward(self, batch: Batch[Tensor]) -> Tensor:
        """Return the embeddings of each piece, (B, P, d)."""
        x: Tensor = self.shape(batch.shapes) + self.prefix(batch.prefixes) + self.post(batch.casings).unsqueeze(1)
        return x


class StoredPieces(nn.Module):
    """The rows of `stored.quantise.QuantisedRows` in torch."""

    rows: Tensor
    scales: Tensor

    def __init__(self, rows: Tensor, scales: Tensor) -> None:
        """Keep the rows (V, d), int8, and a scale for each, (V,)."""
        super().__init__()
        self.register_buffer("rows", rows, persistent=False)
        self.register_buffer("scales", scales, persistent=False)

    @property
    def weight(self) -> Tensor:
        """All embeddings, (V, d), as `nn.Embedding` has them."""
        return self.rows.to(torch.float32).mul_(self.scales.unsqueeze(1))

    def forward(self, pieces: Tensor) -> Tensor:
        """Look up pieces: (..) -> (.., d)."""
        return self.rows[pieces].to(torch.float32).mul_(self.scales[pieces].unsqueeze(-1))

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        destination[f"{prefix}weight"] = self.weight


class TextEncoder(nn.Module):
    """Transformer encoder from word pieces to word states."""

    def __init__(self, config: ModelConfig) -> None:
        """Initialise randomly; `weight_conversion.py` converts the weights of BERT, RoBERTa and BART."""
        super().__init__()
        self.dropout = config.dropout
        self.piece: nn.Embedding | StoredPieces = nn.Embedding(config.vocabulary, config.hidden)
        self.position = nn.Embedding(config.positions, config.hidden)
        self.casing = CasingEmbedding(config.hidden)
        self.norm = nn.LayerNorm(config.hidden, eps=config.norm_eps)
        self.layers = nn.ModuleList(
            EncoderLayer(config.hidden, config.heads, config.feed_forward, config.norm_eps)
            for _ in range(config.encoder_layers)
        )

    def forward(self, batch: Batch[Tensor]) -> Tensor:
        """Return word states of shape (B, W, d), zero beyond a post's words."""
        return self.upper(self.lower(batch, len(self.layers)), batch, len(self.layers))

    def lower(self, batch: Batch[Tensor], stop: int) -> Tensor:
        """Run the first `stop` layers; returns piece states, (B, P, d)."""
        positions = torch.arange(batch.piece_ids.shape[1], device=batch.piece_ids.device)
        x = self.piece(batch.piece_ids) + self.position(positions) + self.casing(batch)
        real = RealRows.of(batch.piece_mask)
        x = real.pack(self._drop(self.norm(x), 0))
        groups = groups_of(batch.piece_mask, real)
        for layer in self.layers[:stop]:
            x = layer(x, groups, self._drop)
        return real.spread(x)

    def upper(self, x: Tensor, batch: Batch[Tensor], start: int, masks: Tensor | None = None) -> Tensor:
        """Run the layers from `start` on and pool the pieces to words.

        Args:
            x: (B, P, d).
            batch: the batch that they come from.
            start: number of layers that were run already.
            masks: Monte Carlo dropout masks (B, 2 * layers to do, d), the same for all pieces of a post; None =
                ordinary dropout in training, none in evaluation.
        """
        groups = groups_of(batch.piece_mask, ALL_REAL)
        for index, layer in enumerate(self.layers[start:]):
            drop = self._drop if masks is None else mask_dropout(masks, 2 * index)
            x = layer(x, groups, drop)
        return pool_words(x, batch.word_of_piece, int(batch.words.max()))

    def _drop(self, x: Tensor, site: int) -> Tensor:
        return F.dropout(x, self.dropout, self.training)


def pool_words(x: Tensor, word_of_piece: Tensor, width: int) -> Tensor:
    """Average each word's pieces. (B, P, d) and (B, P) -> (B, W, d); pieces of word -1 are left out."""
    slot = torch.where(word_of_piece < 0, width, word_of_piece)  # marks and padding go to a slot that is cut off
    total = x.new_zeros(x.shape[0], width + 1, x.shape[2])
    total = total.scatter_add(1, slot.unsqueeze(-1).expand_as(x), x)
    count = x.new_zeros(x.shape[0], width + 1).scatter_add(1, slot, x.new_ones(slot.shape))
    return (total / count.clamp(min=1).unsqueeze(-1))[:, :width]


class RegionEncoder(nn.Module):
    """MLP from geometry, kind, recognised text and visual features to region states: of these, what is configured."""

    def __init__(self, config: ModelConfig) -> None:
        """Initialise randomly; the MLP is like the paper's visual adaptor."""
        super().__init__()
        hidden = config.hidden
        self.features_alone = config.features_alone
        if not self.features_alone:
            self.kind = nn.Embedding(len(KINDS), hidden)
            self.geometry = nn.Linear(GEOMETRY, hidden)
            self.text = nn.Linear(hidden, hidden)
        self.visual = (
            nn.Sequential(
                nn.LayerNorm(config.visual_features),  # CLIP's rows have norm 1, VinVL's 85 to 173
                nn.Linear(config.visual_features, hidden),
                nn.GELU(),
                nn.Linear(hidden, hidden),
            )
            if config.visual_features
            else None
        )
        self.mix = nn.Linear(hidden, hidden)
        self.norm = nn.LayerNorm(hidden, eps=config.norm_eps)

    def forward(self, batch: Batch[Tensor], pieces: nn.Module) -> Tensor:
        """Return region states of shape (B, K, d)."""
        parts = [] if self.features_alone else [self._described(batch, pieces)]
        if self.visual is not None:
            parts.append(self.visual(batch.features))
        x = sum(parts[1:], parts[0])
        return self.norm(x + self.mix(F.gelu(x)))  # type: ignore[no-any-return]

    def _described(self, batch: Batch[Tensor], pieces: nn.Module) -> Tensor:
        """Embed place, kind and recognised text: (B, K, d)."""
        real = batch.region_texts >= 0  # (B, K, X)
        text = pieces(batch.region_texts.clamp(min=0)) * real.unsqueeze(-1)
        text = text.sum(2) / real.sum(2).clamp(min=1).unsqueeze(-1)  # (B, K, d)
        return self.kind(batch.kinds) + self.geometry(batch.geometry) + self.text(text)  # type: ignore[no-any-return]
