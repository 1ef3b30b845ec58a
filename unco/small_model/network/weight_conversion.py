"""Conversion of BERT, RoBERTa and BART configurations and weights: the layers are the same under other names."""

from collections.abc import Callable
from typing import Any

from torch import Tensor

from unco.errors import SetupError
from unco.small_model.config import ModelConfig

State = dict[str, Tensor]
BERT_ATTENTION = {"query": "self.query", "key": "self.key", "value": "self.value", "output": "output.dense"}
BART_ATTENTION = {"query": "q_proj", "key": "k_proj", "value": "v_proj", "output": "out_proj"}


def bert_config(data: dict[str, Any]) -> ModelConfig:
    """Convert the configuration of a BERT-shaped encoder; RoBERTa never uses its first `pad_token_id + 1` positions."""
    _require_gelu(data.get("hidden_act"))
    skipped = 0 if data["model_type"] == "bert" else data["pad_token_id"] + 1
    return ModelConfig(
        vocabulary=data["vocab_size"],
        hidden=data["hidden_size"],
        heads=data["num_attention_heads"],
        feed_forward=data["intermediate_size"],
        encoder_layers=data["num_hidden_layers"],
        positions=data["max_position_embeddings"] - skipped,
        norm_eps=data["layer_norm_eps"],
    )


def bart_config(data: dict[str, Any]) -> ModelConfig:
    """Convert the configuration of BART; encoder and decoder must have one width."""
    _require_gelu(data.get("activation_function"))
    sizes = [(data[f"{side}_attention_heads"], data[f"{side}_ffn_dim"]) for side in ("encoder", "decoder")]
    if sizes[0] != sizes[1]:
        raise SetupError(
            f"BART with an encoder of (heads, width) {sizes[0]} and a decoder of {sizes[1]} cannot be read"
        )
    if data.get("scale_embedding"):
        raise SetupError("BART with scaled embeddings is not read into our own layers")
    return ModelConfig(
        vocabulary=data["vocab_size"],
        hidden=data["d_model"],
        heads=sizes[0][0],
        feed_forward=sizes[0][1],
        encoder_layers=data["encoder_layers"],
        decoder_layers=data["decoder_layers"],
        positions=data["max_position_embeddings"],
        decoder_positions=min(ModelConfig().decoder_positions, data["max_position_embeddings"]),
        norm_eps=1e-5,
    )


def _require_gelu(activation: str | None) -> None:
    if activation != "gelu":
        raise SetupError(f"activation {activation!r} is not read into our own layers; GELU is needed")


def bert_weights(source: State, config: ModelConfig) -> State:
    """Convert the weights of a BERT-shaped encoder; the decoder's layers start from the encoder's top ones.

    Cross-attention starts as a copy of self-attention: both look up words.
    """
    positions = source["embeddings.position_embeddings.weight"][-config.positions :]
    kind = source["embeddings.token_type_embeddings.weight"][0]  # one sentence only: a constant, added to positions
    own = {
        "encoder.piece.weight": source["embeddings.word_embeddings.weight"],
        "encoder.position.weight": positions + kind,
        "encoder.norm.weight": source["embeddings.LayerNorm.weight"],
        "encoder.norm.bias": source["embeddings.LayerNorm.bias"],
    }
    for index in range(config.encoder_layers):
        own |= _bert_layer(source, index, f"encoder.layers.{index}", ("attention",))
    for index in range(config.decoder_layers):
        top = max(0, config.encoder_layers - config.decoder_layers + index)
        own |= _bert_layer(source, top, f"decoder.layers.{index}", ("attention", "cross"))
    return own


def _bert_layer(source: State, index: int, target: str, attentions: tuple[str, ...]) -> State:
    base, copied = f"encoder.layer.{index}", State()
    for part in ("weight", "bias"):
        for attention in attentions:
            for own, theirs in BERT_ATTENTION.items():
                copied[f"{target}.{attention}.{own}.{part}"] = source[f"{base}.attention.{theirs}.{part}"]
            copied[f"{target}.{attention}_norm.{part}"] = source[f"{base}.attention.output.LayerNorm.{part}"]
        copied[f"{target}.feed_forward.widen.{part}"] = source[f"{base}.intermediate.dense.{part}"]
        copied[f"{target}.feed_forward.narrow.{part}"] = source[f"{base}.output.dense.{part}"]
        copied[f"{target}.feed_forward_norm.{part}"] = source[f"{base}.output.LayerNorm.{part}"]
    return copied


BART_POSITION_OFFSET = 2
"""BART's first two position rows are never used."""


def bart_weights(source: State, config: ModelConfig) -> State:
    """Convert the weights of BART; its decoder's word embeddings are dropped in favour of symbols and pointers."""
    own = {"encoder.piece.weight": source["shared.weight"]}
    for side, rows in (("encoder", config.positions), ("decoder", config.decoder_positions)):
        positions = source[f"{side}.embed_positions.weight"][BART_POSITION_OFFSET:]
        own[f"{side}.position.weight"] = positions[:rows]
        for part in ("weight", "bias"):
            own[f"{side}.norm.{part}"] = source[f"{side}.layernorm_embedding.{part}"]
    for index in range(config.encoder_layers):
        own |= _bart_layer(source, f"encoder.layers.{index}", {"attention": "self_attn"})
    for index in range(config.decoder_layers):
        own |= _bart_layer(source, f"decoder.layers.{index}", {"attention": "self_attn", "cross": "encoder_attn"})
    return own


def _bart_layer(source: State, base: str, attentions: dict[str, str]) -> State:
    copied = State()
    for part in ("weight", "bias"):
        for attention, name in attentions.items():
            for own, theirs in BART_ATTENTION.items():
                copied[f"{base}.{attention}.{own}.{part}"] = source[f"{base}.{name}.{theirs}.{part}"]
            copied[f"{base}.{attention}_norm.{part}"] = source[f"{base}.{name}_layer_norm.{part}"]
        copied[f"{base}.feed_forward.widen.{part}"] = source[f"{base}.fc1.{part}"]
        copied[f"{base}.feed_forward.narrow.{part}"] = source[f"{base}.fc2.{part}"]
        copied[f"{base}.feed_forward_norm.{part}"] = source[f"{base}.final_layer_norm.{part}"]
    return copied


READERS: dict[str, tuple[Callable[[dict[str, Any]], ModelConfig], Callable[[State, ModelConfig], State]]] = {
    "bert": (bert_config, bert_weights),
    "roberta": (bert_config, bert_weights),
    "xlm-roberta": (bert_config, bert_weights),
    "bart": (bart_config, bart_weights),
}
"""Model types that run in our own layers, with the converters of their configuration and weights."""
