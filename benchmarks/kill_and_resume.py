"""Kill a corpus run at random moments and resume it: is anything lost, doubled or paid for twice?

Real processes: `unco run` with saved predictions against a simulated MLLM. What has to be equal in the end is every
result, but for what a second run takes from the cache: seconds, money spent now, and whether a reply was cached.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unco.evals.simulation import Profile, simulate
from unco.types import GoldPost

CACHE_FIELDS = frozenset({"seconds", "cost", "cached", "cache_hit", "asked"})
"""Fields of a result that depend on what was taken from the cache."""

LATENCY_S = 0.05
"""Latency of the simulated MLLM, so that a kill falls into calls."""


@dataclass(frozen=True, slots=True)
class KillReport:
    """What came of killing and resuming a run."""

    kill_count: int
    """Number of kills that hit a run before it was done."""
    equal: bool
    """Whether the output is that of an unbroken run."""
    posts: int
    answers: int
    """Answers that the endpoint gave to the killed runs and to the last, which was not killed."""
    given_again: int
    """Answers to a question that was answered before: such as a kill that fell between the answer and the cache."""


def kill_and_resume(
    posts: Path, predictions: Path, gold: Sequence[GoldPost], folder: Path, kill_count: int, seed: int = 0
) -> KillReport:
    """Run a corpus once unbroken, and once with kills, and compare the results.

    Args:
        posts: the corpus.
        predictions: saved output of a small model.
        gold: what the simulated MLLM knows.
        folder: for outputs and caches.
        kill_count: how many times to kill, as long as the run is not done.
        seed: of the moments.
    """
    with simulate(gold, "gpt-4o", Profile(latency_s=LATENCY_S)) as simulation:
        whole = _Run(posts, predictions, folder / "whole", simulation.url, simulation.model)
        whole.finish()
    random_, kill_hits = random.Random(seed), 0
    with simulate(gold, "gpt-4o", Profile(latency_s=LATENCY_S)) as simulation:
        broken = _Run(posts, predictions, folder / "broken", simulation.url, simulation.model)
        while kill_hits < kill_count and broken.killed_after(random_.uniform(0.0, 0.4)):
            kill_hits += 1
        broken.finish()
        answers, again = simulation.counts["answers"], simulation.counts["answers given again"]
    one, other = whole.results(), broken.results()
    return KillReport(kill_hits, one == other, len(other), answers, again)


class _Run:
    """`unco run` in a process of its own, with a cache of its own."""

    def __init__(self, posts: Path, predictions: Path, folder: Path, url: str, model: str) -> None:
        folder.mkdir(parents=True)
        self._out = folder / "out.jsonl"
        command = (sys.executable, "-m", "unco.cli", "run", str(posts), "--out", str(self._out), "--resume")
        self._command = (*command, "--predictions", str(predictions), "--at-once", "4")
        self._environment = os.environ | {
            "UNCO_LLM_BASE_URL": url,
            "UNCO_LLM_MODEL": model,
            "UNCO_CACHE_DIR": str(folder / "cache"),
        }

    def finish(self) -> None:
        """Run to the end."""
        subprocess.run(self._command, env=self._environment, check=True, capture_output=True)

    def killed_after(self, seconds: float) -> bool:
        """Start, wait until it has written something more, and a while; then kill. False = it was done before."""
        before = self._size()
        process = subprocess.Popen(
            self._command, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        while process.poll() is None and self._size() == before:
            _wait(process, 0.01)
        _wait(process, seconds)
        if process.poll() is not None:
            return False
        process.send_signal(signal.SIGKILL)
        process.wait()
        return True

    def results(self) -> list[Any]:
        """Read each result, without the fields that a cache changes."""
        return [without_cache_fields(json.loads(line)) for line in self._out.read_text("utf-8").splitlines()]

    def _size(self) -> int:
        return self._out.stat().st_size if self._out.exists() else 0


def _wait(process: "subprocess.Popen[bytes]", seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        pass


def without_cache_fields(value: Any) -> Any:
    """Remove the fields that a cache changes, at any depth."""
    if isinstance(value, dict):
        return {name: without_cache_fields(one) for name, one in value.items() if name not in CACHE_FIELDS}
    return [without_cache_fields(one) for one in value] if isinstance(value, list) else value
