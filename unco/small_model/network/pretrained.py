"""Initialise a network from a pretrained text model of `transformers`."""

from dataclasses import replace
from math import gcd
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from unco.errors import SetupError
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.symbols import FIRST_TYPE
from unco.small_model.network.foreign_encoder import ForeignEncoder, text_encoder
from unco.small_model.network.model import Network
from unco.small_model.network.weight_conversion import READERS

FOREIGN_POSITIONS = 512
"""Longest input of an encoder whose configuration names none."""
TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
"""A tokenizer is read from one of these; without any, transformers silently makes an empty one."""


def network_config(folder: Path) -> ModelConfig:
    """Derive a network configuration from a saved text model's sizes; everything else stays at its default.

    BERT, RoBERTa and BART run in our own layers; any other encoder is run by `transformers`.

    Raises:
        SetupError: the folder holds no configuration, or one that cannot be read.
    """
    config = _transformers_config(folder)
    data = config.to_dict()
    reader = READERS.get(data["model_type"])
    if reader is not None:
        return reader[0](data)
    names = ("vocab_size", "hidden_size", "num_attention_heads")
    sizes = [getattr(config, name, None) for name in names]  # not from `data`: T5 and others name them differently
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) < len(names):
        raise SetupError(f"{folder}: a {data['model_type']} model is no text encoder with {', '.join(names)}")
    vocabulary, hidden, heads = known
    if (narrow := getattr(config, "embedding_size", hidden)) != hidden:
        raise SetupError(
            f"{folder}: a {data['model_type']} model whose word pieces have {narrow} numbers and whose states have "
            f"{hidden} cannot be used: choose an encoder that has the same of both"
        )
    return ModelConfig(
        vocabulary=vocabulary,
        hidden=hidden,
        heads=gcd(hidden, heads),  # T5 v1.1 has heads that do not divide its width; our decoder's must
        feed_forward=4 * hidden,
        encoder_layers=0,
        positions=getattr(config, "max_position_embeddings", None) or FOREIGN_POSITIONS,
        foreign_encoder=_without_provenance(data),
    )


def load_pretrained(network: Network, folder: Path) -> None:
    """Copy a text model's weights into a network whose config has its sizes.

    Raises:
        SetupError: the folder has no weights as safetensors, or they do not fit.
    """
    model = _transformers_model(folder)
    if isinstance(network.encoder, ForeignEncoder):
        network.encoder.model.load_state_dict(text_encoder(model).state_dict())
        return
    read = READERS[model.config.model_type][1]
    try:
        weights = read({name: value.to(torch.float32) for name, value in model.state_dict().items()}, network.config)
        network.load_state_dict({**network.state_dict(), **weights})
    except (KeyError, RuntimeError) as error:
        raise SetupError(f"the weights in {folder} do not fit its configuration: {error}") from error


def describe_labels(network: Network, tokenizer: Tokenizer) -> None:
    """Initialise each type's vectors as the mean pretrained embedding of its name and description."""
    with torch.no_grad():
        rows = [
            network.encoder.piece.weight[tokenizer.encode(f" {text}", add_special_tokens=False).ids].mean(0)
            for text in (f"{label.name.replace('_', ' ')}: {label.description}" for label in network.config.labels)
        ]
        vectors = torch.stack(rows)
        types = slice(FIRST_TYPE, FIRST_TYPE + len(rows))
        network.decoder.symbol.weight[types] = vectors
        network.decoder.special_out.weight[types] = vectors - vectors.mean(0)  # what all share does not tell them apart


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read a pretrained model's fast tokenizer.

    Raises:
        SetupError: it has none.
    """
    from transformers import AutoTokenizer

    if not any(path.is_file() for name in TOKENIZER_FILES for path in folder.glob(name)):
        raise SetupError(f"{folder} holds no tokenizer: it needs one of the files {', '.join(TOKENIZER_FILES)}")
    try:
        tokenizer: Tokenizer = AutoTokenizer.from_pretrained(folder, use_fast=True).backend_tokenizer
    except Exception as error:  # transformers raises many kinds
        raise SetupError(f"{folder} holds no fast tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def start_network(folder: Path, **settings: Any) -> tuple[Network, Tokenizer]:
    """Build a network from a pretrained text model; returns it with that model's tokenizer.

    Args:
        folder: see `hub_models.fetched_folder`.
        **settings: of `ModelConfig`, beyond what the text model fixes. `decoder_layers` is fixed by BART.

    Raises:
        SetupError: the folder holds no text model with its tokenizer, or they do not fit.
    """
    config = network_config(folder)
    if _transformers_config(folder).is_encoder_decoder and not config.foreign_encoder:
        settings.pop("decoder_layers", None)
    tokenizer = read_tokenizer(folder)
    if (pieces := tokenizer.get_vocab_size()) > config.vocabulary:
        raise SetupError(f"the tokenizer in {folder} has {pieces} pieces, the model beside it {config.vocabulary}")
    network = Network(replace(config, **settings))
    load_pretrained(network, folder)
    describe_labels(network, tokenizer)
    return network, tokenizer


def _transformers_config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder)
    except Exception as error:  # transformers raises many kinds
        raise SetupError(f"{folder} holds no configuration that transformers can read: {error}") from error


def _transformers_model(folder: Path) -> Any:
    from transformers import AutoModel

    try:
        model, loading_info = AutoModel.from_pretrained(
            folder, use_safetensors=True, dtype=torch.float32, output_loading_info=True
        )
    except Exception as error:  # transformers raises many kinds
        raise SetupError(f"{folder} holds no weights as safetensors that transformers can read: {error}") from error
    # transformers fills what is missing with chance; a pooler is not used here
    if missing := sorted(name for name in loading_info["missing_keys"] if not name.startswith("pooler.")):
        raise SetupError(f"{folder} lacks {len(missing)} of the model's weights, {missing[0]} for one: fetch it again")
    return model


def _without_provenance(data: dict[str, Any]) -> dict[str, Any]:
    """Drop the entries that record how a configuration was made, so that it can be saved beside our weights."""
    dropped = ("architectures", "_name_or_path", "transformers_version", "dtype", "torch_dtype")
    return {name: value for name, value in data.items() if name not in dropped}
