"""`unco run` as a process while the world around it breaks: each post is accounted for, and resume finishes."""

import json
import resource
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.langgraph_server import free_port
from benchmarks.made_corpus import gold_of, write_corpus
from tests.corpus.run_process import command, environment
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.model import Simulation

pytestmark = pytest.mark.slow

POSTS = 60
KIB = 1024

JUMPS = """
import time
_wall, _begun = time.time, time.monotonic()
def jumping():
    return _wall() + (0, 86400, -86400)[int((time.monotonic() - _begun) * 10) % 3]
time.time = jumping
"""
"""A clock that is a day ahead and a day behind by turns, ten times a second."""


@dataclass(frozen=True)
class Runs:
    """One corpus, one cache, one endpoint's address."""

    folder: Path
    port: int

    @contextmanager
    def endpoint(self, latency_s: float = 0.0) -> Iterator[Simulation]:
        with simulate(gold_of(POSTS), "gpt-4o", Profile(latency_s=latency_s), port=self.port) as simulation:
            yield simulation

    def start(
        self, out: str, *more: str, limit: int | None = None, path: Path | None = None
    ) -> "subprocess.Popen[str]":
        """Start a run.

        Args:
            out: name of its output.
            more: arguments.
            limit: bytes that any file of it can have: a disk that is full.
            path: first among the places where it looks for modules.
        """
        posts, predictions = self.folder / "posts.jsonl", self.folder / "predictions.jsonl"
        own = environment(f"http://127.0.0.1:{self.port}/v1", "simulated-gpt-4o", self.folder / "cache")
        if path is not None:
            own["PYTHONPATH"] = f"{path}:{own.get('PYTHONPATH', '')}"

        def limited() -> None:
            if limit is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

        arguments = command(posts, predictions, self.folder / out, "--at-once", "4", *more)
        return subprocess.Popen(arguments, env=own, stderr=subprocess.PIPE, text=True, preexec_fn=limited)

    def run(self, out: str, *more: str, limit: int | None = None, path: Path | None = None) -> tuple[int, str]:
        """Exit code of a run, and what it said."""
        process = self.start(out, *more, limit=limit, path=path)
        said = process.communicate(timeout=120)[1]
        assert "Traceback" not in said
        return process.returncode, said

    def types(self, out: str) -> list[tuple[str, str]]:
        """(id, type of the first entity) of each line: the small model says ORG, the endpoint PER."""
        lines = [json.loads(line) for line in (self.folder / out).read_text("utf-8").splitlines()]
        return [(line["id"], line["entities"][0]["type"]) for line in lines]


WHOLE = [(str(number), "PER") for number in range(POSTS)]


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    write_corpus(tmp_path, POSTS)
    return Runs(tmp_path, free_port())


def test_an_endpoint_dies_in_the_middle_and_comes_back(runs: Runs) -> None:
    with runs.endpoint(latency_s=0.1) as first:
        process = runs.start("out", "--patience", "3")
        while first.counts["answers"] < POSTS // 3:
            assert process.poll() is None
            time.sleep(0.01)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 3
    assert "go on with --resume when it is up again" in said
    assert "Traceback" not in said
    before = runs.types("out")
    assert before == WHOLE[: len(before)], "what is written was answered"
    with runs.endpoint() as second:
        assert runs.run("out", "--resume")[0] == 0
        assert runs.types("out") == WHOLE
        assert first.counts["answers"] + second.counts["answers"] <= POSTS + 4, "but for what was under way"


def test_an_endpoint_that_comes_back_is_waited_for(runs: Runs) -> None:
    with runs.endpoint(latency_s=0.1) as first:
        process = runs.start("out")
        while first.counts["answers"] < POSTS // 3:
            assert process.poll() is None
            time.sleep(0.01)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(4)
    with runs.endpoint() as second:
        said = process.communicate(timeout=120)[1]
        assert process.returncode == 0, said
        assert runs.types("out") == WHOLE
        assert first.counts["answers"] + second.counts["answers"] <= POSTS + 4, "but for what was under way"


