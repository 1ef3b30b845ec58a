"""Recipes: the settings of a training run in one YAML file."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from unco.errors import SettingsError
from unco.plain_yaml import read_yaml
from unco.small_model.config import Heads, named_estimator

RECIPES = Path(__file__).with_name("recipes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of a training run."""

    name: str
    labels: str = "gmner"
    """Label scheme: gmner (4 types), fmnerg (51), or the path of a YAML file of names and descriptions."""
    start_from: str = "all-MiniLM-L6-v2"
    """What to start from: this text model comes from a package, any other is a folder or a hub id; `shipped` or the
    folder of a checkpoint of ours is trained on."""
    epochs: int = 8
    batch_size: int = 16
    encoder_lr: float = 1e-4
    """Learning rate of the pretrained encoder."""
    new_lr: float = 5e-4
    """Learning rate of everything else."""
    weight_decay: float = 0.01
    warmup: float = 0.1
    """Share of the steps over which the rate rises; then it falls linearly to 0."""
    clip: float = 1.0
    """Largest gradient norm."""
    bf16: bool = True
    """Matrix products in bfloat16: twice as fast on GPUs and on CPUs with AVX512-BF16 or AMX, slower on others."""
    dropout: float = 0.1
    sampled_as_trained: bool = False
    """Monte Carlo dropout drops units at this rate too (Eq. 4), whatever rate its estimator has."""
    whole_label_set: bool = False
    """A step's distribution is over all symbols and words (Eqs. 1 and 6), in training and for the uncertainty; else
    over those that may come next. What is decoded is legal in any case."""
    label_smoothing: float = 0.0
    teachers: tuple[str, ...] = ()
    """Checkpoints with the same labels, folders or hub names: their mean distributions are learned too."""
    distillation: float = 0.5
    """Share of the token and tag losses that is learned from the teachers, in [0, 1]."""
    reviewed: int = 3
    """How often an epoch shows a reviewed post of `--add`; one that a multimodal LLM answered about is shown once."""
    renamed: int = 0
    """Copies of each training post that has names, without its picture; other names of the same types stand in them."""
    region_loss: float = 0.2
    bio_loss: float = 0.5
    debiasing: float = 0.0
    margin: float = 0.5
    sum_of_pairs: bool = False
    """Sum the debiasing loss over all pairs of regions (Eq. 8); else take their mean, so that the weight of `debiasing`
    does not grow with the number of candidates."""
    features_alone: bool = False
    """A region is its visual features and nothing else: no place, kind or recognised text. It needs region files that
    have features."""
    whole_picture_is_none: bool = False
    """One slot stands for the whole picture and for "not groundable" (Eq. 2), so no name has the whole picture."""
    decoder_layers: int = 2
    """Number of decoder layers, where the decoder is not that of a BART checkpoint."""
    casing: bool = True
    """Learn what casing, hash signs and handles say beside an uncased tokenizer's pieces."""
    whole_words: bool = False
    """Words go to the tokenizer as they are; else they are split at capitals and digits first, and odd letters are
    replaced by plain ones."""
    frozen_pieces: bool = True
    """Keep the pretrained vectors of word pieces, so that words unseen in training keep their place among them."""
    unseen: float = 0.4
    """Share of training posts shown without their picture, in [0, 1)."""
    clutter: float = 0.0
    """Share of simulated pictures in which the regions lie in clutter, in [0, 1]."""
    joined: float = 0.0
    """Share of training posts that another is appended to, and to these again, in [0, 1): for posts longer than the
    training's. Teachers say nothing of these."""
    post_starts: int = 192
    """Units of the layers that find where a text begins in long posts, fitted after the last epoch; 0 = none."""
    seed: int = 1
    heads: Heads = "both"
    """Heads that find spans and types: decoder, tags, or both."""
    estimator: str = "learned"
    """Uncertainty estimator, by name (`config.ESTIMATORS`); normaliser and thresholds are fitted with it."""
    scheme: str = "gmner"
    """Types in which results are given out, and by which dev chooses the epoch."""

    def __post_init__(self) -> None:
        """Check the numbers and names.

        Raises:
            ValueError: one is out of its range, or does not go with another.
            SettingsError: there is no such estimator.
        """
        for name in ("epochs", "reviewed", "batch_size", "encoder_lr", "new_lr", "clip", "decoder_layers"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be above 0, got {getattr(self, name)}")
        for name in ("weight_decay", "region_loss", "bio_loss", "debiasing", "margin", "post_starts", "renamed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")
        for name in ("warmup", "dropout", "label_smoothing", "unseen", "joined"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ValueError(f"{name} must be in [0, 1), got {getattr(self, name)}")
        for name in ("distillation", "clutter"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in [0, 1], got {getattr(self, name)}")
        if self.sampled_as_trained and not self.dropout:
            raise ValueError("sampled_as_trained needs a dropout above 0: at 0 all passes of an estimator are the same")
        named_estimator(self.estimator)


def read_recipe(path: Path, changes: Sequence[str] = ()) -> Recipe:
    """Read a recipe; unknown settings are refused.

    Args:
        path: of a YAML file.
        changes: settings that replace the file's, each as `name=value`, the value in YAML.

    Raises:
        SettingsError: the file is not a mapping of known settings, or a change is none.
    """
    known = {field.name for field in fields(Recipe)}
    try:
        data = read_yaml(path)
        data = {**data, **dict(map(_read_change, changes))} if isinstance(data, dict) else data
        if not isinstance(data, dict) or not set(data) <= known:
            raise ValueError(f"expected settings among {sorted(known)}, got {data!r}")
        return TypeAdapter(Recipe).validate_python(data)
    except (OSError, ValueError, SettingsError, yaml.YAMLError) as error:  # pydantic's is a ValueError
        changed = f" with {', '.join(changes)}" if changes else ""
        raise SettingsError(f"{path}{changed} is not a recipe: {error}") from error


def _read_change(change: str) -> tuple[str, Any]:
    name, mark, value = change.partition("=")
    if not mark:
        raise ValueError(f"a change is name=value, got {change!r}")
    return name.strip(), yaml.safe_load(value)


def recipe_path(name: str) -> Path:
    """Find a recipe's file, by name or by path.

    Raises:
        SettingsError: there is none.
    """
    path = Path(name) if name.endswith((".yaml", ".yml")) else RECIPES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise SettingsError(f"no recipe {name!r}: choose {known}, or give the path of a YAML file")
    return path
