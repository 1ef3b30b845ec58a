"""Read Twitter-GMNER and Twitter-FMNERG from their official files: CoNLL text, Pascal VOC boxes, and captions."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from unco.errors import DataError
from unco.small_model.label_schemes import COARSE_OF
from unco.types import Box, GoldEntity, GoldPost, Span

Row = tuple[str, ...]
"""A token and its tags."""


def read_gmner(folder: Path, split: str, boxes: Path | None = None) -> list[GoldPost]:
    """Read one split of Twitter-GMNER, v1 or v2.0.

    An entity has the boxes whose name is exactly its tokens joined by spaces. In v1 a few names are cut or misspelt and
    so ground nothing; with this rule the counts are those of the paper's Table 4. Where a name stands twice in a post,
    both entities have all its boxes.

    Args:
        folder: with `txt/<split>.txt` and `xml/<id>.xml`.
        split: train, dev or test.
        boxes: folder of the xml files, where it is another.

    Returns:
        Posts in the order of the file.

    Raises:
        DataError: a file is missing or a line is not in the format, with its place.
    """
    path = folder / "txt" / f"{split}.txt"
    if not path.is_file():
        raise DataError(f"{path} is missing: give the folder that holds txt/ and xml/")
    return [_post(boxes or folder / "xml", identity, rows) for identity, rows in _blocks(path, ("token", "tag"))]


def read_fmnerg(txt_folder: Path, xml_folder: Path, split: str) -> list[GoldPost]:
    """Read one split of Twitter-FMNERG, in its 51 fine types; `COARSE_OF` and `GMNER_OF` give the coarser ones.

    Args:
        txt_folder: with `<split>.txt` of three columns: token, coarse tag, fine tag.
        xml_folder: with `<id>.xml`, those of Twitter-GMNER v2.0.
        split: train, dev or test.

    Returns:
        Posts in the order of the file.

    Raises:
        DataError: a file is missing or a line is not in the format, with its place.
    """
    path = txt_folder / f"{split}.txt"
    if not path.is_file():
        raise DataError(f"{path} is missing: give the folder of the three-column text files")
    if not xml_folder.is_dir():
        raise DataError(f"{xml_folder} is missing: give the xml folder of Twitter-GMNER v2.0, which holds the boxes")
    return [
        _post(xml_folder, identity, [(row[0], row[2]) for row in rows])
        for identity, rows in _blocks(path, ("token", "coarse tag", "fine tag"))
    ]


def has_fine_types(path: Path) -> bool:
    """Whether a text file has a third column, that of Twitter-FMNERG's fine types."""
    return next((line.count("\t") == 2 for line in _text(path).split("\n") if "\t" in line), False)


def _blocks(path: Path, columns: tuple[str, ...]) -> Iterator[tuple[str, list[Row]]]:
    """Yield (id, rows) of each post. Lines end at line feeds only, since some tokens are unusual blanks."""
    expected = f"expected `{'<TAB>'.join(columns)}` below an IMGID line"
    identity, rows = "", list[Row]()
    for number, line in enumerate(_text(path).split("\n"), start=1):
        if line.startswith("IMGID:") and "\t" not in line:
            if rows:
                raise DataError(f"{path}:{number}: a post begins before a blank line ended the one above")
            identity = line.removeprefix("IMGID:")
        elif line:
            row = tuple(line.split("\t"))
            if len(row) != len(columns) or not identity or not _tags_fit(row):
                raise DataError(f"{path}:{number}: {expected}, got {line[:60]!r}")
            rows.append(row)
        elif identity:
            yield identity, rows
            identity, rows = "", []
    if identity:
        yield identity, rows


def _tags_fit(row: Row) -> bool:
    """Whether the tags are BIO tags, and a fine one belongs to its coarse one."""
    marks = {tag[:2] for tag in row[1:]}
    if not marks <= {"O", "B-", "I-"} or "O" in marks and set(row[1:]) != {"O"}:
        return False
    return len(row) == 2 or row[2] == "O" or (len(marks) == 1 and COARSE_OF.get(row[2][2:]) == row[1][2:])


def _text(path: Path) -> str:
    try:
        # Bytes, not text mode: that would take a carriage return within a line for its end.
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text: {error}") from error


def _post(xml_folder: Path, identity: str, rows: list[Row]) -> GoldPost:
    tokens = tuple(token for token, _ in rows)
    size, boxes = read_boxes(xml_folder / f"{identity}.xml")
    entities = tuple(
        GoldEntity(span, kind, tuple(boxes.get(" ".join(tokens[span.start : span.stop]), ())))
        for span, kind in bio_spans([tag for _, tag in rows])
    )
    return GoldPost(identity, tokens, entities, size)


def bio_spans(tags: list[str]) -> list[tuple[Span, str]]:
    """Find the spans of a BIO sequence. B- always opens one; so does an I- that continues nothing (v1 has eight)."""
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
    """Read picture size and boxes by name from a VOC file; (None, {}) when there is no file: nothing is grounded.

    Raises:
        DataError: the file is there and not in the format.
    """
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


def read_captions(path: Path) -> dict[str, str]:
    """Read captions of pictures: `imgid:<id>###<text>`, the text on as many lines as it takes.

    Returns:
        Picture id -> text, its inner line ends kept. Three posts of the data sets (one of each split) have none.

    Raises:
        DataError: the file is missing, or not in the format, with the place.
    """
    if not path.is_file():
        raise DataError(f"{path} is missing: give a file of captions")
    captions: dict[str, list[str]] = {}
    lines = list[str]()
    for number, line in enumerate(_text(path).split("\n"), start=1):
        identity, mark, text = line.removeprefix("imgid:").partition("###")
        if line.startswith("imgid:"):
            if not mark or identity in captions:
                raise DataError(f"{path}:{number}: expected `imgid:<id>###<text>` with a new id, got {line[:60]!r}")
            lines = captions[identity] = [text]
        elif not captions and line.strip():
            raise DataError(f"{path}:{number}: expected `imgid:<id>###<text>`, got {line[:60]!r}")
        else:
            lines.append(line)
    return {identity: "\n".join(text).strip() for identity, text in captions.items()}
