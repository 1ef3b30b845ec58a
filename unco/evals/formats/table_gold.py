"""Reads gold posts from rows, whatever file they stand in: of data sets for NER (`ner_tags`), or as our own lines."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import field_validator

from unco.corpus.formats.conll_layout import is_one_tag
from unco.corpus.formats.data_set_rows import is_empty
from unco.corpus.formats.delimited import delimited_rows
from unco.corpus.formats.files import form_of
from unco.corpus.formats.tables import table_rows
from unco.errors import DataError
from unco.evals.data.twitter_gmner import bio_spans
from unco.evals.formats.checks import check_gold
from unco.evals.formats.gold_lines import FIELDS, tokens_of
from unco.evals.formats.json_text import Record, checked, json_rows
from unco.state import PostId
from unco.types import GoldEntity, GoldPost

Place = tuple[str, Any]
"""Where a row stands, and the row."""


class _Row(Record):
    tokens: list[str] | None = None
    text: str | None = None
    ner_tags: list[str]
    id: PostId | None = None

    @field_validator("ner_tags", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if isinstance(value, list) and any(isinstance(one, int) for one in value):
            raise ValueError("numbers without names: save the data set with its features (ClassLabel)")
        return value.split() if isinstance(value, str) else value


_COLUMNS = frozenset((*_Row.model_fields, *FIELDS))


def gold_rows(path: Path) -> Iterator[Place]:
    """Yield the rows of a table, of CSV, JSON or JSON Lines, as they are needed.

    Raises:
        DataError: it cannot be read, or a row is none; names its place.
        SetupError: pyarrow is not installed.
    """
    form = form_of(path)
    if form == "table":
        rows = enumerate(table_rows(path, _COLUMNS), start=1)
        return ((f"{path}: row {number}", _without_empty(row)) for number, row in rows)
    if form == "delimited":
        return _delimited(path)
    return json_rows(path)


def gold_of_tags(rows: Iterable[Place], name: str) -> list[GoldPost]:
    """Convert rows with `ner_tags` to gold posts; nothing is grounded. Without ids they are numbered from 1.

    Raises:
        DataError: one is not in the format, with its place.
    """
    posts = [_post(*row, number) for number, row in enumerate(rows, start=1)]
    check_gold(posts, name)
    return posts


def _delimited(path: Path) -> Iterator[Place]:
    for number, row in enumerate(delimited_rows(path, _COLUMNS), start=1):
        if isinstance(row, str):
            raise DataError(f"{path}: {row}")
        yield f"{path}: row {number}", row


def _without_empty(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not is_empty(value)}


def _post(where: str, data: Any, number: int) -> GoldPost:
    known = {name: data[name] for name in _Row.model_fields if name in data} if isinstance(data, dict) else data
    row = checked(_Row, known, where)
    tokens = tokens_of(row.tokens, row.text if row.tokens is None else None, where)
    if len(tokens) != len(row.ner_tags):
        raise DataError(f"{where}: {len(tokens)} tokens, but {len(row.ner_tags)} ner_tags")
    if odd := next((tag for tag in row.ner_tags if not is_one_tag(tag)), None):
        raise DataError(f"{where}: {odd!r} is no tag as B-PER, I-PER or O")
    entities = tuple(GoldEntity(span, kind, ()) for span, kind in bio_spans(row.ner_tags))
    return GoldPost(row.id or str(number), tokens, entities, None)
