"""Run all benchmarks and print them."""

from rich.console import Console
from rich.table import Table

from unco.evals.bench.cold_start import measure_cold_start
from unco.evals.bench.graph_overhead import measure_graph_overhead
from unco.evals.bench.small_model import measure_small_model
from unco.evals.bench.timing import Measured


def main() -> None:
    """Print a table for each benchmark; times are medians."""
    console = Console()
    for title, rows in (
        ("Graph without LLM calls", measure_graph_overhead()),
        ("Small model, posts of 16 words", measure_small_model()),
        ("Cold start, in a new process", measure_cold_start()),
    ):
        console.print(_table(title, rows))


def _table(title: str, rows: list[Measured]) -> Table:
    table = Table("", "median", "against the first", title=title)
    for row in rows:
        table.add_row(row.name, f"{1000 * row.seconds:.2f} ms", f"{row.seconds / rows[0].seconds:.2f} x")
    return table


if __name__ == "__main__":
    main()