def test_an_endpoint_that_was_never_there_stops_a_run(runs: Runs) -> None:
    code, said = runs.run("out")
    assert code == 3
    assert "the endpoint cannot be reached" in said or "times in a row; it is asked again in" in said
    assert not (runs.folder / "out").exists()


def test_a_full_disk_stops_a_run_and_resume_finishes(tmp_path: Path) -> None:
    """Nobody is asked, so nothing but the output meets the limit."""
    write_corpus(tmp_path, 300, unsure=0)
    runs = Runs(tmp_path, free_port())
    code, said = runs.run("out", limit=100 * KIB)
    assert code == 3
    assert "make room, then go on with --resume" in said
    before = (tmp_path / "out").read_bytes()
    assert 0 < before.count(b"\n") < 300
    assert runs.run("out", "--resume")[0] == 0
    assert (tmp_path / "out").read_bytes().startswith(before)
    assert runs.types("out") == [(str(number), "PER") for number in range(300)]


def test_a_cache_whose_disk_is_full_costs_calls_and_nothing_else(runs: Runs) -> None:
    """SQLite's log grows faster than the output, so it meets the limit first."""
    with runs.endpoint() as simulation:
        code, said = runs.run("out", limit=250 * KIB)
        assert code == 0, said
        assert "did not keep an answer" in said
        assert runs.types("out") == WHOLE
        assert runs.run("again")[0] == 0, "what it left can be read"
        assert runs.types("again") == WHOLE
        assert POSTS < simulation.counts["answers"] <= 2 * POSTS


def garbage(path: Path, start: int, length: int) -> None:
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\xa5" * length)


DAMAGE: dict[str, Callable[[Path], None]] = {
    "its head": lambda path: garbage(path, 0, 100),
    "its rows": lambda path: garbage(path, path.stat().st_size // 2, 9000),
}


@pytest.mark.parametrize("where", DAMAGE)
def test_a_damaged_cache_is_asked_around_or_named(where: str, runs: Runs) -> None:
    with runs.endpoint():
        assert runs.run("first")[0] == 0
        for left in (runs.folder / "cache").glob("cache.db-*"):
            left.unlink()
        DAMAGE[where](runs.folder / "cache" / "cache.db")
        code, said = runs.run("out")
        if code == 3:
            assert "delete or mend it, or set UNCO_CACHE_DIR" in said
            (runs.folder / "cache" / "cache.db").unlink()
            code, said = runs.run("out", "--resume")
        assert code == 0, said
    assert runs.types("out") == WHOLE


def test_a_cache_that_another_process_locks_for_a_while(runs: Runs) -> None:
    with runs.endpoint() as simulation:
        assert runs.run("first")[0] == 0
        other = sqlite3.connect(runs.folder / "cache" / "cache.db", isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        process = runs.start("out")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(3)
        other.execute("ROLLBACK")
        other.close()
        said = process.communicate(timeout=60)[1]
        assert process.returncode == 0, said
        assert simulation.counts["answers"] == POSTS, "all were found"
    assert runs.types("out") == WHOLE


def test_a_clock_that_jumps_by_a_day_to_and_fro(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Deadlines of calls, the rate, the breaker and the cache go by a clock that does not."""
    (runs.folder / "sitecustomize.py").write_text(JUMPS, "utf-8")
    settings = runs.folder / "settings.yaml"
    settings.write_text(
        f"models: [{{model: simulated-gpt-4o, base_url: 'http://127.0.0.1:{runs.port}/v1', frame: pixels, "
        "requests_per_minute: 6000, deadline_s: 20}]\n",
        "utf-8",
    )
    monkeypatch.setenv("UNCO_SETTINGS", str(settings))
    with runs.endpoint(latency_s=0.05) as simulation:
        assert runs.run("out", path=runs.folder)[0] == 0
        assert runs.run("again", path=runs.folder)[0] == 0
        assert simulation.counts["answers"] == POSTS
    assert runs.types("out") == runs.types("again") == WHOLE


def test_the_clock_does_jump(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(JUMPS, "utf-8")
    code = "import time; print(len({time.sleep(0.05) or round(time.time() / 43200) for _ in range(8)}))"
    ended = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=True
    )
    assert int(ended.stdout) > 1
