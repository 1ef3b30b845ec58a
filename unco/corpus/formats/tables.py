"""Reads rows of tables: Parquet, and Arrow as Hugging Face's `datasets` saves it (`save_to_disk`)."""

import json
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any

from unco.corpus.formats.data_set_rows import check_columns
from unco.errors import DataError, SetupError

AT_ONCE = 256
"""Rows in memory at once."""

PICTURES_AT_ONCE = 16
"""The same, where they hold pictures."""

Row = dict[str, Any]


def table_rows(path: Path, columns: Container[str]) -> Iterator[Row]:
    """Yield the rows of a file as they are needed. Numbers of a ClassLabel become its names.

    Args:
        path: .parquet, or .arrow, which may be a stream or a file.
        columns: that are read, where they are there.

    Raises:
        DataError: it cannot be read, or has no column of text.
        SetupError: pyarrow is not installed.
    """
    arrow = _arrow()
    try:
        for names, batch in _batches(path, columns, arrow):
            batch.validate(full=True)  # of a damaged file, which could otherwise end the process
            for row in batch.to_pylist():
                yield row | {name: _named(row[name], labels) for name, labels in names.items()}
    except (OSError, ValueError, KeyError, arrow.ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _batches(path: Path, columns: Container[str], arrow: Any) -> Iterator[tuple[dict[str, list[str]], Any]]:
    """Yield some rows at a time, with the names of the labels of each column that has them."""
    if path.suffix.lower() == ".parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            names, labels, at_once = _plan(file.schema_arrow, columns, path)
            for batch in file.iter_batches(at_once, columns=names):
                yield labels, batch
        return
    with arrow.memory_map(str(path)) as file, _reader(file, arrow) as reader:
        names, labels, at_once = _plan(reader.schema, columns, path)
        for whole in _whole_batches(reader):
            for start in range(0, whole.num_rows, at_once):
                yield labels, whole.select(names).slice(start, at_once)


def _plan(schema: Any, columns: Container[str], path: Path) -> tuple[list[str], dict[str, list[str]], int]:
    check_columns(schema.names, path)
    names = [name for name in schema.names if name in columns]
    labels = {name: found for name in names if (found := _label_names(schema, name))}
    return names, labels, PICTURES_AT_ONCE if "image" in names else AT_ONCE


def _reader(file: Any, arrow: Any) -> Any:
    is_file = file.read(6) == b"ARROW1"
    file.seek(0)
    return arrow.ipc.open_file(file) if is_file else arrow.ipc.open_stream(file)


def _whole_batches(reader: Any) -> Iterator[Any]:
    if hasattr(reader, "get_batch"):
        return map(reader.get_batch, range(reader.num_record_batches))
    return iter(reader)


def _label_names(schema: Any, column: str) -> list[str]:
    """Return the names of a ClassLabel, or of a list of them, which `datasets` writes beside the columns."""
    try:
        feature = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"][column]
        feature = feature.get("feature", feature)
        return list(feature["names"]) if feature.get("_type") == "ClassLabel" else []
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


def _named(value: Any, names: list[str]) -> Any:
    if isinstance(value, list):
        return [_named(one, names) for one in value]
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else value


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise SetupError("tables need pyarrow: pip install 'unco[tables]'") from error
    return pyarrow
