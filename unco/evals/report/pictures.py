"""Small copies of a run's pictures, to be held by the page itself."""

from base64 import b64encode
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from unco.errors import PictureError
from unco.tools.extractor import view_picture
from unco.types import Result

LONGEST = 320
"""Pixels of the longer side."""

QUALITY = 72

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def small_pictures(results: Sequence[Result], folder: Path) -> dict[str, str]:
    """`data:` URLs by post id, of the pictures in a folder; posts without one there have none.

    Args:
        results: posts; a picture is `<id>.jpg` (.jpeg, .png, .webp), or has the file name that the run names.
        folder: the only place where files are opened: neither an id nor a run's path leads out of it.

    Raises:
        PictureError: a picture cannot be read.
    """
    found = {result.id: _file(result, folder) for result in results if result.id}
    return {identity: _small(path) for identity, path in found.items() if path is not None}


def _file(result: Result, folder: Path) -> Path | None:
    names = [f"{result.id}{suffix}" for suffix in SUFFIXES]
    if result.picture is not None and not result.picture.ref.startswith(("data:", "http:", "https:")):
        names.append(Path(result.picture.ref).name)
    inside = (folder / name for name in names if name and Path(name).name == name)
    return next((path for path in inside if path.is_file()), None)


def _small(path: Path) -> str:
    image = view_picture(str(path)).image.convert("RGB")
    image.thumbnail((LONGEST, LONGEST))
    buffer = BytesIO()
    try:
        image.save(buffer, "JPEG", quality=QUALITY)
    except OSError as error:
        raise PictureError(f"{path} cannot be made smaller: {error}") from error
    return "data:image/jpeg;base64," + b64encode(buffer.getvalue()).decode()
