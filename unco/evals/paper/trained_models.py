"""How small models were trained, by their own configuration: rows of the paper's tables are theirs or are not."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from unco.errors import SetupError
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.regions.hub_models import fetched_folder


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """A checkpoint, and what its configuration says of its training."""

    source: str | None
    """Folder or name on the hub; None = the shipped one."""
    name: str
    gamma: float
    """Weight of the debiasing loss (Eq. 9); 0 = trained without."""
    margin: float
    """Lambda of Eq. 8."""
    gmner: tuple[float | None, float | None]
    """F1 of GMNER on dev and test that its training run reported, in [0, 1]; None = it did not."""

    @property
    def debiased(self) -> bool:
        """Whether it was trained with debiasing, the paper's MRD."""
        return self.gamma > 0


def read_trained_model(source: str | None) -> TrainedModel:
    """Read a checkpoint's configuration; no network is loaded.

    Raises:
        SetupError: it is missing, or no checkpoint's.
    """
    folder: Path = SHIPPED if source is None else fetched_folder(source)
    try:
        data = json.loads((folder / "config.json").read_text("utf-8"))
        model, report = data["model"], data["origin"].get("report", {})
        dev, test = (report.get(split, {}).get("gmner") for split in ("dev", "test"))
        return TrainedModel(source, data["name"], float(model["debiasing"]), float(model["margin"]), (dev, test))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise SetupError(f"{folder} does not hold a checkpoint of this version: {error}") from error


def with_debiasing(models: Sequence[TrainedModel], wanted: bool) -> TrainedModel | None:
    """Find the first model that was trained with debiasing, or without."""
    return next((model for model in models if model.debiased == wanted), None)
