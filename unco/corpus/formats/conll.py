"""Reads posts from CoNLL text: a token per line, in the first column; a blank line ends a post. Tags are ignored.

A line `IMGID:<id>`, as in Twitter-GMNER, begins a post and names it and its picture.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from unco.errors import DataError
from unco.tools.pictures.by_id import SUFFIXES, picture_by_id

ENDINGS = (".conll", ".txt", ".bio")

_ID = b"IMGID:"


def is_conll(path: Path) -> bool:
    """Return whether a path is a folder of CoNLL files (not what `datasets` saved), or a file of CoNLL text."""
    if path.is_dir():
        return not (path / "state.json").is_file()
    if path.suffix not in ENDINGS or not path.is_file():
        return False
    with path.open("rb") as file:
        return not file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def conll_posts(path: Path, pictures: Path | None) -> Iterator[dict[str, Any] | str]:
    """Yield each post's fields, or why it cannot be read.

    Args:
        path: a file; or a folder, whose files (those in txt/, if it has that) are read in the order of their names.
        pictures: folder with `<id>.jpg` (.jpeg, .png, .webp) for each post; None = text alone.

    Raises:
        DataError: a folder without such files, or one that cannot be read.
    """
    if pictures is not None and not pictures.is_dir():
        raise DataError(f"{pictures} is no folder: --pictures names the one that holds <id>.jpg")
    for name in _files(path):
        with name.open("rb") as file:
            for block in _blocks(file):
                yield _post(block, pictures)


def _files(path: Path) -> list[Path]:
    if not path.is_dir():
        return [path]
    folder = path / "txt" if (path / "txt").is_dir() else path
    found = sorted(file for file in folder.iterdir() if file.suffix in ENDINGS and file.is_file())
    if not found:
        raise DataError(f"{folder} has no CoNLL file ({', '.join(ENDINGS)})")
    return found


def _blocks(file: BinaryIO) -> Iterator[list[bytes]]:
    """Yield the lines of each post. Lines end at line feeds only, as some tokens are unusual blanks."""
    block: list[bytes] = []
    for line in file:
        line = line.removesuffix(b"\n").removesuffix(b"\r")
        if block and (not line.strip() or _is_id(line)):
            yield block
            block = []
        if line.strip() and not line.startswith(b"-DOCSTART-"):
            block.append(line.removeprefix(b"\xef\xbb\xbf"))
    if block:
        yield block


def _is_id(line: bytes) -> bool:
    return line.startswith(_ID) and b"\t" not in line


def _post(block: list[bytes], pictures: Path | None) -> dict[str, Any] | str:
    identity, lines = (block[0].removeprefix(_ID), block[1:]) if _is_id(block[0]) else (b"", block)
    try:
        name, tokens = identity.decode().strip(), [_token(line.decode()) for line in lines]
    except UnicodeDecodeError as error:
        return " ".join(str(error).split())
    post = {"text": tokens} | ({"id": name} if name else {})
    if pictures is None:
        return post
    picture = picture_by_id(name, pictures)
    if picture is None:
        return f"{pictures} has no picture of the post {name!r} ({', '.join(f'<id>{one}' for one in SUFFIXES)})"
    return post | {"image": str(picture)}


def _token(line: str) -> str:
    return line.split("\t" if "\t" in line else " ", 1)[0]
