"""Checkpoints: a trained model as a folder with weights (safetensors, int8), tokenizer and configuration."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from safetensors import SafetensorError
from tokenizers import Tokenizer

from unco.errors import SettingsError, SetupError, shorten
from unco.fork_locks import ForkLock
from unco.small_model.batch import Array
from unco.small_model.config import Estimator, ModelConfig, estimators_of
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.predictor import Predictor
from unco.small_model.regions.hub_models import fetched_folder
from unco.small_model.stored.network import StoredNetwork, TrainedNetwork
from unco.small_model.stored.quantise import QuantisedRows, dequantise, pieces_of, quantise, read_weights, write_weights
from unco.small_model.stored.shapes import check_weights
from unco.small_model.uncertainty.entropy import Normaliser
from unco.small_model.uncertainty.prediction import RegionRegression
from unco.small_model.uncertainty.region_signals import EARLIER_REGION_SIGNALS, REGION_SIGNALS
from unco.small_model.uncertainty.regression import Regression
from unco.small_model.uncertainty.span_signals import SPAN_SIGNALS
from unco.small_model.uncertainty.training_names import TrainingNames
from unco.small_model.uncertainty.type_signals import TYPE_SIGNALS
from unco.types import Thresholds

FORMAT = 2
WEIGHTS = "model.safetensors"
NAMES_PREFIX = "known_names."
"""Prefix of the tensors of `TrainingNames` in the weights file."""

_load_lock = ForkLock()


@dataclass(frozen=True, slots=True)
class Calibration:
    """Normaliser and thresholds fitted on dev for one label scheme and one estimator of uncertainty."""

    normaliser: Normaliser
    thresholds: Thresholds


Calibrations = dict[str, dict[str, Calibration]]
"""By the names of scheme and estimator."""


def save_pretrained(
    predictor: Predictor,
    estimator: str,
    calibrations: Calibrations,
    folder: Path,
    origin: dict[str, Any],
    keep_encoder: bool = False,
) -> None:
    """Write a checkpoint.

    Args:
        predictor: what to save; its scheme is the default of `from_pretrained`.
        estimator: name of the default estimator of `from_pretrained`.
        calibrations: of every scheme and estimator that can be chosen.
        folder: made if it does not exist.
        origin: facts about the training run, as plain JSON.
        keep_encoder: as of `quantise`.
    """
    from unco.small_model.stored.in_torch import arrays_of

    folder.mkdir(parents=True, exist_ok=True)
    weights, estimators = arrays_of(predictor.network.in_torch), estimators_of(predictor.network.config)
    state = {**weights, **_names_state(predictor.training_names)}
    write_weights(quantise(state, keep_encoder), folder / WEIGHTS)
    predictor.tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    data = {
        "format": FORMAT,
        "name": predictor.name,
        "weights_sha256": file_sha256(folder / WEIGHTS),
        "model": predictor.network.config.to_json(),
        "heads": predictor.heads,
        "scheme": predictor.scheme.name,
        "estimator": estimator,
        "estimators": {name: asdict(estimators[name]) for name in calibrations[predictor.scheme.name]},
        "calibrations": {
            scheme: {name: asdict(fitted) for name, fitted in row.items()} for scheme, row in calibrations.items()
        },
        "span_regression": asdict(predictor.span_regression) if predictor.span_regression else None,
        "type_regressions": {scheme: asdict(fitted) for scheme, fitted in predictor.type_regressions.items()},
        "region_regression": asdict(predictor.region_regression) if predictor.region_regression else None,
        "origin": origin,
    }
    (folder / "config.json").write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", "utf-8")


def from_pretrained(source: str | Path = SHIPPED, scheme: str | None = None, estimator: str | None = None) -> Predictor:
    """Load a checkpoint; loading the same files again shares one network among all threads of the process.

    Args:
        source: a checkpoint's folder, or its name on the Hugging Face hub.
        scheme: label scheme of the results; None = the checkpoint's default.
        estimator: of uncertainty; `mc_decoder` is the paper's; None = the checkpoint's default.

    Raises:
        SetupError: a file is missing, cut off, or of another format; or it cannot be fetched.
        SettingsError: the checkpoint has no such scheme or estimator.
    """
    folder = source if isinstance(source, Path) else fetched_folder(source)
    inner = folder / "checkpoint"
    if (inner / "config.json").is_file() and not (folder / "config.json").exists():
        raise SetupError(f"{folder} is the folder of a training run: its checkpoint is {inner}")
    if not (folder / "config.json").exists():
        raise SetupError(
            f"{folder} holds no checkpoint, as it has no config.json: name the folder that `unco train` made"
        )
    with _load_lock:
        return _load(folder, scheme, estimator, file_sha256(folder / "config.json"))


@lru_cache(maxsize=8)
def _load(folder: Path, scheme: str | None, estimator: str | None, _sha256_of_config: str) -> Predictor:
    data = _read_config(folder / "config.json")
    try:
        network, training_names = _load_network(folder, ModelConfig.from_json(data["model"]), data["weights_sha256"])
        calibrations = TypeAdapter(Calibrations).validate_python(data["calibrations"])
        scheme = _chosen(folder, "label scheme", scheme or data["scheme"], calibrations)
        estimator = _chosen(folder, "estimator", estimator or data["estimator"], calibrations[scheme])
        fitted = calibrations[scheme][estimator]
        predictor = Predictor(
            network=network,
            tokenizer=load_tokenizer(folder / "tokenizer.json"),
            normaliser=fitted.normaliser,
            thresholds=fitted.thresholds,
            scheme=network.config.schemes[scheme],
            estimator=TypeAdapter(Estimator).validate_python(data["estimators"][estimator]),
            heads=data["heads"],
            span_regression=TypeAdapter(Regression | None).validate_python(data.get("span_regression")),
            training_names=training_names,
            type_regressions=TypeAdapter(dict[str, Regression]).validate_python(data.get("type_regressions", {})),
            region_regression=_with_later_signals(
                TypeAdapter(RegionRegression | None).validate_python(data.get("region_regression"))
            ),
            name=data["name"],
        )
        _check_fitted(predictor)
        return predictor
    # A configuration may hold anything under each key; pydantic's error is a ValueError.
    except (
        SafetensorError,
        RuntimeError,
        LookupError,
        ArithmeticError,
        AttributeError,
        TypeError,
        ValueError,
    ) as error:
        raise SetupError(f"{folder} does not hold a checkpoint of this version: {shorten(str(error))}") from error


def _with_later_signals(regression: RegionRegression | None) -> RegionRegression | None:
    """Give a region regression of an earlier version, which knew fewer signals, a weight of 0 for the others."""
    if not isinstance(regression, Regression) or len(regression.weights) != EARLIER_REGION_SIGNALS:
        return regression
    return replace(regression, weights=(*regression.weights, *(0.0,) * (REGION_SIGNALS - EARLIER_REGION_SIGNALS)))


def _check_fitted(predictor: Predictor) -> None:
    """Check that fitted regressions and training names fit the network and this version's features."""
    once = ((predictor.span_regression, SPAN_SIGNALS), (predictor.region_regression, REGION_SIGNALS))
    regressions = [(fitted, count) for fitted, count in once if fitted]
    regressions += [(fitted, TYPE_SIGNALS) for fitted in predictor.type_regressions.values()]
    for fitted, count in regressions:
        fitted.check(count)
    if predictor.training_names:
        config = predictor.network.config
        predictor.training_names.check(config.hidden, len(config.labels))


