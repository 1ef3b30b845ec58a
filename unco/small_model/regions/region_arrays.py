"""Reading and validation of a region file's arrays: consistent shapes, finite numbers, plain text, no pickles."""

import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unco.errors import DataError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Arrays = dict[str, NDArray[Any]]

REQUIRED = ("num_boxes", "image_h", "image_w", "bounding_boxes", "box_features", "scores", "objects")
OPTIONAL = ("texts", "picture_features")
NUMBERS = ("bounding_boxes", "scores", "box_features", "picture_features")

NPZ_ERRORS = (OSError, ValueError, EOFError, RuntimeError, MemoryError, SyntaxError, zipfile.BadZipFile, zlib.error)
"""Errors of NumPy and zipfile on files that are cut off, changed, pickled or no archive at all."""


def read_arrays(path: Path) -> "Arrays":
    """Read the arrays that regions are made of; others, such as VinVL's class distributions, are not loaded.

    Returns:
        Key -> array; `texts` and `picture_features` where the file has them. Numbers are float32.

    Raises:
        DataError: no such file, or what is in it is not in the format.
    """
    data = _load_arrays(path)
    for key in ("num_boxes", "image_h", "image_w"):
        if data[key].size != 1 or data[key].dtype.kind not in "iu":
            raise DataError(f"{path}: {key} is not one integer")
    _check_shapes(path, data)
    for key in ("objects", "texts"):
        if key in data and data[key].size and data[key].dtype.kind != "U":
            raise DataError(f"{path}: {key} holds no text")
    return data | {key: _finite(path, key, data[key]) for key in NUMBERS if key in data}


def _load_arrays(path: Path) -> "Arrays":
    import numpy as np

    if not path.is_file():
        raise DataError(f"no region file at {path}")
    try:
        with path.open("rb") as file:
            stored = np.load(file, allow_pickle=False)  # a pickle runs code when it is loaded
            if not isinstance(stored, np.lib.npyio.NpzFile):
                raise DataError(f"{path} holds one array: a region file is an .npz archive of several")
            if missing := [key for key in REQUIRED if key not in stored.files]:
                raise DataError(f"{path} lacks {', '.join(missing)}: expected the layout of the VinVL features")
            found = {key: stored[key] for key in (*REQUIRED, *OPTIONAL) if key in stored.files}
    except NPZ_ERRORS as error:
        raise DataError(f"{path} is no readable .npz of plain arrays ({error}): fetch or compute it again") from error
    # NumPy hands out what does not look like an array as bytes.
    if bare := [key for key, value in found.items() if not isinstance(value, np.ndarray)]:
        raise DataError(f"{path}: {', '.join(bare)} is no array: fetch or compute the file again")
    return found


def _check_shapes(path: Path, data: "Arrays") -> None:
    count, height, width = (int(data[key].item()) for key in ("num_boxes", "image_h", "image_w"))
    if min(height, width) < 1:
        raise DataError(f"{path}: a picture of {width} x {height} pixels")
    features = data["box_features"]
    length = features.shape[1] if features.ndim == 2 else 0
    shapes = {"bounding_boxes": (count, 4), "box_features": (count, length), "scores": (count,), "objects": (count,)}
    for key, shape in (shapes | {"texts": (count,), "picture_features": (length,)}).items():
        if key in data and data[key].shape != shape:
            raise DataError(f"{path}: {key} has shape {data[key].shape}, expected {shape} for num_boxes = {count}")


def _finite(path: Path, key: str, array: "NDArray[Any]") -> "NDArray[Any]":
    import numpy as np

    if array.dtype.kind not in "fiu":
        raise DataError(f"{path}: {key} holds no numbers")
    with np.errstate(over="ignore"):
        single = array.astype(np.float32)
    if not np.isfinite(single).all():
        raise DataError(f"{path}: {key} holds what is not a finite number")
    return single
