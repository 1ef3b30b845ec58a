"""Reads boxes of named things in a picture from Pascal VOC files."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from unco.errors import DataError
from unco.nodes.spelling import plain_signs
from unco.types import Box

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
        root = ElementTree.fromstring(data)
        size = (_pixels(root.findtext("size/width")), _pixels(root.findtext("size/height")))
        boxes: dict[str, list[Box]] = {}
        for item in root.iter("object"):
            corners = [float(item.findtext(f"bndbox/{edge}", "")) for edge in ("xmin", "ymin", "xmax", "ymax")]
            boxes.setdefault(item.findtext("name", ""), []).append(Box(*corners))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ElementTree.ParseError, ValueError, OverflowError, LookupError) as error:
        raise DataError(f"{path}: not a Pascal VOC file with sizes and boxes: {error}") from error
    return Boxes(size if all(size) else None, boxes)


def warn_of_lost(lost: Sequence[str]) -> None:
    """Say which boxes have names that are no entity's, so that nothing is lost without a word."""
    if lost:
        log.warning(
            "%d names of boxes are no entity's of their post, so these boxes count for none; the first: %s",
            len(lost),
            lost[0],
        )


def _pixels(text: str | None) -> int:
    """Read a length of a picture; tools that do not know it write 0 or leave it out."""
    pixels = int(float(text or 0))
    if pixels < 0:
        raise ValueError(f"a picture has no {pixels} pixels")
    return pixels
