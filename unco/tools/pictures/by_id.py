"""Lookup of a picture file by its post's id."""

from pathlib import Path

from unco.types.picture_names import names_by_id


def picture_by_id(post_id: str, folder: Path) -> Path | None:
    """Find `<id>.jpg` (.jpeg, .png, .webp ...) in a folder; an id that would lead out of the folder finds nothing."""
    if not post_id or Path(post_id).name != post_id or "\0" in post_id:
        return None
    try:
        return next((path for name in names_by_id(post_id) if (path := folder / name).is_file()), None)
    except OSError:  # a name that is too long
        return None
