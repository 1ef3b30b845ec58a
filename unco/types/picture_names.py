"""Names of picture files, and the ids of posts that they stand for."""

from pathlib import Path

SUFFIXES = (
    *(".jpg", ".jpeg", ".jfif", ".jpe", ".png", ".webp", ".gif", ".bmp", ".avif", ".tif", ".tiff"),
    *(".jp2", ".j2k", ".heic", ".heif"),
)
"""Endings of pictures; they may be in capitals."""


def names_by_id(post_id: str) -> list[str]:
    """List the names that the picture of a post may have, the first choice first; an id may have the ending already."""
    named = [post_id] if Path(post_id).suffix.lower() in SUFFIXES else []
    return named + [f"{post_id}.{spelt}" for one in SUFFIXES for spelt in _spellings(one.removeprefix("."))]


def id_of_picture(name: str) -> str:
    """Return the id that the name of a picture stands for: 17 of 17.jpg, and of 17."""
    stem, dot, ending = name.rpartition(".")
    return stem if stem and f"{dot}{ending}".lower() in SUFFIXES else name


def _spellings(ending: str) -> tuple[str, str, str]:
    return ending, ending.upper(), ending.capitalize()
