"""Adapter for any other text encoder of `transformers`: that library runs it, from its own configuration."""

from typing import Any

import torch
from torch import Tensor, nn

from unco.errors import SettingsError, SetupError
from unco.small_model.batch import Batch
from unco.small_model.config import ModelConfig
from unco.small_model.network.encoder import CasingEmbedding, pool_words


class ForeignEncoder(nn.Module):
    """Word states of a post from an encoder whose layers are not ours (DeBERTa, ModernBERT, T5's encoder, ...).

    Its layers cannot be run with given dropout masks, so Monte Carlo dropout stays in the decoder.
    """

    def __init__(self, config: ModelConfig) -> None:
        """Initialise randomly, in the shape that `config.foreign_encoder` describes."""
        super().__init__()
        self.model = build_encoder(config.foreign_encoder or {})
        self.casing = CasingEmbedding(config.hidden)
        self.layers: tuple[nn.Module, ...] = ()

    @property
    def piece(self) -> nn.Embedding:
        """The embedding table of the word pieces."""
        table: nn.Embedding = self.model.get_input_embeddings()
        return table

    def forward(self, batch: Batch[Tensor]) -> Tensor:
        """Return word states of shape (B, W, d), zero beyond a post's words."""
        x = self.piece(batch.piece_ids) + self.casing(batch)
        states = self.model(inputs_embeds=x, attention_mask=batch.piece_mask.to(torch.long)).last_hidden_state
        return pool_words(states, batch.word_of_piece, int(batch.words.max()))

    def lower(self, batch: Batch[Tensor], stop: int) -> Tensor:
        """Raise: the layers of a foreign encoder cannot be run in part; see `TextEncoder.lower`."""
        raise SettingsError("this encoder's layers cannot be sampled: set mc_dropout's encoder_layers to 0")

    def upper(self, x: Tensor, batch: Batch[Tensor], start: int, masks: Tensor | None = None) -> Tensor:
        """Raise: the layers of a foreign encoder cannot be run in part; see `TextEncoder.upper`."""
        raise SettingsError("this encoder's layers cannot be sampled: set mc_dropout's encoder_layers to 0")


def build_encoder(settings: dict[str, Any]) -> Any:
    """Build an encoder with random weights from a configuration of `transformers`.

    Raises:
        SetupError: `transformers` is not installed or does not know the model type.
    """
    try:
        from transformers import AutoConfig, AutoModel
    except ImportError as error:
        raise SetupError('this encoder is run by transformers: pip install "unco[train]"') from error
    kind = settings.get("model_type", "")
    try:
        config = AutoConfig.for_model(kind, **{name: value for name, value in settings.items() if name != "model_type"})
    except ValueError as error:
        raise SetupError(f"transformers knows no model type {kind!r}: {error}") from error
    return text_encoder(AutoModel.from_config(config))  # type: ignore[no-untyped-call]


def text_encoder(model: Any) -> Any:
    """Return the encoder of an encoder-decoder model, or the model itself if it has no decoder."""
    return model.get_encoder() if model.config.is_encoder_decoder else model
