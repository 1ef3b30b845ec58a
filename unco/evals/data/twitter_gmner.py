"""Read gold posts from CoNLL text, Twitter-GMNER's and Twitter-FMNERG's above all, and captions of their pictures."""

from collections.abc import Sequence
from pathlib import Path

from unco.corpus.formats.conll import Sentence, sentences
from unco.corpus.formats.conll_layout import Columns, is_one_tag, is_tag
from unco.corpus.formats.files import files_of, form_of
from unco.corpus.formats.text_lines import is_utf8, text_lines
from unco.errors import DataError
from unco.evals.data.voc import Boxes, box_files, read_boxes, warn_of_lost, warn_of_strangers
from unco.small_model.label_schemes import COARSE_OF
from unco.types import GoldEntity, GoldPost, Span
from unco.types.picture_names import id_of_picture

SPLITS = ("train", "dev", "test")
"""Parts of a data set, as its files are named."""

_COARSE = frozenset(COARSE_OF.values())
_OPENS, _CLOSES = "BSUW", "ESLUW"
"""Marks of tags that begin a span, and that end one, in BIO, BIOES, BILOU and BMEWO."""


def read_gmner(folder: Path, split: str, boxes: Path | None = None) -> list[GoldPost]:
    """Read one split of Twitter-GMNER, v1 or v2.0, or of other CoNLL text, whose tag is the last column.

    An entity has the boxes of its name: see `unco.evals.data.voc`. Where a name stands twice in a post, both entities
    have all its boxes.

    Args:
        folder: with `txt/<split>.txt` and `xml/<id>.xml`.
        split: train, dev or test.
        boxes: folder of the xml files, where it is another.

    Returns:
        Posts in the order of the file.

    Raises:
        DataError: a file is missing or a line is not in the format, with its place.
    """
    return read_tagged(split_file(folder, split), boxes or folder / "xml", fine=False)


def read_fmnerg(folder: Path, xml_folder: Path, split: str) -> list[GoldPost]:
    """Read one split of Twitter-FMNERG, in its 51 fine types; `COARSE_OF` and `GMNER_OF` give the coarser ones.

    Args:
        folder: with `<split>.txt` of three columns (token, coarse tag, fine tag), in txt/ or in itself.
        xml_folder: with `<id>.xml`, those of Twitter-GMNER v2.0.
        split: train, dev or test.

    Returns:
        Posts in the order of the file.

    Raises:
        DataError: a file is missing or a line is not in the format, with its place.
    """
    return read_tagged(split_file(folder, split), xml_folder, fine=True)


