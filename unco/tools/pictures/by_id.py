"""Lookup of a picture file by its post's id."""

from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff", ".jp2", ".heic", ".heif")
"""Endings of pictures; they may be in capitals."""


def names_by_id(post_id: str) -> list[str]:
    """List the names that the picture of a post may have, the first choice first; an id may have the ending already."""
    named = [post_id] if Path(post_id).suffix.lower() in SUFFIXES else []
    return named + [f"{post_id}.{spelt}" for one in SUFFIXES for spelt in _spellings(one.removeprefix("."))]


def picture_by_id(post_id: str, folder: Path) -> Path | None:
    """Find `<id>.jpg` (.jpeg, .png, .webp ...) in a folder; an id that would lead out of the folder finds nothing."""
    if not post_id or Path(post_id).name != post_id or "\0" in post_id:
        return None
    try:
        return next((path for name in names_by_id(post_id) if (path := folder / name).is_file()), None)
    except OSError:  # a name that is too long
        return None


def id_of_picture(name: str) -> str:
    """Return the id that the name of a picture stands for: 17 of 17.jpg, and of 17."""
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in SUFFIXES else name


def _spellings(ending: str) -> tuple[str, str, str]:
    return ending, ending.upper(), ending.capitalize()
