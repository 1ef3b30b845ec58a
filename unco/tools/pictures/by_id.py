"""Pictures that are named by their post's id."""

from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")


def picture_by_id(identity: str, folder: Path) -> Path | None:
    """`<id>.jpg` (.jpeg, .png, .webp) of a folder; an id is data, so one that leads out of it finds nothing."""
    if not identity or Path(identity).name != identity or "\0" in identity:
        return None
    paths = (folder / f"{identity}{suffix}" for suffix in SUFFIXES)
    try:
        return next((path for path in paths if path.is_file()), None)
    except OSError:  # a name that is too long
        return None
