"""Lookup of a picture file by its post's id."""

from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def picture_by_id(post_id: str, folder: Path) -> Path | None:
    """Find `<id>.jpg` (.jpeg, .png, .webp) in a folder; an id that would lead out of the folder finds nothing."""
    if not post_id or Path(post_id).name != post_id or "\0" in post_id:
        return None
    paths = (folder / f"{post_id}{suffix}" for suffix in SUFFIXES)
    try:
        return next((path for path in paths if path.is_file()), None)
    except OSError:  # a name that is too long
        return None
