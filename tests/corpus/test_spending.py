"""What a run spent stands in its file and counts when it goes on, also after a kill; no call goes above a cap."""

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmarks.made_corpus import gold_of, write_corpus
from tests.corpus.run_process import command
from unco.corpus.run_file import RunFile, run_file_of
from unco.errors import SettingsError, SetupError
from unco.evals.simulation import Profile, simulate
from unco.tools.llm.budget import Spent

CALLS = 12


class Runs:
    """Runs of one corpus of forty posts under a cap, as processes."""

    def __init__(self, folder: Path, url: str) -> None:
        self.out = folder / "out.jsonl"
        self._paths, self._folder, self._url = write_corpus(folder, 40), folder, url

    def start(self, *more: str, calls: int = CALLS) -> "subprocess.Popen[bytes]":
        settings = {"models": [{"model": "simulated-gpt-4o", "base_url": self._url, "frame": "pixels"}]}
        (self._folder / "settings.yaml").write_text(yaml.safe_dump(settings | {"budget": {"calls": calls}}))
        environment = os.environ | {
            "UNCO_SETTINGS": str(self._folder / "settings.yaml"),
            "UNCO_CACHE_DIR": str(self._folder / "cache"),
        }
        arguments = command(*self._paths, self.out, "--at-once", "2", *more)
        return subprocess.Popen(arguments, env=environment, stderr=subprocess.DEVNULL)

    def spent(self) -> Any:
        return json.loads(self.out.with_name("out.jsonl.run.json").read_text())["spent"]

    def reasons(self) -> list[str | None]:
        """Why each post got no answer; None = it got one."""
        lines = [json.loads(line) for line in self.out.read_text("utf-8").splitlines()]
        return [line["entities"][0]["corrections"][1]["reason"] for line in lines]


@pytest.mark.slow
def test_a_cap_holds_over_kills_and_resumes(tmp_path: Path) -> None:
    with simulate(gold_of(40), "gpt-4o", Profile(latency_s=0.1)) as simulation:
        runs = Runs(tmp_path, simulation.url)
        process = runs.start()
        while simulation.counts["answers"] < 5:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert simulation.counts["answers"] <= runs.spent()["calls"] <= CALLS
        assert runs.start("--resume").wait() == 0
        assert runs.spent()["calls"] == CALLS
        assert CALLS - 2 <= simulation.counts["answers"] <= CALLS, "but for what was under way at the kill"
        assert set(runs.reasons()) == {None, "budget"}
        again = runs.start("--resume", "--retry", "unavailable", calls=1000)
        assert again.wait() == 0
        assert runs.reasons() == [None] * 40


def run_file(folder: Path, text: str) -> RunFile:
    found = run_file_of(folder / "out.jsonl", {"posts": "p"})
    found.path.write_text(text)
    return found


def test_what_is_written_is_read(tmp_path: Path) -> None:
    file = run_file_of(tmp_path / "out.jsonl", {"posts": "p"})
    assert file.spent() == Spent()
    file.begin(Spent())
    file.note(7, 0.5)
    assert file.spent() == Spent(calls=7, usd=0.5)
    file.note(123456789012, 1e9)
    file.note(8, 0.25)
    assert file.spent() == Spent(calls=8, usd=0.25)
    file.check()
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl.run.json"]


def test_a_run_without_settings_has_a_file_too(tmp_path: Path) -> None:
    file = run_file_of(tmp_path / "out.jsonl", {})
    file.begin(Spent(calls=3))
    file.note(4, 0.0)
    assert json.loads(file.path.read_text()) == {"spent": {"calls": 4, "usd": 0.0}}


def test_a_file_that_is_gone_stops_the_calls(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="cannot be written: No such file"):
        run_file_of(tmp_path / "out.jsonl", {}).note(1, 0.0)


def test_the_file_of_an_earlier_version_tells_of_nothing_spent(tmp_path: Path) -> None:
    file = run_file(tmp_path, '{"posts": "p"}')
    file.check()
    assert file.spent() == Spent()


@pytest.mark.parametrize("spent", ["7", "[]", '{"calls": -1, "usd": 0}', '{"calls": 1}', '{"calls": true, "usd": "x"}'])
def test_what_cannot_have_been_spent_is_named(tmp_path: Path, spent: str) -> None:
    with pytest.raises(SettingsError, match="does not say what was spent: mend its `spent`"):
        run_file(tmp_path, f'{{"posts": "p", "spent": {spent}}}').spent()


def test_where_it_cannot_be_written_the_error_says_so(tmp_path: Path) -> None:
    (tmp_path / "out.jsonl.run.json.new").mkdir()
    with pytest.raises(SetupError, match=r"run\.json cannot be written: .*: make room, then go on with --resume"):
        run_file_of(tmp_path / "out.jsonl", {}).begin(Spent())
