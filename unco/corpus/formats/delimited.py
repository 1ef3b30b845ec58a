"""Reads rows of CSV and TSV: a header, then a post a row; cells in quotes may hold line ends."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unco.corpus.formats.data_set_rows import TEXTS, check_columns
from unco.corpus.formats.text_lines import is_utf8, open_text
from unco.errors import DataError

_CELL_CHARACTERS = 2**26
"""Longest cell; Python's own limit is shorter than a picture that comes inline."""

_JSON = ("tokens", "regions", "extraction")
"""Columns whose cells are JSON."""


def delimited_rows(path: Path) -> Iterator[dict[str, Any] | str]:
    """Yield the rows of a file as they are needed, or why one cannot be read. Empty cells are left out.

    Cells stand apart by commas, semicolons or tabs, as the header shows.

    Raises:
        DataError: it has no column of text, or is text in another encoding than UTF-8.
        OSError: it cannot be read.
    """
    csv.field_size_limit(_CELL_CHARACTERS)
    with open_text(path) as file:
        try:
            names, delimiter = _header(file.readline())
        except csv.Error as error:
            raise DataError(f"{path}: the header is no CSV: {error}") from error
        check_columns(names, path)
        rows = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            line = rows.line_num + 2  # after the header and what is read
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield f"the row from line {line} to {rows.line_num + 1} is no CSV, its quotes may not match: {error}"
                continue
            if cells:
                yield _row(names, cells, line)


def _header(line: str) -> tuple[list[str], str]:
    """Split a header at the delimiter for which it has a column of text."""
    split = [([name.strip() for name in next(csv.reader([line], delimiter=one), [])], one) for one in ",;\t"]
    return next((found for found in split if not TEXTS.isdisjoint(found[0])), split[0])


def _row(names: list[str], cells: list[str], line: int) -> dict[str, Any] | str:
    if len(cells) > len(names):
        return f"line {line}: {len(cells)} cells, but the header has {len(names)}"
    row: dict[str, Any] = {name: cell for name, cell in zip(names, cells, strict=False) if cell}
    if "text" in row:
        row.pop("tokens", None)
    if not all(map(is_utf8, cells)):
        return f"line {line} is not UTF-8 text: save the file as UTF-8"
    try:
        return row | {name: json.loads(row[name]) for name in _JSON if name in row}
    except (ValueError, RecursionError) as error:
        return f"line {line}: {' and '.join(_JSON)} are written as JSON: {error}"