def split_file(folder: Path, split: str) -> Path:
    """Find the CoNLL text of a split: `<split>.txt` (.conll, .bio ...) in txt/, or in the folder itself.

    Raises:
        DataError: it is missing.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is missing: give the folder that holds txt/ and xml/")
    path = files_of(folder, split)[0]
    if form_of(path) != "conll":
        raise DataError(f"{path} is no CoNLL text: give the folder that holds txt/ and xml/")
    return path


def has_fine_types(path: Path) -> bool:
    """Return whether a text has the three columns of Twitter-FMNERG: token, coarse tag and fine tag."""
    rows = (row.columns for sentence in sentences(path) for row in sentence.rows)
    return any(len(columns) == 3 and columns[1][2:] in _COARSE for columns in rows)


def read_tagged(path: Path, xml_folder: Path, fine: bool) -> list[GoldPost]:
    """Read the gold posts of a file of CoNLL text. Posts without ids, if none has one, are numbered from 1.

    Args:
        path: of the text.
        xml_folder: of the boxes; where it is missing nothing is grounded.
        fine: whether it is Twitter-FMNERG, of three columns: token, coarse tag and fine tag.

    Raises:
        DataError: it cannot be read, or a line is not in the format, with its place; or Twitter-FMNERG has no boxes.
    """
    if fine and not xml_folder.is_dir():
        raise DataError(f"{xml_folder} is missing: give the xml folder of Twitter-GMNER v2.0, which holds the boxes")
    try:
        found = list(sentences(path))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    _check(found, path, fine)
    posts, lost, files = [], list[str](), box_files(xml_folder)
    for number, sentence in enumerate(found, start=1):
        file = files.get(sentence.id, xml_folder / f"{sentence.id}.xml")
        leads_here = sentence.id and "/" not in sentence.id and "\\" not in sentence.id
        boxes = read_boxes(file) if leads_here else Boxes(None, {})
        post, names = _post(sentence.id or str(number), [row.columns for row in sentence.rows], boxes)
        posts.append(post)
        lost += [f"{file}: {name!r}" for name in names]
    warn_of_lost(lost)
    warn_of_strangers(files, [sentence.id for sentence in found], xml_folder)
    return posts


def _check(found: Sequence[Sentence], path: Path, fine: bool) -> None:
    """Check that each line has a token and its tags, and each post an id, if one has."""
    first = next((row.columns for sentence in found for row in sentence.rows), ())
    wanted = "`token<TAB>coarse tag<TAB>fine tag`" if fine else f"{max(len(first), 2)} columns, the last one a tag"
    named = any(sentence.id for sentence in found)
    for sentence in found:
        if sentence.fault:
            raise DataError(f"{path}: {sentence.fault}")
        if named and not sentence.id:
            raise DataError(f"{path}:{sentence.line}: a post without an IMGID line, which others have")
        for row in sentence.rows:
            if not fine and len(row.columns) == 3 and row.columns[1] != "O" and is_tag(row.columns[1]):
                raise DataError(f"{path}:{row.number}: two tags, {' and '.join(row.columns[1:])}: leave one column")
            if len(row.columns) != len(first) or not _tags_fit(row.columns, fine):
                shown = "<TAB>".join(row.columns)[:60]
                raise DataError(f"{path}:{row.number}: expected {wanted} (as B-PER, I-PER or O), got {shown!r}")


def _tags_fit(columns: Columns, fine: bool) -> bool:
    """Whether the tags are tags, and a fine one belongs to its coarse one."""
    if not fine:
        return len(columns) > 1 and is_one_tag(columns[-1])
    coarse, detail = columns[1:] if len(columns) == 3 else ("", "")
    if not (is_tag(coarse) and is_tag(detail)) or coarse[:2] != detail[:2]:
        return False
    return detail == "O" or COARSE_OF.get(detail[2:]) == coarse[2:]


def _post(identity: str, rows: Sequence[Columns], boxes: Boxes) -> tuple[GoldPost, list[str]]:
    """Make a post; also returns the names of boxes that are no entity's."""
    tokens = tuple(columns[0] for columns in rows)
    spans = bio_spans([columns[-1] for columns in rows])
    names = [" ".join(tokens[span.start : span.stop]) for span, _ in spans]
    by_name, lost = boxes.of(names)
    entities = tuple(GoldEntity(span, kind, by_name[name]) for (span, kind), name in zip(spans, names, strict=True))
    return GoldPost(identity, tokens, entities, boxes.size), lost


def bio_spans(tags: Sequence[str]) -> list[tuple[Span, str]]:
    """Find the spans of a sequence of tags, in BIO, IOB1, BIOES or BILOU, or a mixture.

    B- always opens a span; so does an I- that continues nothing, as in IOB1 (and eight times in Twitter-GMNER v1).
    """
    spans: list[tuple[Span, str]] = []
    start, kind = 0, ""
    for index, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if kind and (mark in _OPENS or name != kind):
            spans.append((Span(start, index), kind))
            kind = ""
        if name and not kind:
            start, kind = index, name
        if kind and mark in _CLOSES:
            spans.append((Span(start, index + 1), kind))
            kind = ""
    return spans


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
    for number, line in text_lines(path):
        if not is_utf8(line):
            raise DataError(f"{path} is not UTF-8 text: line {number}")
        name, mark, text = line.removeprefix("imgid:").partition("###")
        identity = id_of_picture(name.strip())
        if line.startswith("imgid:"):
            if not mark or identity in captions:
                raise DataError(f"{path}:{number}: expected `imgid:<id>###<text>` with a new id, got {line[:60]!r}")
            lines = captions[identity] = [text]
        elif not captions and line.strip():
            raise DataError(f"{path}:{number}: expected `imgid:<id>###<text>`, got {line[:60]!r}")
        else:
            lines.append(line)
    return {identity: "\n".join(text).strip() for identity, text in captions.items()}
