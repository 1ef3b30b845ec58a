"""What a checkpoint is trained from: data, recipe, versions, as hashes; a folder holds the checkpoints of one run."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from unco.corpus.formats.files import files_of
from unco.errors import SettingsError
from unco.evals.data.twitter_gmner import SPLITS
from unco.small_model.checkpoint import file_sha256
from unco.training.examples.data_paths import DataPaths
from unco.training.recipe import Recipe
from unco.training.start import start_folder


def training_origin(paths: DataPaths, recipe: Recipe, start: Path) -> dict[str, Any]:
    """Describe what a run is trained from, as plain JSON."""
    boxes = paths.boxes or paths.data / "xml"
    return {
        "data": paths.data.name,
        "data_sha256": {split: _files_sha256(files_of(paths.data, split)) for split in SPLITS},
        "boxes_sha256": _folder_sha256(boxes),
        "more_sha256": {short_name(path): file_sha256(path) for path in paths.more},
        "added_sha256": {short_name(path): file_sha256(path) for path in paths.add},
        "teachers_sha256": {name: file_sha256(_weights(start_folder(name))) for name in recipe.teachers},
        "regions": "simulated" if paths.regions is None else "region files",
        "regions_sha256": None if paths.regions is None else _listing_sha256(paths.regions),
        "captions_sha256": None if paths.captions is None else _folder_sha256(paths.captions),
        "recipe": asdict(recipe),
        "started_from": {"name": recipe.start_from, "sha256": file_sha256(_weights(start))},
        "versions": {name: version(name) for name in ("torch", "transformers", "accelerate")},
    }


def claim_folder(folder: Path, origin: dict[str, Any], resume: bool) -> None:
    """Record what a folder's checkpoints are trained from, and refuse a folder that holds another run's.

    The estimator is chosen after training, so it may be another when a run is taken up.

    Raises:
        SettingsError: the folder holds checkpoints, and this run does not resume, or is another; or it cannot be
            written.
    """
    note = folder / "run.json"
    if any(folder.glob("checkpoint-*")):
        if not resume:
            raise SettingsError(f"{folder} holds the checkpoints of a run: go on with --resume, or give another --out")
        if _saved_origin(note) != _weights_origin(origin):
            raise SettingsError(
                f"{folder} holds the checkpoints of a run with other settings or data, see {note}: give another --out"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        note.write_text(json.dumps(_weights_origin(origin), indent=2) + "\n", "utf-8")
    except OSError as error:
        raise SettingsError(f"{folder} cannot be written: {error.strerror or error}: give another --out") from error


def _saved_origin(note: Path) -> Any:
    try:
        return _weights_origin(json.loads(note.read_text("utf-8")))
    except (OSError, ValueError, KeyError, AttributeError):
        return None


def _weights_origin(origin: dict[str, Any]) -> dict[str, Any]:
    """Select the part of the origin that the weights depend on."""
    recipe = {name: value for name, value in origin["recipe"].items() if name != "estimator"}
    weights = {**{name: value for name, value in origin.items() if name != "command"}, "recipe": recipe}
    return json.loads(json.dumps(weights))  # type: ignore[no-any-return]  # as it is read back: lists for tuples


def _files_sha256(files: Sequence[Path]) -> str:
    """Hash one file, or the hashes of several."""
    hashes = [file_sha256(file) for file in files]
    return hashes[0] if len(hashes) == 1 else sha256("".join(hashes).encode()).hexdigest()


def _folder_sha256(folder: Path) -> str:
    """Hash the names and hashes of a folder's files, in the order of their names."""
    listing = "".join(f"{path.name} {file_sha256(path)}\n" for path in sorted(folder.glob("*")) if path.is_file())
    return sha256(listing.encode()).hexdigest()


def _listing_sha256(folder: Path) -> str:
    """Hash the names and sizes of a folder's region files, whose contents are gigabytes."""
    listing = "".join(f"{path.name} {path.stat().st_size}\n" for path in sorted(folder.glob("*.npz")))
    return sha256(listing.encode()).hexdigest()


def short_name(path: Path) -> str:
    """Name a file by its folder and its own name, without the place where both are."""
    whole = path.resolve()
    return f"{whole.parent.name}/{whole.name}"


def _weights(start: Path) -> Path:
    """Find the file of weights, or its index where they are in several."""
    one = start / "model.safetensors"
    return one if one.is_file() else start / "model.safetensors.index.json"
