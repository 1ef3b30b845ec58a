"""Reads gold posts from data sets for NER, as Hugging Face's `datasets` saves them: columns `tokens` and `ner_tags`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import field_validator

from unco.corpus.formats.conll import is_tag
from unco.corpus.formats.tables import table_rows
from unco.errors import DataError
from unco.evals.data.twitter_gmner import bio_spans
from unco.evals.formats.checks import check_gold
from unco.evals.formats.json_text import Record, checked
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


def read_table_gold(files: Sequence[Path]) -> list[GoldPost]:
    """Read the gold posts of Parquet or Arrow files; nothing is grounded. Without ids they are numbered from 1.

    Raises:
        DataError: not in the format, with its place.
        SetupError: pyarrow is not installed.
    """
    posts = list[GoldPost]()
    for path in files:
        for number, row in enumerate(table_rows(path, _Row.model_fields), start=1):
            posts.append(_post(checked(_Row, row, where := f"{path}: row {number}"), where, len(posts) + 1))
    check_gold(posts, str(files[0].parent))
    return posts


def _post(row: _Row, where: str, number: int) -> GoldPost:
    if len(row.tokens) != len(row.ner_tags):
        raise DataError(f"{where}: {len(row.tokens)} tokens, but {len(row.ner_tags)} ner_tags")
    if odd := next((tag for tag in row.ner_tags if not is_tag(tag)), None):
        raise DataError(f"{where}: {odd!r} is no tag as B-PER, I-PER or O")
    entities = tuple(GoldEntity(span, kind, ()) for span, kind in bio_spans(row.ner_tags))
    return GoldPost(row.id or str(number), tuple(row.tokens), entities, None)
