"""Train a checkpoint from a data folder: train, fit normaliser and thresholds on dev, score dev and test, save."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState
from tokenizers import Tokenizer

from unco.errors import SettingsError
from unco.evals.data.gold_types import by_scheme
from unco.evals.data.twitter_gmner import SPLITS
from unco.evals.metrics.paper import score
from unco.small_model.checkpoint import from_pretrained, save_pretrained
from unco.small_model.config import Estimator, estimators_of
from unco.small_model.gold_inputs import InputBuilder, build_inputs, entity_names
from unco.small_model.label_schemes import check_types, label_scheme
from unco.small_model.network.model import Network
from unco.small_model.predictor import Predictor
from unco.small_model.stored.in_torch import round_weights
from unco.small_model.uncertainty.entropy import log_cardinality
from unco.training import trainer as training
from unco.training.calibrate import calibrate, can_sample
from unco.training.examples.added import read_added
from unco.training.examples.data_paths import (
    DataPaths,
    check_regions,
    featuriser_of,
    has_fine_labels,
    make_input_builder,
    read_split,
    shows_regions,
    visual_features,
)
from unco.training.examples.example import of_text
from unco.training.examples.other_sources import in_labels, read_sources
from unco.training.examples.teachers import check_teachers
from unco.training.learn.boosting import check_installed
from unco.training.learn.post_starts import learn_post_starts
from unco.training.learn.regions import learn_regions
from unco.training.learn.spans import learn_spans
from unco.training.learn.types import learn_types
from unco.training.model_card import write_card
from unco.training.model_report import ModelReport, report_model
from unco.training.origin import claim_folder, training_origin
from unco.training.recipe import Recipe, read_recipe, recipe_path
from unco.training.start import is_checkpoint, start_folder, start_recipe
from unco.types import GoldPost, Thresholds

FEW = 20
"""Wrong spans on dev, and right ones, below which a learned uncertainty is not to be trusted."""

Tell = Callable[[str], None]


def silent(step: str) -> None:
    """Say nothing of a step."""


def run_training(
    paths: DataPaths,
    recipe_name: str | None,
    out: Path,
    resume: bool = False,
    changes: Sequence[str] = (),
    tell: Tell = silent,
) -> ModelReport | None:
    """Train one recipe and write a checkpoint with its card to `out/checkpoint`.

    Args:
        paths: the data.
        recipe_name: of a file in `unco/training/recipes`, or a path to a YAML file; None = the shipped model's for
            Twitter-FMNERG, and the same for the 4 types of Twitter-GMNER.
        out: for the trainer's files, the TensorBoard log and the checkpoint.
        resume: go on from the last checkpoint of an interrupted run.
        changes: of the recipe's settings, each as `name=value`.
        tell: called with each step that follows the last epoch.

    Returns:
        Scores; None in all but the first process of `accelerate launch`, which alone fits, scores and saves.

    Raises:
        DataError: the data is missing or not in its format, or has a type that the label scheme lacks.
        SettingsError: there is no such recipe or setting, or `out` holds another run.
        SetupError: the weights to start from are not there, or scikit-learn is not.
    """
    check_installed()
    recipe_name = recipe_name or default_recipe(paths)
    recipe = read_recipe(recipe_path(recipe_name), changes)
    gold = {split: read_split(paths, recipe.labels, split) for split in SPLITS}
    scheme = label_scheme(recipe.labels)
    for posts in gold.values():
        check_types(posts, [label.name for label in scheme.labels])
    build_input = make_input_builder(paths, gold["train"], scheme.people)
    if paths.regions is not None:
        check_regions(build_input, gold, tell)
    torch.manual_seed(recipe.seed)
    start = start_folder(recipe.start_from)
    origin = {"command": [recipe_name, *changes], **training_origin(paths, recipe, start)}
    if not shows_regions(paths, gold["train"]):
        origin["regions"] = "none"
    claim_folder(out / "trainer", origin, resume)
    features, captions = visual_features(build_input, gold["train"]), paths.captions is not None
    network, tokenizer = start_recipe(recipe, start, features, captions, featuriser_of(paths))
    reader = partial(from_pretrained, start) if is_checkpoint(start) else from_pretrained
    more = list(map(of_text, read_sources(paths.more, reader(), recipe.labels))) if paths.more else []
    added = read_added(paths.add, tell).labelled(partial(in_labels, types=network.config.types, reader=reader))
    more += added.examples(recipe.reviewed)
    origin["added"] = added.counts
    if added.left_out:
        tell(f"{added.left_out} results of --add are left out: nothing was asked about them, or not all was answered")
    teachers = [from_pretrained(start_folder(name)) for name in recipe.teachers]
    check_teachers(teachers, network.config.types)
    bare = bare_predictor(network, tokenizer, recipe)
    score_dev = dev_score(bare, recipe, paths, build_input, gold["dev"])
    log = training.train(
        network, tokenizer, recipe, gold["train"], build_input, score_dev, out / "trainer", resume, more, teachers
    )
    if not PartialState().is_main_process:
        return None
    trained_on = is_checkpoint(start)  # its weights are int8, and training moves them by less than a step
    round_weights(network, trained_on)  # measure what will be shipped
    origin |= _curves(log)
    return finish_training(bare, recipe, build_input, gold, out / "checkpoint", origin, tell, trained_on)


def default_recipe(paths: DataPaths) -> str:
    """Return the recipe for data where none is named: by its types.

    Raises:
        DataError: as of `read_split`.
    """
    return "tweets-minilm" if has_fine_labels(paths) else "gmner-minilm"


def dev_score(
    bare: Predictor, recipe: Recipe, paths: DataPaths, build_input: InputBuilder, dev: Sequence[GoldPost]
) -> Callable[[], float]:
    """Make the score that selects the epoch: GMNER F1 with real regions, MNER F1 of text alone with simulated ones."""
    gold_in_scheme = by_scheme(dev, bare.network.config, recipe.scheme)[recipe.scheme]
    shown, plain = build_inputs(build_input, dev), bare.with_estimator(Estimator())
    if paths.regions is not None:
        return lambda: score(gold_in_scheme, plain.predict(shown), "GMNER").f1
    text = [replace(post, regions=(), size=None) for post in shown]
    return lambda: score(gold_in_scheme, plain.predict(text), "MNER").f1


def finish_training(
    bare: Predictor,
    recipe: Recipe,
    build_input: InputBuilder,
    gold: dict[str, list[GoldPost]],
    out: Path,
    origin: dict[str, Any],
    tell: Tell = silent,
    keep_encoder: bool = False,
) -> ModelReport:
    """Fit, score and save a trained network; `keep_encoder` as of `quantise`.

    Raises:
        DataError: the model finds no entity in dev, or train has none.
        SettingsError: the recipe's estimator is learned, and there is nothing to learn from.
    """
    dev = gold["dev"]
    starts = (
        learn_post_starts(bare, gold["train"], dev, recipe.post_starts, recipe.seed) if recipe.post_starts else None
    )
    if starts:
        bare.network.in_torch.set_post_starts(starts.layers)  # one that was trained here, never a loaded one
    tell("learning from dev how to tell wrong spans, types and regions (step 1 of 4)")
    spans, types = learn_spans(bare, build_input, dev), learn_types(bare, build_input, gold["train"], dev)
    regions = learn_regions(bare, build_input, dev)
    bare = replace(
        bare,
        span_regression=spans.regression,
        training_names=types.known,
        type_regressions=types.regressions,
        region_regression=regions.regression,
    )
    origin = {
        **origin,
        "learned_starts": {"precision": starts.precision, "recall": starts.recall} if starts else None,
        "learned_spans": {"held_out": spans.held_out, "two_heads": spans.two_heads},
        "learned_types": {"held_out": types.held_out, "tags": types.tags},
        "learned_regions": {shown: asdict(found) for shown, found in regions.held_out.items()},
    }
    if spans.fewer < FEW:
        tell(
            f"warning: dev has {spans.fewer} wrong or right spans, too few to learn uncertainty from: give more dev "
            "posts, or finish this run with --resume --set estimator=two_heads, which learns nothing"
        )
    tell("fitting scales and thresholds of every estimator on dev (step 2 of 4)")
    fitted = calibrate(bare, build_input, dev)
    own = fitted[recipe.scheme].get(recipe.estimator)
    if own is None:
        raise SettingsError(
            f"estimator {recipe.estimator!r} could not be fitted: no entity of the {len(dev)} development posts is "
            "found with its span right; train longer, or finish this run with --resume --set estimator=tags"
        )
    predictor = replace(bare, normaliser=own.normaliser, thresholds=own.thresholds)
    dev_gold, test_gold = (by_scheme(gold[split], bare.network.config, recipe.scheme) for split in ("dev", "test"))
    tell("scoring dev and test (step 3 of 4)")
    report = report_model(predictor, build_input, entity_names(gold["train"]), dev_gold, test_gold)
    tell(f"saving the checkpoint in {out} (step 4 of 4)")
    report_json = json.loads(json.dumps(asdict(report)))
    save_pretrained(predictor, recipe.estimator, fitted, out, {**origin, "report": report_json}, keep_encoder)
    write_card(out)
    return report


def bare_predictor(network: Network, tokenizer: Tokenizer, recipe: Recipe) -> Predictor:
    """Make a predictor before anything is fitted on dev: ln K is the scale of each attribute.

    Raises:
        SettingsError: the recipe's labels cannot be read in its scheme, or its estimator cannot sample the network.
    """
    scheme = network.config.schemes.get(recipe.scheme)
    if scheme is None:
        known = ", ".join(network.config.schemes)
        raise SettingsError(f"labels {recipe.labels!r} cannot be read in scheme {recipe.scheme!r}: choose {known}")
    estimator = estimators_of(network.config)[recipe.estimator]
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


def _curves(log: list[dict[str, float]]) -> dict[str, Any]:
    return {
        "dev_f1_by_epoch": [round(entry["eval_f1"], 4) for entry in log if "eval_f1" in entry],
        "loss_by_100_steps": [round(float(entry["loss"]), 3) for entry in log if "loss" in entry],
    }
