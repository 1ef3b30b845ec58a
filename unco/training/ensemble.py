"""Checkpoints beside another one, to measure an ensemble of them."""

from collections.abc import Sequence
from pathlib import Path

from unco.errors import SettingsError
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.config import ESTIMATORS, Estimator
from unco.small_model.predictor import Predictor
from unco.small_model.stored.network import TrainedNetwork

ENSEMBLES: dict[str, Estimator] = {f"ensemble_{name}": ESTIMATORS[name] for name in ("entropy", "tags", "two_heads")}
"""What is measured of the mean distributions of several checkpoints."""


def load_others(first: Predictor, folders: Sequence[Path]) -> tuple[TrainedNetwork, ...]:
    """Load the networks of further checkpoints.

    Args:
        first: whose symbols they are asked about.
        folders: of the checkpoints.

    Raises:
        SetupError: a folder holds no checkpoint.
        SettingsError: a checkpoint differs from the first in what it reads or says.
    """
    networks = []
    for folder in folders:
        other = from_pretrained(folder).to("cpu")
        _check_alike(first, other, folder)
        networks.append(other.network)
    return tuple(networks)


def _check_alike(first: Predictor, other: Predictor, folder: Path) -> None:
    own = _reads_and_says(first)
    different = [what for what, value in _reads_and_says(other).items() if value != own[what]]
    if different:
        raise SettingsError(
            f"{folder} differs from {first.name} in its {' and '.join(different)}: "
            "an ensemble needs checkpoints that are alike in that, such as those of one recipe with several seeds"
        )


def _reads_and_says(predictor: Predictor) -> dict[str, object]:
    """Return what the checkpoints of an ensemble have in common, by its name."""
    config = predictor.network.config
    return {
        "labels": config.types,
        "tokenizer": predictor.tokenizer.to_str(),
        "longest input": config.positions,
        "visual features": (config.visual_features, config.featuriser),
        "captions": config.captions,
        "splitting of words": config.whole_words,
        "slot for no region": config.whole_picture_is_none,
        "symbols of a step": config.whole_label_set,
        "training of the tagging head": bool(config.bio_loss),
    }
