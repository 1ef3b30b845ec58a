"""A user's choices for a corpus run: small model, policy, concurrency, engine."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unco.corpus.engine import EngineName
from unco.environment import environment
from unco.errors import SettingsError
from unco.small_model.batching import Batching
from unco.small_model.fingerprint import fingerprint_of
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.policy import read_policy
from unco.tools.extraction.policy_extractor import PolicyExtractor
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.extraction.tool import default_extractor


@dataclass(frozen=True, slots=True)
class Choices:
    """Small model, policy, concurrency and engine of a corpus run."""

    predictions: Path | None = None
    """Saved output, instead of a small model."""
    checkpoint: str | None = None
    scheme: str | None = None
    estimator: str | None = None
    policy: Path | None = None
    pictures: Path | None = None
    """Folder of the pictures of CoNLL text."""
    at_once: int = 16
    engine: EngineName = "local"
    patience_s: float = 0.0
    """As of `Patience`."""
    variant: str = "unco"
    """See `unco.graph.variants`."""
    detector: str | None = None
    """As of `default_extractor`, here and below."""
    region_files: Path | None = None
    """As of `default_extractor`."""


def policy_of(choices: Choices) -> str | None:
    """Return the file of the policy in force; saved predictions bring their own thresholds."""
    named = _name(choices.policy)
    return named if choices.predictions is not None else named or environment().policy or None


def _name(path: Path | None) -> str | None:
    return None if path is None else str(path)


def extractor_of(choices: Choices, device: str | None = None, batching: Batching | None = None) -> Extractor:
    """Build the small model, or read saved predictions.

    Args:
        choices: which.
        device: as of `default_extractor`.
        batching: how posts that come at the same time share it; None = the defaults.

    Raises:
        SettingsError: choices that exclude each other.
        DataError: the saved predictions cannot be read.
        SetupError: the detector needs a package that is not installed.
    """
    if choices.predictions is not None:
        if choices.policy is not None:
            raise SettingsError(
                "--predictions have thresholds of their own, so --policy changes nothing: leave one out"
            )
        return SavedPredictions(choices.predictions)
    named = choices.checkpoint, choices.scheme, choices.estimator
    extractor: Extractor = default_extractor(
        batching, *named, device=device, detector=choices.detector, region_files=_name(choices.region_files)
    )
    if (policy := policy_of(choices)) is not None:
        identify = partial(fingerprint_of, *named)
        extractor = PolicyExtractor(extractor, read_policy(Path(policy)), identify)
    return extractor
