"""Choice of a region provider by the name of a detector."""

from collections.abc import Sequence

from unco.environment import environment
from unco.errors import SettingsError
from unco.small_model.regions.faces_and_text import FacesAndText, vision_installed
from unco.small_model.regions.merged_regions import MergedRegions
from unco.small_model.regions.region import RegionProvider

SSD = "ssd"
"""Name of the detector out of a package; all other names are of models of transformers."""


def named_detector(detector: str | None) -> str:
    """Return the name of the detector in force: the given one, else that of `UNCO_DETECTOR`; empty = none."""
    return detector or environment().detector.strip()


def chosen_provider(detector: str | None = None) -> RegionProvider | None:
    """Make the provider for posts: that of a detector, else faces and lines of text, else (not installed) none.

    Of a detector's things, those are taken that were found by a name of the post. The shipped model was trained with
    things that names stood for, nearly always; among all that a detector sees, it is right less often.

    Args:
        detector: as of `provider_of`; None = the one that `UNCO_DETECTOR` names, else none.

    Raises:
        SetupError: a package is missing.
    """
    name = named_detector(detector)
    return provider_of(name, things=False) if name or vision_installed() else None


def provider_of(detector: str, labels: Sequence[str] = (), things: bool = True) -> RegionProvider:
    """Make the provider that merges a detector's people and things with faces and lines of text.

    Faces and text are looked for where the `vision` extra is installed. Models are loaded at the first picture.

    Args:
        detector: `ssd`, or folder or hub name of a detector of transformers; empty = faces and lines of text alone.
        labels: what a detector with an open vocabulary looks for; none = our default.
        things: as of `MergedRegions`.

    Raises:
        SetupError: a package is missing.
        SettingsError: labels for `ssd`, whose classes are fixed.
    """
    if not detector:
        return FacesAndText()
    faces_and_text = FacesAndText() if vision_installed() else None
    return MergedRegions(_detector(detector, labels), faces_and_text, things)


def _detector(name: str, labels: Sequence[str]) -> RegionProvider:
    if name == SSD:
        from unco.small_model.regions.ssd import SsdDetector

        if labels:
            raise SettingsError("--zero-shot is for detectors with an open vocabulary: ssd knows its own classes alone")
        return SsdDetector()
    from unco.small_model.regions.detectors import TransformersDetector

    return TransformersDetector(name, "zero-shot-object-detection", labels) if labels else TransformersDetector(name)
