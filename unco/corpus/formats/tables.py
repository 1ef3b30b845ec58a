"""Reads posts from tables: Parquet, or a data set that Hugging Face's `datasets` saved (`save_to_disk`).

Columns are named as the fields of a post: text, image, id, regions, caption, private. Other columns are not read.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unco.errors import DataError, SetupError
from unco.state import PostInput

AT_ONCE = 256
"""Rows in memory at once."""

Row = dict[str, Any]


def is_table(path: Path) -> bool:
    """Return whether a path is one of the two."""
    return path.suffix == ".parquet" or (path / "state.json").is_file()


def rows(path: Path) -> Iterator[Row]:
    """Yield the rows as they are needed; empty cells are left out.

    Raises:
        DataError: it cannot be read, or has no column `text`.
        SetupError: pyarrow is not installed.
    """
    arrow = _arrow()
    try:
        for batch in _batches(path, arrow):
            names = [name for name in batch.schema.names if name in PostInput.model_fields]
            if "text" not in names:
                raise DataError(f"{path}: no column `text` among {', '.join(batch.schema.names)}")
            for row in batch.select(names).to_pylist():
                yield {name: value for name, value in row.items() if value is not None}
    except (OSError, ValueError, KeyError, arrow.ArrowException) as error:
        raise DataError(f"{path} cannot be read: {error}") from error


def _batches(path: Path, arrow: Any) -> Iterator[Any]:
    if path.suffix == ".parquet":
        from pyarrow import parquet

        with parquet.ParquetFile(path) as file:
            yield from file.iter_batches(AT_ONCE)
        return
    for part in json.loads((path / "state.json").read_text("utf-8"))["_data_files"]:
        name = Path(part["filename"]).name  # a state file is data: it cannot name a file elsewhere
        with arrow.memory_map(str(path / name)) as file, arrow.ipc.open_stream(file) as stream:
            for batch in stream:
                for start in range(0, batch.num_rows, AT_ONCE):
                    yield batch.slice(start, AT_ONCE)


def _arrow() -> Any:
    try:
        import pyarrow
    except ImportError as error:
        raise SetupError('tables need pyarrow: pip install ".[tables]"') from error
    return pyarrow
