"""Make tables of measurements."""

from collections.abc import Mapping, Sequence

from rich.table import Table

from benchmarks.timing import Measured

Columns = Mapping[str, Sequence[str]]
"""Columns: a heading and a cell for each row."""


def ratio_table(title: str, rows: Sequence[Measured], more: Columns | None = None) -> Table:
    """Make a table of times and their ratios to the first row."""
    columns = {
        "": [row.name for row in rows],
        "median": [milliseconds(row.seconds) for row in rows],
        "against the first": [f"{row.seconds / rows[0].seconds:.2f} x" for row in rows],
        **(more or {}),
    }
    return columns_table(title, columns)


def columns_table(title: str, columns: Columns) -> Table:
    """Make a table from its columns."""
    table = Table(*columns, title=title)
    for cells in zip(*columns.values(), strict=True):
        table.add_row(*cells)
    return table


def milliseconds(seconds: float) -> str:
    """Format seconds as milliseconds, with the unit."""
    return f"{1000 * seconds:.2f} ms"
