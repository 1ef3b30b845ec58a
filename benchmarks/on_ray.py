"""Benchmark the same posts with the engine of one process and with the one on a local Ray cluster.

One machine shows what a cluster costs, not what it brings: a post crosses from process to process three times.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from benchmarks.kill_and_resume import without_cache_fields
from benchmarks.made_corpus import gold_of, write_corpus
from benchmarks.tables import columns_table
from unco.evals.simulation import Profile, simulate

POSTS, MODEL_POSTS, LATENCY_S = 2000, 600, 0.05

TOLERANCE = 1e-3
"""How far the small model's numbers may differ: they depend on the other posts of a batch, from run to run too."""

Environment = dict[str, str]


def measure_ray() -> Iterable[Table]:
    """Measure both engines, one table per corpus.

    Raises:
        SetupError: no cluster can be started.
    """
    from benchmarks.cluster_parts import measure_parts
    from unco.corpus.on_ray.cluster import address, cluster

    began = time.perf_counter()
    with TemporaryDirectory() as name, cluster() as (cpus, gpus):
        started = time.perf_counter() - began
        folder, there = Path(name), {"RAY_ADDRESS": address()}
        caption = f"{cpus:.0f} CPUs, {gpus:.0f} GPUs; the cluster's own start took {started:.1f} s and is not counted"
        posts, predictions = write_corpus(folder / "calls", POSTS, unsure=2)
        with simulate(gold_of(POSTS), "gpt-4o", Profile(latency_s=LATENCY_S)) as simulation:
            asked = there | {"UNCO_LLM_BASE_URL": simulation.url, "UNCO_LLM_MODEL": simulation.model}
            title = f"{POSTS:,} posts, saved predictions, every other one asked about"
            yield _table(title, caption, _run_on_both_engines(posts, ["--predictions", str(predictions)], asked))
        parts = measure_parts(posts.with_name("ray.jsonl"))
        yield columns_table("In a second", {name: [f"{rate:,.0f}"] for name, rate in parts.items()})
        posts, _ = write_corpus(folder / "model", MODEL_POSTS)
        title = f"{MODEL_POSTS:,} posts, the shipped small model, nobody asked"
        yield _table(title, caption, _run_on_both_engines(posts, ["--mode", "off"], there))


@dataclass(frozen=True, slots=True)
class _Run:
    engine: str
    seconds: float
    """Wall time of the process, from its start to its end."""
    first: float
    """Seconds until the first result."""
    results: list[Any]


def _run_on_both_engines(posts: Path, options: Sequence[str], settings: Environment) -> list[_Run]:
    return [_run(engine, posts, options, settings) for engine in ("local", "ray")]


def _run(engine: str, posts: Path, options: Sequence[str], settings: Environment) -> _Run:
    """Run one engine in a process with a cache of its own."""
    out = posts.with_name(f"{engine}.jsonl")
    command = [sys.executable, "-m", "unco.cli", "run", str(posts), "--out", str(out), "--engine", engine, *options]
    own = os.environ | settings | {"UNCO_CACHE_DIR": str(posts.with_name(f"cache of {engine}"))}
    began, first = time.perf_counter(), 0.0
    with subprocess.Popen(command, env=own, stderr=subprocess.DEVNULL) as process:
        while process.poll() is None:
            if not first and out.exists() and out.stat().st_size:
                first = time.perf_counter() - began
            time.sleep(0.01)
    if process.returncode:
        raise RuntimeError(f"unco run --engine {engine} ended with {process.returncode}")
    results = [without_cache_fields(json.loads(line)) for line in out.read_text("utf-8").splitlines()]
    return _Run(engine, time.perf_counter() - began, first, results)


def nearly_equal(one: Any, other: Any) -> bool:
    """Whether two results are equal, floats to within `TOLERANCE`."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(nearly_equal(one[name], other[name]) for name in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(nearly_equal, one, other))
    both_numbers = isinstance(one, float) and isinstance(other, float)
    return abs(one - other) <= TOLERANCE if both_numbers else bool(one == other)


def _table(title: str, caption: str, runs: Sequence[_Run]) -> Table:
    local = runs[0]
    columns = {
        "engine": [run.engine for run in runs],
        "seconds": [f"{run.seconds:.1f}" for run in runs],
        "against local": [f"{run.seconds / local.seconds:.2f} x" for run in runs],
        "first result after": [f"{run.first:.1f} s" for run in runs],
        "same output": ["yes" if nearly_equal(run.results, local.results) else "no" for run in runs],
    }
    table = columns_table(title, columns)
    table.caption = caption
    return table
