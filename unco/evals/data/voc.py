"""Reads boxes of named things in a picture from Pascal VOC files."""

import logging
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from unco.errors import DataError
from unco.nodes.spelling import plain_signs
from unco.types import Box
from unco.types.picture_names import id_of_picture

log = logging.getLogger(__name__)


class Boxes(NamedTuple):
    """The boxes of one picture."""

    size: tuple[int, int] | None
    """(width, height) in pixels; None = not known."""
    by_name: dict[str, list[Box]]

    def of(self, names: Sequence[str]) -> tuple[dict[str, tuple[Box, ...]], list[str]]:
        """Give each name of an entity its boxes: those whose name is letter by letter the same.

        A box whose name is that of no entity goes to those whose name it is apart from blanks, line ends, case and
        typographic signs. Returns the boxes by name, and the names of boxes that are no entity's all the same.
        """
        found, lost = {name: list(self.by_name.get(name, ())) for name in names}, list[str]()
        for name, boxes in self.by_name.items():
            if name in found:
                continue
            alike = [one for one in found if plain_signs(one) == plain_signs(name) != ""]
            for one in alike:
                found[one] += boxes
            lost += [] if alike else [name]
        return {name: tuple(boxes) for name, boxes in found.items()}, lost


def read_boxes(path: Path) -> Boxes:
    """Read picture size and boxes by name from a VOC file; none when there is no file: nothing is grounded.

    Raises:
        DataError: the file is there and not in the format.
    """
    try:
        if not path.is_file():
            return Boxes(None, {})
        data = path.read_bytes()
        if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
            raise DataError(f"{path}: a VOC file has no DOCTYPE, which can name other files or grow without end")
        root = _annotation(data)
        size = (_pixels(root.findtext("size/width")), _pixels(root.findtext("size/height")))
        boxes: dict[str, list[Box]] = {}
        for item in root.iter("object"):
            name = item.findtext("name", "")
            boxes.setdefault(name, []).extend(_boxes_of(item, name))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ElementTree.ParseError, ValueError, OverflowError, LookupError) as error:
        raise DataError(f"{path}: not a Pascal VOC file with sizes and boxes: {error}") from error
    return Boxes(size if all(size) else None, boxes)


def box_files(folder: Path) -> dict[str, Path]:
    """Find the files of boxes of a folder, by the id of their post: of 17.xml, and also of 17.XML and 17.jpg.xml.

    Raises:
        DataError: the folder cannot be read.
    """
    try:
        names = sorted(os.listdir(folder)) if folder.is_dir() else []
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror or error}") from error
    files = [folder / name for name in names if name.lower().endswith(".xml")]
    by_picture = {id_of_picture(file.stem): file for file in files}
    return by_picture | {file.stem: file for file in files}


def warn_of_strangers(files: Mapping[str, Path], ids: Sequence[str], folder: Path) -> None:
    """Say that a folder has boxes for none of the posts, which then all count as not grounded."""
    if files and ids and files.keys().isdisjoint(ids):
        log.warning(
            "%s holds %d files of boxes, and none is called <id>.xml by the IMGID line of one of the %d posts: "
            "nothing is grounded",
            folder,
            len(files),
            len(ids),
        )


def warn_of_lost(lost: Sequence[str]) -> None:
    """Say which boxes have names that are no entity's, so that nothing is lost without a word."""
    if lost:
        log.warning(
            "%d names of boxes are no entity's of their post, so these boxes count for none; the first: %s",
            len(lost),
            lost[0],
        )


def _annotation(data: bytes) -> ElementTree.Element:
    """Parse a file. Tags lose their namespace and their capitals, which say nothing and differ from tool to tool.

    Raises:
        ParseError, LookupError, ValueError: it is no XML, or XML of something else.
    """
    root = ElementTree.fromstring(data)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2].lower()
    if root.tag != "annotation" and next(root.iter("object"), None) is None:
        raise ValueError(f"it begins with <{root.tag}> in place of <annotation>")
    return root


def _boxes_of(item: ElementTree.Element, name: str) -> list[Box]:
    """Read the boxes of an object.

    Raises:
        ValueError: it has none, or an edge is no number.
    """
    found = item.findall("bndbox")
    if not found:
        raise ValueError(f"the object {name!r} has no bndbox")
    return [Box(*(_edge(box, edge, name) for edge in ("xmin", "ymin", "xmax", "ymax"))) for box in found]


def _edge(box: ElementTree.Element, edge: str, name: str) -> float:
    text = box.findtext(edge)
    if text is None:
        raise ValueError(f"a box of {name!r} has no {edge}")
    try:
        return float(text)
    except ValueError as error:
        raise ValueError(f"the {edge} of a box of {name!r} is {text!r}, no number") from error


def _pixels(text: str | None) -> int:
    """Read a length of a picture; tools that do not know it write 0 or leave it out."""
    pixels = int(float(text or 0))
    if pixels < 0:
        raise ValueError(f"a picture has no {pixels} pixels")
    return pixels
