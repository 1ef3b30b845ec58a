"""Benchmark throughput and peak memory, from text to entities, with and without uncertainty sampling."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path

import torch
from rich.table import Table

from benchmarks.mc_cost import POSTS, devices
from benchmarks.peak_memory import peak_of_process, peak_on_device
from benchmarks.posts import typical_posts
from benchmarks.tables import columns_table, milliseconds
from benchmarks.timing import measure
from unco.small_model.config import ESTIMATORS
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.predictor import Predictor

NAMES = ("entropy", "learned", "mc_decoder")
"""Estimators that are compared: one deterministic, the shipped one, and the paper's."""


def throughput_tasks(predictor: Predictor, size: int) -> dict[str, Callable[[], object]]:
    """Make tasks that predict the same posts in batches of one size, by estimator."""
    posts = typical_posts(max(size, POSTS))

    def task(name: str) -> Callable[[], object]:
        sized = replace(predictor, batch_size=size).with_estimator(ESTIMATORS[name])
        chunks = [posts[start : start + size] for start in range(0, len(posts), size)]
        return lambda: [sized.predict(chunk) for chunk in chunks]

    return {name: task(name) for name in NAMES}


def measure_throughput(
    predictor: Predictor, sizes: Sequence[int] = (1, 8, 32), rounds: int = 7, folder: Path = SHIPPED
) -> list[Table]:
    """Measure a table for each device.

    Args:
        predictor: whose speed is measured.
        sizes: posts a batch.
        rounds: how often each is timed.
        folder: of the same checkpoint, for new processes.
    """
    return [_device_table(predictor, sizes, rounds, folder, device) for device in devices()]


def _device_table(predictor: Predictor, sizes: Sequence[int], rounds: int, folder: Path, device: torch.device) -> Table:
    moved = replace(predictor, network=deepcopy(predictor.network.in_torch)).to(device)
    columns: dict[str, list[str]] = {
        name: [] for name in ("estimator", "batch", "median a post", "posts a second", "peak memory")
    }
    for size in sizes:
        for row in measure(throughput_tasks(moved, size), rounds):
            each = row.seconds / max(size, POSTS)
            peak = _peak(moved, row.name, size, folder, device)
            cells = (row.name, str(size), milliseconds(each), f"{1 / each:.1f}", f"{peak:.0f} MiB")
            for column, cell in zip(columns.values(), cells, strict=True):
                column.append(cell)
    table = columns_table(f"Throughput, {device.type}", columns)
    if device.type == "cpu":
        loaded = peak_of_process(NAMES[0], 0, folder)
        table.caption = f"peak of a whole process; {loaded:.0f} MiB when the checkpoint is loaded and nothing read"
    return table


def _peak(predictor: Predictor, name: str, size: int, folder: Path, device: torch.device) -> float:
    if device.type == "cpu":
        return peak_of_process(name, size, folder)
    return peak_on_device(predictor.with_estimator(ESTIMATORS[name]), size)
