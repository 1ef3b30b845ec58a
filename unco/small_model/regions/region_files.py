"""Region files: one `.npz` for each picture, in the layout of the published VinVL features.

Keys: `num_boxes`, `image_h`, `image_w` (integers), `bounding_boxes` (n, 4) pixels x1 y1 x2 y2, `box_features` (n, F),
`scores` (n,) in [0, 1], `objects` (n,) class names. Two of our own, which other readers pass over: `texts` (n,), the
recognised text of a region, and `picture_features` (F,), those of the whole picture.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from PIL import Image

from unco.errors import DataError, SetupError
from unco.small_model.regions.region import (
    MOST_REGIONS,
    Region,
    RegionKind,
    clipped_box,
    kind_of_class,
    scaled,
    whole_picture,
    with_whole_picture,
)
from unco.small_model.regions.region_arrays import read_arrays
from unco.types import Box
from unco.types.picture_names import names_by_id

if TYPE_CHECKING:
    from unco.small_model.regions.region_arrays import Arrays

MAX_OVERHANG = 1.0
"""Pixels by which a box may exceed its picture; it is clipped. More is an error: the box is of another picture."""


def read_region_file(path: Path, most: int = MOST_REGIONS) -> list[Region]:
    """Read the regions of one picture, by falling score, then the whole picture.

    The whole picture's features are the file's `picture_features`, else the mean of its rows, else (no rows) zeros.
    A file of n boxes with features of length 0 has none: `features` is None then.

    Args:
        path: an `.npz` file.
        most: how many regions to take, the best first; the whole picture comes on top.

    Raises:
        DataError: no such file, or what is in it is not in the format.
    """
    data = read_arrays(path)
    size = int(data["image_w"].item()), int(data["image_h"].item())
    boxes = [_box(path, index, corners, size) for index, corners in enumerate(data["bounding_boxes"].tolist())]
    features = data["box_features"]
    texts = data.get("texts")
    best = sorted(range(len(boxes)), key=lambda index: -data["scores"][index])[:most]
    regions = [
        Region(
            boxes[index],
            _kind(str(data["objects"][index]), texts is not None),
            "" if texts is None else str(texts[index]),
            min(max(float(data["scores"][index]), 0.0), 1.0),
            features[index] if features.shape[1] else None,
        )
        for index in best
    ]
    return [*regions, _picture(data, size)]


def write_region_file(path: Path, regions: Sequence[Region], size: tuple[int, int]) -> None:
    """Write a region file that `read_region_file` reads back, by falling score and with the whole picture last.

    Args:
        path: file in an existing folder; an existing file is replaced atomically.
        regions: of one picture; all with features of one length, or all without.
        size: (width, height) of the picture in pixels.

    Raises:
        SetupError: the file cannot be written.
        ValueError: some regions have features and some have none, or of another length.
    """
    import numpy as np

    whole = with_whole_picture(regions, size)
    rows = [region for region in whole if region.kind != "picture"]
    of_rows = [region.features for region in rows if region.features is not None]
    of_picture = next((region.features for region in whole if region.kind == "picture"), None)
    lengths = {features.shape for features in (of_rows if of_picture is None else [*of_rows, of_picture])}
    if len(of_rows) not in (0, len(rows)) or len(lengths) > 1 or (of_picture is not None and len(of_rows) != len(rows)):
        raise ValueError(f"regions need features of one length, or none at all; got {sorted(lengths)}")
    width = next(iter(lengths), (0,))[0]
    arrays: dict[str, Any] = {
        "num_boxes": np.int64(len(rows)),
        "image_h": np.int64(size[1]),
        "image_w": np.int64(size[0]),
        "bounding_boxes": np.array([_corners(region.box) for region in rows], np.float32).reshape(-1, 4),
        "box_features": np.array(of_rows, np.float32).reshape(len(rows), width),
        "scores": np.array([region.score for region in rows], np.float32),
        "objects": np.array([region.kind for region in rows], np.str_),
        "texts": np.array([region.text for region in rows], np.str_),
    }
    if of_picture is not None:
        arrays["picture_features"] = np.asarray(of_picture, np.float32)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file:
            np.savez(file, **arrays)
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        why = error.strerror or error
        raise SetupError(f"{path} cannot be written: {why}: mend that, and the same command goes on") from error


def _corners(box: Box) -> tuple[float, float, float, float]:
    return box.x1, box.y1, box.x2, box.y2


def _box(path: Path, index: int, corners: Sequence[float], size: tuple[int, int]) -> Box:
    x1, y1, x2, y2 = corners
    outside = max(-x1, -y1, x2 - size[0], y2 - size[1])
    box = clipped_box(corners, size) if outside <= MAX_OVERHANG else None
    if box is None:
        raise DataError(
            f"{path}: box {index} {corners} is empty or outside the picture of {size[0]} x {size[1]} pixels"
        )
    return box


def _kind(name: str, ours: bool) -> RegionKind:
    """Map a class to a kind; `text` means recognised text only in files that have `texts`."""
    return "text" if ours and name == "text" else kind_of_class(name)


def _picture(data: "Arrays", size: tuple[int, int]) -> Region:
    import numpy as np

    rows = data["box_features"]
    if not rows.shape[1]:
        return whole_picture(size)
    picture_features = data.get("picture_features")
    if picture_features is None:
        picture_features = rows.mean(axis=0, dtype=np.float64) if len(rows) else np.zeros(rows.shape[1])
    return replace(whole_picture(size), features=picture_features.astype(np.float32))


class MissingRegions(DataError):
    """A picture has no region file."""


class RegionFolder:
    """Region provider that reads the regions of `O_2371.jpg` from `O_2371.jpg.npz`, else from `O_2371.npz`.

    The whole picture is the last of them. All files must have features of one length: that of the first read.
    """

    def __init__(self, folder: Path) -> None:
        """Set the folder; files are read when they are needed.

        Raises:
            DataError: there is no such folder.
        """
        if not folder.is_dir():
            raise DataError(f"no folder of region files at {folder}")
        self.folder = folder
        self._first: tuple[Path, int] | None = None

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Read the regions of a picture by the name of its file.

        Those of a picture that was opened reduced are reduced, too.

        Raises:
            MissingRegions: no region file for it.
            DataError: one of a picture of another size, or one that cannot be read.
        """
        path = self._find(*_names(source))
        regions = self._read(path)
        recorded = regions[-1].box
        scale = min(image.width / recorded.x2, 1.0)
        if scale < 1 and abs(recorded.y2 * scale - image.height) <= 1:
            regions = list(scaled(regions, scale))
        elif (recorded.x2, recorded.y2) != image.size:
            raise DataError(
                f"{path} is of a picture of {recorded.x2:g} x {recorded.y2:g} pixels, {source} has"
                f" {image.width} x {image.height}: compute the regions from the picture as it is"
            )
        return regions

    def for_id(self, post_id: str) -> list[Region]:
        """Read the regions of a data set's post by its id, which is the picture's name without extension.

        Raises:
            MissingRegions: no region file for it.
            DataError: one that cannot be read.
        """
        return self._read(self._find(*(f"{name}.npz" for name in names_by_id(post_id)), f"{post_id}.npz"))

    def _find(self, *names: str) -> Path:
        paths = [self.folder / name for name in names]
        found = next((path for path in paths if path.is_file()), None)
        if found is None:
            raise MissingRegions(f"no region file: looked for {paths[0]} and {paths[-1]}")
        return found

    def _read(self, path: Path) -> list[Region]:
        regions = read_region_file(path)
        features = regions[-1].features
        length = 0 if features is None else len(features)
        self._first = self._first or (path, length)
        if length != self._first[1]:
            raise DataError(
                f"{path} has features of length {length}, {self._first[0]} of length {self._first[1]}:"
                " a folder holds files of one kind"
            )
        return regions


def _names(source: str) -> tuple[str, str]:
    """Return the two names that a picture's region file may have."""
    scheme = urlsplit(source).scheme.lower()
    if scheme == "data":
        raise DataError("regions are looked up by file name, and an inline picture has none: hand in a path or a URL")
    name = PurePosixPath(unquote(urlsplit(source).path)).name if scheme in ("http", "https") else Path(source).name
    return f"{name}.npz", f"{Path(name).stem}.npz"
