"""Fingerprint of a checkpoint: thresholds hold only for the checkpoint that they were chosen for."""

import json
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from unco.errors import SettingsError, SetupError
from unco.small_model.regions.hub_models import fetched_folder
from unco.types import ATTRIBUTES

FILES = ("config.json", "model.safetensors", "tokenizer.json")
"""The files that determine a checkpoint's predictions."""

SHIPPED = Path(__file__).with_name("checkpoint")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What identifies a checkpoint and how it is used: content hash, label scheme, estimator, normaliser."""

    name: str
    sha256: str
    """Of its configuration, weights and tokenizer, hex."""
    scheme: str
    """Name of the label scheme of its results."""
    estimator: str
    """Of uncertainty, by name."""
    normaliser: dict[str, tuple[float, float]]
    """Attribute -> the raw values that are normalised to 0 and 1."""


def fingerprint_of(
    source: str | Path | None = None, scheme: str | None = None, estimator: str | None = None
) -> Fingerprint:
    """Compute the fingerprint of a checkpoint from its files, about 30 ms for the shipped one; no network is loaded.

    Args:
        source: folder or name on the Hugging Face hub; None = the shipped one.
        scheme: None = the checkpoint's first choice.
        estimator: None = the checkpoint's first choice.

    Raises:
        SetupError: a file is missing or no checkpoint's.
        SettingsError: the checkpoint has no such scheme or estimator.
    """
    folder = source if isinstance(source, Path) else SHIPPED if source is None else fetched_folder(source)
    try:
        data = json.loads((folder / "config.json").read_text("utf-8"))
        scheme, estimator = scheme or data["scheme"], estimator or data["estimator"]
        calibrations = data["calibrations"]
        stamps = tuple((folder / name).stat().st_mtime_ns for name in FILES)
        if scheme not in calibrations or estimator not in calibrations[scheme]:
            raise SettingsError(f"{folder} has no scheme {scheme!r} with the estimator {estimator!r}")
        normaliser = _ranges(calibrations[scheme][estimator]["normaliser"])
        return Fingerprint(data["name"], _hash(folder, stamps), scheme, estimator, normaliser)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{folder} does not hold a checkpoint of this version: {error}") from error


def _ranges(normaliser: Any) -> dict[str, tuple[float, float]]:
    return {name: (float(normaliser[name]["low"]), float(normaliser[name]["high"])) for name in ATTRIBUTES}


@lru_cache(maxsize=8)
def _hash(folder: Path, _stamps: tuple[int, ...]) -> str:
    """Hash the files one after another, each preceded by its name; cached until one of them changes."""
    digest = sha256()
    for name in FILES:
        digest.update(f"{name}\0".encode())
        with (folder / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
