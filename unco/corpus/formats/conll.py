"""Reads CoNLL text: a token and its columns a line; a blank line ends a sentence, an IMGID line or -DOCSTART- too.

Columns stand apart by tabs, or by blanks in a line without a tab. Read are also the dialects that number their tokens
(CoNLL-U, GermEval), and that write comments above a sentence (`# id 52`, `# sent_id = 52`).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from unco.corpus.formats.conll_layout import (
    Columns,
    Layout,
    Line,
    columns_of,
    ends_document,
    id_in,
    is_odd_blank,
    is_tag,
    layout_of,
)
from unco.corpus.formats.text_lines import is_utf8, text_lines
from unco.errors import DataError
from unco.tools.pictures.by_id import picture_by_id
from unco.types.picture_names import SUFFIXES, id_of_picture

SAMPLE = 100
"""Sentences from which the dialect of a file is told."""

MOST_COLUMNS = 4
"""Columns between blanks that CoNLL 2003 has; a single line of more is no token with its tags."""

_COMMENT_ID = re.compile(r"#+\s*(?:sent_id|id)\s*[\s=:]\s*(\S+).*")
_EXTRA_NUMBER = re.compile(r"\d+[-.]\d+")
"""Of a line of CoNLL-U that is no token: a range of tokens, or a word that was left out."""


_RUNS_ON = (
    "line {} holds several words where CoNLL text has one token: put each on a line of its own; "
    "a file of running text, a post a line, is named .txt, a table with a header .tsv"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One token."""

    number: int
    """Of its line."""
    columns: Columns
    """The token, and what is said of it."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One post of a file."""

    id: str
    """Empty = none."""
    rows: tuple[Row, ...]
    line: int
    """Number of its first line."""
    fault: str = ""
    """Why it cannot be read."""


def sentences(path: Path) -> Iterator[Sentence]:
    """Yield the posts of a file as they are needed.

    Raises:
        DataError: it is text in another encoding than UTF-8.
        OSError: it cannot be read.
    """
    blocks = _blocks(path)
    sample = list(islice(blocks, SAMPLE))
    layout = layout_of(sample)
    first = [_sentence(block, layout) for block in sample]
    numbered = _is_numbered([one.rows for one in first if one.rows])
    tags_first = _has_tags_first([row.columns for one in first for row in one.rows])
    for one in chain(first, (_sentence(block, layout) for block in blocks)):
        if one.rows or one.id or one.fault:
            yield _without_numbers(one) if numbered else _with_tags_last(one) if tags_first else one


def conll_posts(path: Path, pictures: Path | None) -> Iterator[dict[str, Any] | str]:
    """Yield each post's fields, or why it cannot be read. Tags are not looked at.

    Args:
        path: a file.
        pictures: folder with `<id>.jpg` (.png, .webp ...) for each post; None = text alone.

    Raises:
        DataError: the folder of pictures is none, or see `sentences`.
    """
    if pictures is not None and not pictures.is_dir():
        raise DataError(f"{pictures} is no folder: --pictures names the one that holds <id>.jpg")
    for sentence in sentences(path):
        yield sentence.fault or _post(sentence, pictures)


def is_running_text(path: Path) -> bool:
    """Return whether a file is no CoNLL text: its lines end in words where that has tags, or nothing."""
    lines = [line for line in islice(text_lines(path), SAMPLE) if line[1].strip()]
    if len(lines) == 1 and len(columns_of(lines[0][1])) > MOST_COLUMNS and "\t" not in lines[0][1]:
        return True  # a single post that ends in "vitamin B-12"
    return not any(ends_document(line) for _, line in lines) and layout_of([lines]).is_running_text


def plain_posts(path: Path) -> Iterator[dict[str, Any] | str]:
    """Yield the fields of the posts of running text, a line each, or why one cannot be read."""
    for number, line in text_lines(path):
        if line.strip():
            yield {"text": line} if is_utf8(line) else _not_utf8(number)


def _not_utf8(number: int) -> str:
    return f"line {number} is not UTF-8 text: save the file as UTF-8"


def _post(sentence: Sentence, pictures: Path | None) -> dict[str, Any] | str:
    post: dict[str, Any] = {"text": [row.columns[0] for row in sentence.rows]}
    if sentence.id:
        post["id"] = sentence.id
    if pictures is None:
        return post
    picture = picture_by_id(sentence.id, pictures)
    if picture is None:
        return f"{pictures} has no picture of the post {sentence.id!r} ({', '.join(f'<id>{one}' for one in SUFFIXES)})"
    return post | {"image": str(picture)}


def _blocks(path: Path) -> Iterator[list[Line]]:
    """Yield the lines of each post."""
    block: list[Line] = []
    tagged = False
    for number, line in text_lines(path):
        if tagged and is_odd_blank(line):
            line = ""
        tagged = tagged or len(columns_of(line)) > 1
        document = ends_document(line)
        if block and (not line or document or (line[0] in "Ii\ufeff" and id_in(line) is not None)):
            yield block
            block = []
        if line and not document:
            block.append((number, line))
    if block:
        yield block


def _sentence(block: Sequence[Line], layout: Layout) -> Sentence:
    named = id_in(block[0][1])
    lines = block[1:] if named is not None else block
    comments = {number: line for number, line in lines if line.startswith("#") and layout.is_comment(line)}
    names = [named, *(found and found[1] for found in map(_COMMENT_ID.fullmatch, comments.values()))]
    name = next((found.strip() for found in names if found is not None), "")
    tokens = [line for line in lines if line[0] not in comments]
    columns = [columns_of(line) for _, line in tokens]
    fault = _fault(block, tokens, columns, layout)
    rows = tuple(Row(number, found) for (number, _), found in zip(tokens, columns, strict=True))
    return Sentence("" if fault else id_of_picture(name), rows, block[0][0], fault)


def _fault(block: Sequence[Line], tokens: Sequence[Line], columns: Sequence[Columns], layout: Layout) -> str:
    bad = next((number for number, line in block if not is_utf8(line)), None)
    if bad is not None:
        return _not_utf8(bad)
    long = layout.line_that_runs_on(tokens, columns)
    return "" if long is None else _RUNS_ON.format(long)


def _is_numbered(sample: Sequence[tuple[Row, ...]]) -> bool:
    """Return whether the first column counts the tokens of each sentence; a post may well say "1 2 3"."""
    for rows in sample:
        if any(len(row.columns) < 2 for row in rows) or all(is_tag(row.columns[1]) for row in rows):
            return False
        seen = [row.columns[0] for row in rows if not _EXTRA_NUMBER.fullmatch(row.columns[0])]
        counted = [str(number) for number in range(len(seen) + 1)]
        if seen not in (counted[1:], counted[:-1]):
            return False
    return bool(sample)


def _has_tags_first(sample: Sequence[Columns]) -> bool:
    """Return whether tags stand in front of their tokens, as in the MIT corpora."""
    tags = {columns[0] for columns in sample}
    return "O" in tags and len(tags) > 1 and all(map(is_tag, tags)) and not all(is_tag(one[-1]) for one in sample)


def _with_tags_last(sentence: Sentence) -> Sentence:
    rows = (Row(row.number, (*row.columns[1:], row.columns[0])) for row in sentence.rows)
    return replace(sentence, rows=tuple(rows))


def _without_numbers(sentence: Sentence) -> Sentence:
    tokens = (row for row in sentence.rows if not _EXTRA_NUMBER.fullmatch(row.columns[0]))
    return replace(sentence, rows=tuple(Row(row.number, row.columns[1:]) for row in tokens))
