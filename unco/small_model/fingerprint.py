"""Which small model it is: what thresholds were chosen for, and hold for alone."""

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
"""All that a checkpoint's answers follow from."""

SHIPPED = Path(__file__).with_name("checkpoint")


@dataclass(frozen=True, slots=True)
class Identity:
    """A checkpoint, and how it is read."""

    name: str
    sha256: str
    """Of its configuration, weights and tokenizer, hex."""
    scheme: str
    """Types that it gives out."""
    estimator: str
    """Of uncertainty, by name."""
    normaliser: dict[str, tuple[float, float]]
    """Attribute -> the raw values that become 0 and 1."""


def identity_of(source: str | Path | None = None, scheme: str | None = None, estimator: str | None = None) -> Identity:
    """Identify a checkpoint by its files, about 30 ms for the shipped one; no network is loaded.

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
        return Identity(data["name"], _hash(folder, stamps), scheme, estimator, normaliser)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SetupError(f"{folder} does not hold a checkpoint of this version: {error}") from error


def _ranges(normaliser: Any) -> dict[str, tuple[float, float]]:
    return {name: (float(normaliser[name]["low"]), float(normaliser[name]["high"])) for name in ATTRIBUTES}


@lru_cache(maxsize=8)
def _hash(folder: Path, _stamps: tuple[int, ...]) -> str:
    """Of the files one after another, each begun by its name; read anew when one of them has changed."""
    digest = sha256()
    for name in FILES:
        digest.update(f"{name}\0".encode())
        with (folder / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()
