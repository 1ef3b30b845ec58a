"""Reads gold posts from data sets for NER, as Hugging Face's `datasets` saves them: columns `tokens` and `ner_tags`."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import field_validator

from unco.corpus.formats.conll import is_tag
from unco.corpus.formats.files import form_of
from unco.corpus.formats.tables import table_rows
from unco.errors import DataError
from unco.evals.data.twitter_gmner import bio_spans
from unco.evals.formats.checks import check_gold
from unco.evals.formats.json_text import Record, checked, json_lines, parse_json, read_text
from unco.state import PostId
from unco.types import GoldEntity, GoldPost


class _Row(Record):
    tokens: list[str]
    ner_tags: list[str]
    id: PostId | None = None

    @field_validator("ner_tags", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        if isinstance(value, list) and any(isinstance(one, int) for one in value):
            raise ValueError("numbers without names: save the data set with its features (ClassLabel)")
        return value


def is_tagged_json(path: Path) -> bool:
    """Return whether a file of JSON or JSON Lines holds rows with `ner_tags`."""
    first = next(_json_rows(path), None)
    return first is not None and isinstance(first[1], dict) and "ner_tags" in first[1]


def read_table_gold(files: Sequence[Path]) -> list[GoldPost]:
    """Read the gold posts of Parquet, Arrow or JSON files; nothing is grounded. Without ids they are numbered from 1.

    Raises:
        DataError: not in the format, with its place.
        SetupError: pyarrow is not installed.
    """
    posts = list[GoldPost]()
    for path in files:
        rows = _table_rows(path) if form_of(path) == "table" else _json_rows(path)
        for where, row in rows:
            known = {name: row[name] for name in _Row.model_fields if name in row} if isinstance(row, dict) else row
            posts.append(_post(checked(_Row, known, where), where, len(posts) + 1))
    check_gold(posts, str(files[0].parent))
    return posts


def _table_rows(path: Path) -> Iterator[tuple[str, Any]]:
    return ((f"{path}: row {n}", row) for n, row in enumerate(table_rows(path, _Row.model_fields), start=1))


def _json_rows(path: Path) -> Iterator[tuple[str, Any]]:
    if form_of(path) != "document":
        return json_lines(path)
    data = parse_json(read_text(path), str(path))
    return ((f"{path}: item {n}", row) for n, row in enumerate(data if isinstance(data, list) else [data]))


def _post(row: _Row, where: str, number: int) -> GoldPost:
    if len(row.tokens) != len(row.ner_tags):
        raise DataError(f"{where}: {len(row.tokens)} tokens, but {len(row.ner_tags)} ner_tags")
    if odd := next((tag for tag in row.ner_tags if not is_tag(tag)), None):
        raise DataError(f"{where}: {odd!r} is no tag as B-PER, I-PER or O")
    entities = tuple(GoldEntity(span, kind, ()) for span, kind in bio_spans(row.ner_tags))
    return GoldPost(row.id or str(number), tuple(row.tokens), entities, None)
