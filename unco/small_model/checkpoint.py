"""A trained model on disk: a folder with weights (safetensors, int8), tokenizer, configuration, and its card."""

import json
from dataclasses import asdict
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any, get_args

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor

from unco.errors import SetupError
from unco.small_model.config import McDropout, ModelConfig
from unco.small_model.network import Network
from unco.small_model.predictor import Predictor
from unco.small_model.uncertainty import Normaliser, Range, SpanVariant
from unco.types import ATTRIBUTES, Thresholds

SHIPPED = Path(__file__).with_name("checkpoint")
FORMAT = 1
SCALE = "::scale"
"""Suffix of the name under which the row scales of an int8 matrix are stored."""
TRAINING_ONLY = "tagger."

_one_at_a_time = Lock()


def save_checkpoint(predictor: Predictor, folder: Path, origin: dict[str, Any]) -> None:
    """Write a checkpoint.

    Args:
        predictor: what to save; its measure and batch size are not part of a checkpoint.
        folder: made if it does not exist.
        origin: what a reader should know of the training run; plain JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save_file(quantise(predictor.network.state_dict()), folder / "model.safetensors")
    predictor.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    data = {
        "format": FORMAT,
        "name": predictor.name,
        "weights_sha256": file_sha256(folder / "model.safetensors"),
        "model": predictor.network.config.to_json(),
        "mc_dropout": asdict(predictor.mc),
        "span_variant": predictor.span_variant,
        "normaliser": asdict(predictor.normaliser),
        "thresholds": asdict(predictor.thresholds),
        "origin": origin,
    }
    (folder / "config.json").write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def load_checkpoint(folder: Path = SHIPPED) -> Predictor:
    """Read a checkpoint; the same folder gives the same object, to all threads: a process holds one copy.

    Raises:
        SetupError: a file is missing, cut off, or of another format.
    """
    with _one_at_a_time:
        return _load(folder)


@lru_cache(maxsize=4)
def _load(folder: Path) -> Predictor:
    data = _read_config(folder / "config.json")
    weights = folder / "model.safetensors"
    try:
        if file_sha256(weights) != data["weights_sha256"]:
            raise SetupError(f"{weights} is not the file that config.json was written for: fetch the checkpoint again")
        if data["span_variant"] not in get_args(SpanVariant):
            raise ValueError(f"no span variant {data['span_variant']!r}")
        return Predictor(
            network=_load_network(ModelConfig.from_json(data["model"]), weights),
            tokenizer=load_tokenizer(folder / "tokenizer.json"),
            normaliser=Normaliser(**{name: Range(**data["normaliser"][name]) for name in ATTRIBUTES}),
            thresholds=Thresholds(**data["thresholds"]),
            mc=McDropout(**data["mc_dropout"]),
            span_variant=data["span_variant"],
            name=data["name"],
        )
    except (SafetensorError, RuntimeError, KeyError, TypeError, ValueError) as error:
        raise SetupError(f"{folder} does not hold a checkpoint of this version: {error}") from error


def load_tokenizer(path: Path) -> Tokenizer:
    """A saved tokenizer, without the cutting and padding that it may have been saved with.

    Raises:
        SetupError: the file is missing or no tokenizer.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise SetupError(f"{path} cannot be read as a tokenizer: {error}") from error
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _read_config(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise SetupError(f"{path} cannot be read as a checkpoint's configuration: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SetupError(f"{path} is not a configuration of format {FORMAT}, the one that this version of unco reads")
    return data


def _load_network(config: ModelConfig, weights: Path) -> Network:
    # Not on the meta device: there, initialising an embedding imports torch._dynamo, which takes seconds.
    network = Network(config)
    state = dequantise(load_file(weights))
    state |= {name: torch.zeros(value.shape) for name, value in network.tagger.state_dict(prefix=TRAINING_ONLY).items()}
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def quantise(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Matrices as int8 with one scale a row (weight-only); vectors as they are; training-only weights left out."""
    stored: dict[str, Tensor] = {}
    for name, value in state.items():
        if name.startswith(TRAINING_ONLY):
            continue
        if value.dim() == 2:
            scale = value.abs().amax(dim=1).clamp(min=1e-12) / 127.0
            stored[name] = (value / scale.unsqueeze(1)).round().to(torch.int8)
            stored[name + SCALE] = scale.to(torch.float32)
        else:
            stored[name] = value.to(torch.float32).contiguous()
    return stored


def dequantise(stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """Undo `quantise`, in float32."""
    state: dict[str, Tensor] = {}
    for name, value in stored.items():
        if not name.endswith(SCALE):
            scale = stored.get(name + SCALE)
            state[name] = value if scale is None else value.to(torch.float32) * scale.unsqueeze(1)
    return state


def file_sha256(path: Path) -> str:
    """Hash of a file, hex.

    Raises:
        SetupError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    except OSError as error:
        raise SetupError(f"{path} cannot be read: {error}") from error
    return digest.hexdigest()
