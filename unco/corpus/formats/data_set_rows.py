"""Makes the fields of a post from a row of a data set, whichever file it stood in."""

import os
from collections.abc import Mapping, Sequence
from math import isnan
from pathlib import Path
from typing import Any

from unco.errors import DataError
from unco.state import PostInput
from unco.tools.pictures.from_python import reference_of
from unco.tools.pictures.load import is_in_roots, scheme_of

TEXTS = frozenset({"text", "tokens"})
"""Columns that hold a post's text. Data sets for NER have tokens, which count where there is no text."""

FIELDS = TEXTS.union(PostInput.model_fields)
"""Columns that are read; others are not."""


def check_columns(names: Sequence[str], path: Path) -> None:
    """Check that a table has a column of text.

    Raises:
        DataError: it has none.
    """
    if TEXTS.isdisjoint(names):
        shown = ", ".join(names)[:300] or "none"
        raise DataError(
            f"{path}: no column `text` or `tokens` among {shown}: name them in a header; "
            "CoNLL text is named .conll or .txt"
        )


def is_row(data: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is a row of a data set and none of ours, whose unknown fields are errors.

    It has tokens in place of a text; or the entities of gold.
    """
    return "text" not in data if "tokens" in data else _is_gold(data)


def _is_gold(data: Mapping[str, Any]) -> bool:
    """Return whether a post's entities are those of our gold, whose spans count words; others count characters."""
    entities = data.get("entities")
    return isinstance(entities, list) and all(
        isinstance(one, dict) and {"start", "stop"} <= one.keys() for one in entities
    )


def fields_of(row: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the fields of a post; empty cells and other columns are left out.

    The text of gold is parted at its blanks, as it is for scores.

    Args:
        row: of a data set.
        folder: where its file is; a picture may be named from there.
    """
    fields = {name: value for name, value in row.items() if name in FIELDS and not is_empty(value)}
    tokens = fields.pop("tokens", None)
    if tokens is not None:
        fields.setdefault("text", tokens)
    if _is_gold(row) and isinstance(fields.get("text"), str):
        fields["text"] = fields["text"].split()
    if "image" in fields:
        fields["image"] = picture_in(fields["image"], folder)
    return fields


def is_empty(value: Any) -> bool:
    """Return whether a cell is empty, for which pandas writes NaN into a column of numbers."""
    return value is None or (isinstance(value, float) and isnan(value))


def picture_in(image: Any, folder: Path) -> Any:
    """Return the reference of a picture, which may be what an Image column of `datasets` holds: bytes, a path, or both.

    None where that holds neither. What is no picture stays as it is, for whoever checks the post.

    Args:
        image: of a post or a row.
        folder: where its file is; a picture may be named from there.
    """
    is_column = isinstance(image, dict) and bool(image) and image.keys() <= {"bytes", "path"}
    if is_column and not any(image.values()):
        return None
    if isinstance(image, bytes) or (is_column and all(isinstance(one, str | bytes | None) for one in image.values())):
        image = reference_of(image)
    return picture_beside(image, folder) if isinstance(image, str) else image


def picture_beside(image: str, folder: Path) -> str:
    """Return the path of a picture that is not found from the current folder but from that of the posts; else as is.

    Blanks around a name, which tables often have, are left out where there is no such file, and the backslashes of
    Windows are read. Where it may not be opened, the path stays as it is, too: it would tell whoever wrote the post
    what is there.
    """
    if not image or image.startswith("data:") or os.path.exists(image):
        return image
    name = image.strip()
    spelt = (folder / image, Path(name), folder / name, _of_windows(name), folder / _of_windows(name))
    found = (str(path) for path in spelt if os.path.isfile(path) and is_in_roots(str(path)))
    return next(found, name if scheme_of(name) else image)


def _of_windows(name: str) -> Path:
    return Path(name.replace("\\", "/"))
