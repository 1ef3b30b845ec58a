"""Computation of region files for a folder of pictures: once, before training."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.progress import track

from unco.errors import DataError, InputError, SettingsError
from unco.small_model.regions.choose import named_detector, provider_of
from unco.small_model.regions.region import Featuriser, Region, RegionProvider, with_whole_picture
from unco.small_model.regions.region_files import RegionFolder, write_region_file
from unco.types.picture_names import SUFFIXES

SETTINGS_FILE = "regions.json"
"""File beside the region files that records the settings they were made with."""


def prepare_regions(
    pictures: Path,
    out: Path,
    provider: RegionProvider,
    featuriser: Featuriser | None,
    open_image: Callable[[str], Image.Image],
    console: Console,
) -> int:
    """Write `<name of picture>.npz` for each picture; existing files are kept, so a rerun continues.

    Args:
        pictures: folder; subfolders are not searched, and hidden files are passed over.
        out: folder of the region files; see `write_settings`.
        provider: finds the regions.
        featuriser: adds features to them; None = keep the features that the provider gives.
        open_image: opens a picture by path, upright and RGB; raises PictureError.
        console: where the progress bar goes.

    Returns:
        Number of files written.

    Raises:
        DataError: there are no pictures; or, after all others are written, some could not be used: each is named on
            the console with its fault.
        SetupError: a model cannot be loaded.
    """
    found = sorted(path for path in pictures.glob("[!.]*") if path.suffix.lower() in SUFFIXES and path.is_file())
    if not found:
        raise DataError(f"no pictures in {pictures}: give a folder that holds {', '.join(sorted(SUFFIXES))} files")
    missing = [path for path in found if not (out / f"{path.name}.npz").is_file()]
    faults = list[str]()
    for path in track(missing, "regions", console=console, disable=not missing):
        try:
            image = open_image(str(path))
            regions: Sequence[Region] = with_whole_picture(provider(image, str(path)), image.size)
            regions = featuriser(image, regions) if featuriser else regions
        except InputError as error:
            faults.append(f"{path.name}: {error}")
        else:
            write_region_file(out / f"{path.name}.npz", regions, image.size)
    for fault in faults:
        console.print(fault, markup=False, highlight=False, soft_wrap=True)
    if faults:
        raise DataError(f"{len(faults)} of {len(found)} pictures could not be used, named above; the others are done")
    return len(missing)


def select_provider(boxes: Path | None, detector: str | None, labels: Sequence[str]) -> RegionProvider:
    """Select the provider by command-line options: region files, else a detector, faces and lines of text.

    Args:
        boxes: folder of region files, such as VinVL's.
        detector: as of `provider_of`; None = the one that `UNCO_DETECTOR` names, else none.
        labels: what a detector with an open vocabulary looks for; none = our default.

    Raises:
        SettingsError: boxes and a detector, or labels without a detector that takes them.
        SetupError: a package is missing.
        DataError: no such folder.
    """
    if boxes is not None and detector is not None:
        raise SettingsError("boxes come from files or from a detector: give one of --boxes and --detector")
    if boxes is not None and labels:
        raise SettingsError("--zero-shot names what a detector looks for: give --detector too")
    if boxes is not None:
        return RegionFolder(boxes)
    name = named_detector(detector)
    if labels and not name:
        raise SettingsError("--zero-shot names what a detector looks for: give --detector too")
    return provider_of(name, labels)


def read_settings(folder: Path) -> dict[str, object]:
    """Read the settings of a folder of region files; none where they were made elsewhere."""
    try:
        settings = json.loads((folder / SETTINGS_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return settings if isinstance(settings, dict) else {}


def write_settings(out: Path, settings: dict[str, object]) -> None:
    """Record the settings of a folder of region files; a rerun with others is refused, as it would mix two kinds.

    Raises:
        SettingsError: the folder holds region files made with other settings or elsewhere, or cannot be made.
    """
    path, text = out / SETTINGS_FILE, json.dumps(settings, indent=2, sort_keys=True) + "\n"
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.glob("*.npz")) and (not path.is_file() or path.read_text("utf-8") != text):
            raise SettingsError(f"{out} holds region files made with other settings, see {path}: give another --out")
        path.write_text(text, "utf-8")
    except OSError as error:
        raise SettingsError(f"{out} cannot be used as the folder of region files: {error}") from error
