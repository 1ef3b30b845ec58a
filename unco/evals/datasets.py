"""Twitter-GMNER as its official files are: CoNLL text beside Pascal VOC boxes."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from unco.errors import DataError
from unco.types import Box, GoldEntity, GoldPost, Span


def read_gmner(folder: Path, split: str) -> list[GoldPost]:
    """Read one split.

    Args:
        folder: with `txt/<split>.txt` and `xml/<id>.xml`.
        split: train, dev or test.

    Raises:
        DataError: a file is missing or a line is not in the format, with its place.
    """
    path = folder / "txt" / f"{split}.txt"
    if not path.is_file():
        raise DataError(f"{path} is missing: give the folder that holds txt/ and xml/")
    try:
        return [_post(folder, path, *raw) for raw in _blocks(path)]
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}") from error


Tagged = list[tuple[str, str]]


def _blocks(path: Path) -> Iterator[tuple[str, Tagged]]:
    """(id, tagged tokens) of each post. Lines end at line feeds only: some tokens are odd blanks and must survive."""
    identity, tagged = "", Tagged()
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line.startswith("IMGID:") and "\t" not in line:
            identity = line.removeprefix("IMGID:")
        elif "\t" in line:
            columns = line.split("\t")
            if len(columns) != 2 or not identity:
                raise DataError(f"{path}:{number}: expected `token<TAB>tag` below an IMGID line, got {line!r}")
            tagged.append((columns[0], columns[1]))
        elif line == "":
            if identity:
                yield identity, tagged
            identity, tagged = "", Tagged()
        else:
            raise DataError(f"{path}:{number}: expected `token<TAB>tag`, got {line!r}")
    if identity:
        yield identity, tagged


def _post(folder: Path, path: Path, identity: str, tagged: Tagged) -> GoldPost:
    tokens = tuple(token for token, _ in tagged)
    size, boxes = read_boxes(folder / "xml" / f"{identity}.xml")
    entities = tuple(
        GoldEntity(span, kind, tuple(boxes.get(" ".join(tokens[span.start : span.stop]), ())))
        for span, kind in bio_spans([tag for _, tag in tagged])
    )
    return GoldPost(identity, tokens, entities, size)


def bio_spans(tags: list[str]) -> list[tuple[Span, str]]:
    """Spans of a BIO sequence. B- always opens one; so does an I- that continues nothing (v1 has eight of those)."""
    spans: list[tuple[Span, str]] = []
    start, kind = 0, ""
    for index, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if kind and (mark != "I" or name != kind):
            spans.append((Span(start, index), kind))
            kind = ""
        if mark in ("B", "I") and not kind:
            start, kind = index, name
    return spans


def read_boxes(path: Path) -> tuple[tuple[int, int] | None, dict[str, list[Box]]]:
    """Picture size and boxes by name from a VOC file; (None, {}) when there is no file: nothing is grounded."""
    if not path.is_file():
        return None, {}
    try:
        root = ElementTree.parse(path).getroot()
        size = (int(root.findtext("size/width", "")), int(root.findtext("size/height", "")))
        boxes: dict[str, list[Box]] = {}
        for item in root.iter("object"):
            corners = [float(item.findtext(f"bndbox/{edge}", "")) for edge in ("xmin", "ymin", "xmax", "ymax")]
            boxes.setdefault(item.findtext("name", ""), []).append(Box(*corners))
    except (ElementTree.ParseError, ValueError) as error:
        raise DataError(f"{path}: not a Pascal VOC file with sizes and boxes: {error}") from error
    return size, boxes
