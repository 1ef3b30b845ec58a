"""Reads rows of CSV and TSV: a header, then a post a row; cells in quotes may hold line ends."""

import ast
import csv
import json
import re
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, TextIO

from unco.corpus.formats.data_set_rows import TEXTS, check_columns
from unco.corpus.formats.text_lines import is_utf8, open_text
from unco.errors import DataError

_CELL_CHARACTERS = 2**26
"""Longest cell; Python's own limit is shorter than a picture that comes inline."""

_LISTS = ("tokens", "ner_tags")
_JSON = (*_LISTS, "regions", "extraction", "entities", "width", "height")
"""Columns whose cells are JSON. Lists of words may be written as Python and NumPy write them, which pandas does."""

_ROUNDED = re.compile(r"\d[.,]\d+[eE]\+?\d\d|\d[eE]\+\d\d")
"""A number of many digits as spreadsheets and pandas write it; 7e42 may be hexadecimal."""

_PYTHON_WORD = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"")


def delimited_rows(path: Path, columns: Container[str]) -> Iterator[dict[str, Any] | str]:
    """Yield the rows of a file as they are needed, or why one cannot be read. Empty cells are left out.

    Cells stand apart by commas, semicolons, tabs or bars, as the header shows.

    Args:
        path: of the file.
        columns: that are read, where they are there.

    Raises:
        DataError: it has no column of text.
        OSError: it cannot be read.
    """
    csv.field_size_limit(_CELL_CHARACTERS)
    with open_text(path) as file:
        try:
            skipped, first = _first_line(file)
            names, delimiter = header_of(first)
        except csv.Error as error:
            raise DataError(f"{path}: the header is no CSV: {error}") from error
        check_columns(names, path)
        if twice := sorted({name for name in names if names.count(name) > 1 and name in columns}):
            raise DataError(f"{path}: two columns are called {', '.join(map(repr, twice))}: rename one")
        read = [name if name in columns else "" for name in names]
        spaced = any(name.startswith(" ") for name in next(csv.reader([first], delimiter=delimiter), []))  # "text, id"
        rows = csv.reader(file, delimiter=delimiter, strict=True, skipinitialspace=spaced)
        while True:
            line = rows.line_num + skipped + 2  # after the header and what is read
            try:
                cells = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                last = rows.line_num + skipped + 1
                yield f"the row from line {line} to {last} is no CSV, its quotes may not match: {error}"
                continue
            while len(cells) > len(names) and not cells[-1]:
                cells.pop()  # spreadsheets write some
            if any(cell.strip() for cell in cells):
                yield _fault_in(cells, names, delimiter, line) or _row(read, cells, line)


def _first_line(file: TextIO) -> tuple[int, str]:
    """Read the header, and how many lines stand before it: blank ones, and that of Excel which names the delimiter."""
    skipped, line = 0, file.readline()
    while line and (not line.strip() or line.startswith("sep=")):
        skipped, line = skipped + 1, file.readline()
    return skipped, line


def header_of(line: str) -> tuple[list[str], str]:
    """Split a header at the delimiter for which it has a column of text; small letters or capitals do not matter."""
    split = [([name.strip().lower() for name in _cells(line, one)], one) for one in ",;\t|"]
    return next((found for found in split if not TEXTS.isdisjoint(found[0])), split[0])


def _cells(header: str, delimiter: str) -> list[str]:
    return next(csv.reader([header], delimiter=delimiter, skipinitialspace=True), [])


def _fault_in(cells: list[str], names: list[str], delimiter: str, line: int) -> str:
    """Return why cells cannot be those of a row; empty = they can."""
    if len(cells) > len(names):
        hint = f"put a cell with {'a tab' if delimiter == chr(9) else repr(delimiter)} in it into quotes"
        return f"line {line}: {len(cells)} cells, but the header has {len(names)}: {hint}"
    if delimiter == "\t" and any(
        _holds_rows(cell, place, len(names)) for place, cell in enumerate(cells) if names[place] not in _JSON
    ):
        return (
            f"line {line}: a cell begins with a quote and ends in another row: double its quotes, and put it in quotes"
        )
    return ""


def _holds_rows(cell: str, place: int, width: int) -> bool:
    """Return whether a cell with tabs has swallowed rows.

    A whole row has as many tabs as the header. A quote that opens behind the first column takes the rest of its own
    row, and of the last row what stands in front of the same column. A quote inside may be that of another cell.
    """
    first, *others = cell.split("\n")
    if not others or "\t" not in cell:
        return False
    if any(line.count("\t") == width - 1 or '"' in line for line in others):
        return True
    return place > 0 and first.count("\t") == width - 1 - place and others[-1].count("\t") == place


def _row(names: list[str], cells: list[str], line: int) -> dict[str, Any] | str:
    """Make a row of its cells, under names of which those that are not read are empty."""
    row: dict[str, Any] = {name: cell for name, cell in zip(names, cells, strict=False) if name and cell}
    if "text" in row and "ner_tags" not in row:  # whose tags are those of the tokens
        row.pop("tokens", None)
    if not all(map(is_utf8, cells)):
        return f"line {line} is not UTF-8 text: save the file as UTF-8"
    if _ROUNDED.fullmatch(row.get("id", "")):
        return f"line {line}: the id {row['id']} has lost digits: format the column as text and save it again"
    for name in _JSON:
        try:
            if name in row:
                row[name] = _value(name, row[name])
        except (ValueError, SyntaxError, RecursionError) as error:
            return f"line {line}: {name} is not written as JSON: {error}"
    return row


def _value(name: str, cell: str) -> Any:
    if name == "ner_tags" and not cell.lstrip().startswith("["):
        return cell  # tags with blanks between them
    try:
        return json.loads(cell)
    except ValueError:
        if name not in _LISTS:
            raise
    words = _PYTHON_WORD.findall(cell)
    if not re.fullmatch(r"\[[\s,]*\]", _PYTHON_WORD.sub("", cell).strip()):
        raise ValueError("neither that nor a list as Python writes it")
    return [ast.literal_eval(word) for word in words]