def _chosen(folder: Path, what: str, name: str, known: Mapping[str, Any]) -> str:
    if name not in known:
        raise SettingsError(f"{folder} has no {what} {name!r}: choose {', '.join(known)}")
    return name


def load_tokenizer(path: Path) -> Tokenizer:
    """Load a saved tokenizer, with truncation and padding switched off.

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
    except (OSError, ValueError, RecursionError) as error:
        raise SetupError(f"{path} cannot be read as a checkpoint's configuration: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise SetupError(f"{path} is not a configuration of format {FORMAT}, the one that this version of unco reads")
    return data


def _load_network(
    folder: Path, config: ModelConfig, sha256_of_weights: str
) -> tuple[TrainedNetwork, TrainingNames | None]:
    weights = folder / WEIGHTS
    if file_sha256(weights) != sha256_of_weights:
        raise SetupError(f"{weights} is not the file that config.json was written for: fetch the checkpoint again")
    return _read_network(weights, config, sha256_of_weights)


@lru_cache(maxsize=4)
def _read_network(
    weights: Path, config: ModelConfig, sha256_of_weights: str
) -> tuple[TrainedNetwork, TrainingNames | None]:
    stored = read_weights(weights)
    rows = None if config.foreign_encoder else pieces_of(stored)
    state = dequantise(stored)
    names = {name.removeprefix(NAMES_PREFIX): state.pop(name) for name in list(state) if name.startswith(NAMES_PREFIX)}
    return _network(config, state, rows), TrainingNames(**names) if names else None


def _network(config: ModelConfig, weights: dict[str, Array], pieces: QuantisedRows | None) -> TrainedNetwork:
    if pieces is None:  # an encoder that transformers runs
        from unco.small_model.stored.in_torch import network_of

        return network_of(config, weights)
    check_weights(weights, pieces, config)
    return StoredNetwork(config, weights, pieces)


def _names_state(names: TrainingNames | None) -> dict[str, Array]:
    return {f"{NAMES_PREFIX}{name}": array for name, array in names.state().items()} if names else {}


def file_sha256(path: Path) -> str:
    """Compute the SHA-256 of a file, in hex.

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
