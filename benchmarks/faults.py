"""Benchmark a run against an endpoint that fails, with kills, under a cap; and one with a slow call."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from rich.table import Table

from benchmarks.faulty_endpoint import FAULTS, MODEL, FaultyEndpoint, serve
from benchmarks.made_corpus import write_corpus

POSTS, SHARE, KILLS = 20_000, 0.2, 20
LATENCY_S, AT_ONCE = 2.0, 32
CAP = POSTS + KILLS * AT_ONCE + 500
"""Calls: an answer a post, those that are under way at a kill, and some more."""

SLOW_POSTS, SLOW_S, SLOW_LATENCY_S = 800, 12.0, 0.3


def measure_faults() -> Iterable[Table]:
    """Measure both, one table each."""
    with TemporaryDirectory() as folder:
        yield _with_kills(Path(folder) / "kills")
        yield _with_a_slow_call(Path(folder))


def _with_kills(folder: Path) -> Table:
    endpoint = FaultyEndpoint(LATENCY_S, SHARE)
    with serve(endpoint):
        run = _Run(folder, POSTS, endpoint.url, AT_ONCE, {"calls": CAP})
        start = time.perf_counter()
        for kill in range(1, KILLS + 1):
            run.kill_at(kill * POSTS // (KILLS + 1))
        code = run.finish()
        seconds = time.perf_counter() - start
    ideal = endpoint.counts["requests"] * LATENCY_S / AT_ONCE
    ids, left = run.read()
    failed = sum(endpoint.counts[kind] for kind in FAULTS)
    table = Table("", "", title=f"{POSTS:,} posts, {SHARE:.0%} faults of {len(FAULTS)} kinds, {KILLS} kills")
    for name, value in (
        ("exit code of the last run", str(code)),
        ("each post once, in order", str(ids == [str(number) for number in range(POSTS)])),
        ("posts without an answer", str(left)),
        ("requests / of these failed", f"{endpoint.counts['requests']:,} / {failed:,}"),
        ("answers given / given again", f"{endpoint.counts['answers']:,} / {_again(endpoint):,}"),
        ("calls that the run's file counts / cap", f"{run.spent():,} / {CAP:,}"),
        ("seconds, starts included", f"{seconds:.0f}"),
        (f"requests x {LATENCY_S} s / {AT_ONCE}", f"{ideal:.0f}"),
        ("against it", f"{seconds / ideal:.2f} x"),
        ("of these seconds, before the first request of a run", f"{run.starting_s:.0f}"),
    ):
        table.add_row(name, value)
    return table


def _again(endpoint: FaultyEndpoint) -> int:
    return sum(times - 1 for times in endpoint.answered.values())


def _with_a_slow_call(folder: Path) -> Table:
    table = Table("slow calls", "seconds", title=f"{SLOW_POSTS} posts, calls of {SLOW_LATENCY_S} s, {SLOW_S:g} s each")
    for slow in (0, 1, 5):
        numbers = {100 * (one + 1): SLOW_S for one in range(slow)}
        with serve(FaultyEndpoint(SLOW_LATENCY_S, slow=numbers)) as endpoint:
            run = _Run(folder / f"slow-{slow}", SLOW_POSTS, endpoint.url, 16, {})
            start = time.perf_counter()
            run.finish()
            table.add_row(str(slow), f"{time.perf_counter() - start:.1f}")
    return table


class _Run:
    """`unco run` in a process of its own, with a cache of its own."""

    def __init__(self, folder: Path, posts: int, url: str, at_once: int, budget: dict[str, int]) -> None:
        paths = write_corpus(folder, posts)
        settings = {"models": [{"model": MODEL, "base_url": url, "frame": "pixels"}], "budget": budget}
        (folder / "settings.yaml").write_text(yaml.safe_dump(settings), "utf-8")
        self._out = folder / "out.jsonl"
        command = (sys.executable, "-m", "unco.cli", "run", str(paths[0]), "--out", str(self._out), "--resume")
        self._command = (*command, "--predictions", str(paths[1]), "--at-once", str(at_once))
        self._environment = os.environ | {
            "UNCO_SETTINGS": str(folder / "settings.yaml"),
            "UNCO_CACHE_DIR": str(folder / "cache"),
        }
        self._lines = self._read_to = 0
        self.starting_s = 0.0

    def kill_at(self, lines: int) -> None:
        """Start, and kill it when so many lines are written."""
        process, start, before = self._start(), time.perf_counter(), self._count()
        growing = False
        while self._count() < lines:
            if not growing and self._count() > before:
                growing, self.starting_s = True, self.starting_s + time.perf_counter() - start
            if process.poll() is not None:
                raise RuntimeError(f"unco run ended with {process.returncode} before it was killed")
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        self._lines = self._read_to = 0  # the next run cuts off a line that is not whole

    def finish(self) -> int:
        """Run to the end; return the exit code."""
        return self._start().wait()

    def read(self) -> tuple[list[str], int]:
        """Return the ids of all lines, and how many lack an answer."""
        ids, left = [], 0
        with self._out.open(encoding="utf-8") as lines:
            for line in map(json.loads, lines):
                ids.append(line["id"])
                left += line["entities"][0]["corrections"][1]["outcome"] != "changed"
        return ids, left

    def spent(self) -> int:
        """Return the calls that the run's file counts."""
        told: dict[str, Any] = json.loads(self._out.with_name("out.jsonl.run.json").read_text("utf-8"))
        return int(told["spent"]["calls"])

    def _start(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(self._command, env=self._environment, stderr=subprocess.DEVNULL)

    def _count(self) -> int:
        """Count the lines so far, reading on from where the last count ended."""
        if self._out.exists():
            with self._out.open("rb") as file:
                file.seek(self._read_to)
                new = file.read()
            self._lines, self._read_to = self._lines + new.count(b"\n"), self._read_to + len(new)
        return self._lines
