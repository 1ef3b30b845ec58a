"""Start a network from a BERT-shaped text encoder saved by `transformers` (MiniLM, here)."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from unco.errors import SetupError
from unco.small_model.config import ModelConfig
from unco.small_model.network import Network

ATTENTION = {"query": "self.query", "key": "self.key", "value": "self.value", "output": "output.dense"}


def load_encoder(network: Network, folder: Path) -> None:
    """Copy the encoder's weights, and start the decoder's layers from the encoder's top ones.

    Cross-attention starts as a copy of self-attention: both look up words.

    Args:
        network: whose config has the sizes of the encoder.
        folder: with `config.json` and `model.safetensors`.

    Raises:
        SetupError: the folder lacks a file or holds another architecture.
    """
    source = load_file(_existing(folder / "model.safetensors"))
    source = {name.removeprefix("bert."): value for name, value in source.items()}
    own = network.state_dict()
    own.update(_embeddings(source))
    count = network.config.encoder_layers
    for index in range(count):
        own.update(_layer(source, index, f"encoder.layers.{index}", ("attention",)))
    for index in range(network.config.decoder_layers):
        top = count - network.config.decoder_layers + index
        own.update(_layer(source, top, f"decoder.layers.{index}", ("attention", "cross")))
    network.load_state_dict(own)


def encoder_config(folder: Path) -> ModelConfig:
    """Sizes of a saved encoder, with everything else at its default."""
    data = json.loads(_existing(folder / "config.json").read_text("utf-8"))
    if data.get("model_type") != "bert":
        raise SetupError(f"{folder}: model_type is {data.get('model_type')!r}; a BERT-shaped encoder is needed")
    return ModelConfig(
        vocabulary=data["vocab_size"],
        hidden=data["hidden_size"],
        heads=data["num_attention_heads"],
        feed_forward=data["intermediate_size"],
        encoder_layers=data["num_hidden_layers"],
        positions=data["max_position_embeddings"],
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise SetupError(f"{path} is missing: give the folder of an encoder saved by transformers as safetensors")
    return path


def _embeddings(source: dict[str, Tensor]) -> dict[str, Tensor]:
    kind = source["embeddings.token_type_embeddings.weight"][0]  # one sentence only: a constant, added to positions
    return {
        "encoder.piece.weight": source["embeddings.word_embeddings.weight"].to(torch.float32),
        "encoder.position.weight": (source["embeddings.position_embeddings.weight"] + kind).to(torch.float32),
        "encoder.norm.weight": source["embeddings.LayerNorm.weight"],
        "encoder.norm.bias": source["embeddings.LayerNorm.bias"],
    }


def _layer(source: dict[str, Tensor], index: int, target: str, attentions: tuple[str, ...]) -> dict[str, Tensor]:
    base, copied = f"encoder.layer.{index}", {}
    for part in ("weight", "bias"):
        for attention in attentions:
            for own, theirs in ATTENTION.items():
                copied[f"{target}.{attention}.{own}.{part}"] = source[f"{base}.attention.{theirs}.{part}"]
            copied[f"{target}.{attention}_norm.{part}"] = source[f"{base}.attention.output.LayerNorm.{part}"]
        copied[f"{target}.feed_forward.widen.{part}"] = source[f"{base}.intermediate.dense.{part}"]
        copied[f"{target}.feed_forward.narrow.{part}"] = source[f"{base}.output.dense.{part}"]
        copied[f"{target}.feed_forward_norm.{part}"] = source[f"{base}.output.LayerNorm.{part}"]
    return copied
