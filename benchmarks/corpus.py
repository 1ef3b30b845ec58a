"""Benchmark corpus runs: throughput and memory without routing, overlap of the two stages, and 50 kills."""

import re
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.table import Table

from benchmarks.kill_and_resume import kill_and_resume
from benchmarks.made_corpus import gold_of, write_corpus
from benchmarks.tables import ratio_table
from benchmarks.timing import Measured
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import Corpus, run_corpus
from unco.evals.simulation import Profile, simulate
from unco.state import EXTRACTION
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.extraction.tool import default_extractor
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.types import Extraction, Post

SIZES = (10_000, 100_000)
OVERLAP_POSTS = 600
LATENCY_S = 0.15
KILL_COUNT, KILL_POSTS = 50, 2500


def measure_corpus() -> Iterable[Table]:
    """Measure corpus runs, one table per aspect."""
    with TemporaryDirectory() as folder:
        yield _unrouted(Path(folder))
        yield ratio_table("Both stages side by side, 600 posts", measure_overlap(Path(folder) / "overlap"))
        yield _kill_table(Path(folder) / "kills")


def _unrouted(folder: Path) -> Table:
    table = Table("posts", "seconds", "posts / s", "peak memory", title="Saved predictions, nothing routed")
    for size in SIZES:
        seconds, peak = run_process(*write_corpus(folder / str(size), size, unsure=0), folder / f"{size}.jsonl")
        table.add_row(f"{size:,}", f"{seconds:.1f}", f"{size / seconds:,.0f}", f"{peak / 1e6:.0f} MB")
    return table


def run_process(posts: Path, predictions: Path, out: Path) -> tuple[float, int]:
    """Run `unco run` in a process of its own; gives seconds from start to end, and peak memory in bytes."""
    command = [sys.executable, "-m", "unco.cli", "run", str(posts), "--out", str(out), "--predictions"]
    start = time.perf_counter()
    process = subprocess.Popen([*command, str(predictions), "--mode", "off"], stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        peak = max(peak, _peak_so_far(process.pid))
        time.sleep(0.02)
    if process.returncode:
        raise RuntimeError(f"unco run ended with {process.returncode}")
    return time.perf_counter() - start, peak


def _peak_so_far(process: int) -> int:
    """Read the largest resident size in bytes (Linux); `wait4` never reports less for a child than for its parent."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def measure_overlap(folder: Path, count: int = OVERLAP_POSTS) -> list[Measured]:
    """Measure wall time of stage 1 alone, stage 2 alone, and both; the type of each entity is asked about."""
    posts, _ = write_corpus(folder, count)
    small_model, asks = default_extractor(), Context(type_threshold=-1.0, span_threshold=1.0, region_threshold=1.0)
    small_model(Post("Ann sings"))  # loads it
    recorder = _RecordingExtractor(small_model)
    first = _timed(
        Corpus(posts, folder / "1.jsonl"), Pipeline(recorder, Mllm(), Context(mode="off", type_threshold=1.0))
    )
    saved = folder / "said.jsonl"
    saved.write_bytes(b"".join(EXTRACTION.dump_json(one) + b"\n" for one in recorder.extractions))
    with simulate(gold_of(count), "gpt-4o", Profile(latency_s=LATENCY_S)) as simulation:

        def llm(name: str) -> Mllm:
            return Mllm(simulation.url, simulation.model, cache=Cache(folder / name))

        second = _timed(Corpus(posts, folder / "2.jsonl"), Pipeline(SavedPredictions(saved), llm("a"), asks))
        both = _timed(Corpus(posts, folder / "3.jsonl"), Pipeline(small_model, llm("b"), asks))
    return [
        Measured("the slower stage alone", max(first, second)),
        Measured("small model alone", first),
        Measured("correctors alone", second),
        Measured("both", both),
    ]


class _RecordingExtractor:
    """An extractor that keeps its extractions."""

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor
        self.extractions: list[Extraction] = []

    def __call__(self, post: Post) -> Extraction:
        found = self._extractor(post)
        self.extractions.append(found)
        return found

    async def acall(self, post: Post) -> Extraction:
        found = await self._extractor.acall(post)  # type: ignore[attr-defined]  # the default one can be awaited
        self.extractions.append(found)
        return found  # type: ignore[no-any-return]


def _timed(corpus: Corpus, pipeline: Pipeline) -> float:
    start = time.perf_counter()
    run_corpus(corpus, pipeline)
    return time.perf_counter() - start


def _kill_table(folder: Path) -> Table:
    posts, predictions = write_corpus(folder, KILL_POSTS)
    found = kill_and_resume(posts, predictions, gold_of(KILL_POSTS), folder / "runs", KILL_COUNT, seed=1)
    table = Table(
        "kills", "posts", "output as unbroken", "answers", "given again", title="Killed at random, and resumed"
    )
    table.add_row(*map(str, (found.kill_count, found.posts, found.equal, found.answers, found.given_again)))
    return table
