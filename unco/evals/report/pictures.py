"""Find a run's pictures in a folder, and make copies of them for a page."""

import os
from base64 import b64encode
from collections.abc import Container, Sequence
from io import BytesIO
from pathlib import Path

from unco.errors import DataError, PictureError
from unco.tools.pictures.view import view_picture
from unco.types import Result
from unco.types.picture_names import names_by_id

LONGEST = 320
"""Pixels of the longer side, of a copy that the report embeds."""

QUALITY = 72


def small_pictures(results: Sequence[Result], folder: Path, numbers: Container[str] = ()) -> list[str | None]:
    """Make `data:` URLs of the posts' pictures in a folder; None for a post that has none there.

    Args:
        results: posts; see `picture_file`.
        folder: the only place where files are opened.
        numbers: as of `picture_file`.

    Raises:
        DataError: there is no such folder.
        PictureError: a picture cannot be read.
    """
    found = [picture_file(result, folder, numbers) for result in results]
    return [None if path is None else _data_url(as_jpeg(path, LONGEST)) for path in found]


def lacking_pictures(results: Sequence[Result], found: Sequence[str | None], folder: Path) -> str:
    """Say which pictures a run saw and a folder lacks; empty = none."""
    lacking = [one.seen_picture.ref for one, copy in zip(results, found, strict=True) if not copy and one.seen_picture]
    if not lacking:
        return ""
    return f"boxes are drawn on empty frames: {folder} lacks {len(lacking)} pictures, the first is {lacking[0]!r}"


def picture_file(result: Result, folder: Path, numbers: Container[str] = ()) -> Path | None:
    """Find a post's picture in a folder; None = it has none there.

    It is the file that the run names, if it lies in the folder, else `<id>.jpg` (.jpeg, .png, .webp), else a file of
    the name that the run's has. Neither an id, a run's path nor a link leads out of the folder.

    Args:
        result: of the post.
        folder: with pictures.
        numbers: ids that are only places in the run, and no names of pictures: see `numbers_in`.

    Raises:
        DataError: there is no such folder.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder: --pictures names the one that holds the posts' pictures")
    names = names_by_id(result.id) if result.id and result.id not in numbers else []
    if result.seen_picture is not None and not result.seen_picture.ref.startswith(("data:", "http:", "https:")):
        ref = result.seen_picture.ref
        names = [ref, os.path.abspath(ref), *names, Path(ref).name]
    return next((path for name in names if (path := _inside(folder.resolve(), name)) is not None), None)


def as_jpeg(path: Path, longest: int) -> bytes:
    """Copy a picture as JPEG, made smaller where its longer side has more pixels than `longest`.

    Raises:
        PictureError: it cannot be read.
    """
    image = view_picture(str(path)).image.convert("RGB")
    image.thumbnail((longest, longest))
    buffer = BytesIO()
    try:
        image.save(buffer, "JPEG", quality=QUALITY)
    except OSError as error:
        raise PictureError(f"{path} cannot be made smaller: {error}") from error
    return buffer.getvalue()


def _inside(folder: Path, name: str) -> Path | None:
    """Find a file of that name if it truly lies in the folder, without opening anything."""
    try:
        path = (folder / name).resolve()
        return path if path.is_relative_to(folder) and path.is_file() else None
    except (OSError, ValueError, RuntimeError):  # a name too long, a zero byte, links in a circle
        return None


def _data_url(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + b64encode(jpeg).decode()
