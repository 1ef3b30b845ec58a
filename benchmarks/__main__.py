"""Run all benchmarks, or one, and print them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.batching import measure_batching
from benchmarks.calls import measure_cache_hit, measure_throughput_of_calls
from benchmarks.cold_start import measure_cold_start
from benchmarks.corpus import measure_corpus
from benchmarks.faults import measure_faults
from benchmarks.graph_overhead import measure_graph_overhead
from benchmarks.mc_cost import measure_mc_cost, savings
from benchmarks.on_ray import measure_ray
from benchmarks.paper_size import measure_paper_size
from benchmarks.pictures import measure_pictures
from benchmarks.report_page import measure_report
from benchmarks.scores import measure_scores
from benchmarks.server import measure_server, server_table
from benchmarks.serving import measure_serving
from benchmarks.sweeps import measure_sweeps
from benchmarks.tables import ratio_table
from benchmarks.throughput import measure_throughput
from benchmarks.timing import Measured
from benchmarks.transformers_way import measure_transformers
from unco.errors import SettingsError
from unco.small_model.checkpoint import from_pretrained


def _graph() -> Iterable[Table]:
    yield ratio_table("Graph without LLM calls", measure_graph_overhead())


def _calls() -> Iterable[Table]:
    yield ratio_table("A question that was asked before", measure_cache_hit())
    yield ratio_table("Many posts against a slow endpoint", measure_throughput_of_calls())


def _mc_cost() -> Iterable[Table]:
    for title, rows, roofline in measure_mc_cost(from_pretrained()):
        table = ratio_table(title, rows, {"extra time, against naive": savings(rows)})
        table.caption = roofline
        yield table
    yield from _ratio_tables(measure_transformers(from_pretrained()))


def _throughput() -> Iterable[Table]:
    return measure_throughput(from_pretrained())


def _batching() -> Iterable[Table]:
    return _ratio_tables(measure_batching(from_pretrained().to("cpu")))


def _paper_size() -> Iterable[Table]:
    for title, rows, roofline in measure_paper_size():
        table = ratio_table(title, rows)
        table.caption = roofline
        yield table


def _cold_start() -> Iterable[Table]:
    yield ratio_table("Cold start, in a new process", measure_cold_start())


def _scores() -> Iterable[Table]:
    return _ratio_tables(measure_scores())


def _server() -> Iterable[Table]:
    yield server_table(measure_server())


def _report() -> Iterable[Table]:
    return _ratio_tables(measure_report())


def _sweeps() -> Iterable[Table]:
    return _ratio_tables(measure_sweeps())


def _ratio_tables(measured: Sequence[tuple[str, list[Measured]]]) -> Iterable[Table]:
    return (ratio_table(title, rows) for title, rows in measured)


SECTIONS: dict[str, Callable[[], Iterable[Table]]] = {
    "graph": _graph,
    "calls": _calls,
    "mc-cost": _mc_cost,
    "throughput": _throughput,
    "batching": _batching,
    "paper-size": _paper_size,
    "cold-start": _cold_start,
    "scores": _scores,
    "sweeps": _sweeps,
    "corpus": measure_corpus,
    "faults": measure_faults,
    "ray": measure_ray,
    "pictures": measure_pictures,
    "report": _report,
    "serve": measure_serving,
    "server": _server,
}


def main(section: Annotated[str | None, typer.Argument(help=f"One of {', '.join(SECTIONS)}.")] = None) -> None:
    """Print a table for each benchmark; times are medians."""
    if section is not None and section not in SECTIONS:
        raise SettingsError(f"no benchmark {section!r}: choose {', '.join(SECTIONS)}")
    console = Console()
    for name in SECTIONS if section is None else (section,):
        for table in SECTIONS[name]():
            console.print(table)


if __name__ == "__main__":
    typer.run(main)
