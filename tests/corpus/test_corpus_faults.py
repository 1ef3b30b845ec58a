"""Corpus runs where things go wrong around them: a faulty endpoint, two runs on one cache, an interrupt."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.made_corpus import gold_of, write_corpus
from tests.corpus.run_process import command, environment
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import Corpus, run_corpus
from unco.corpus.tally import Tally
from unco.evals.simulation import Profile, read_profile, simulate
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm

pytestmark = pytest.mark.slow

FAULTS = Path(__file__).parents[2] / "unco" / "evals" / "simulation" / "profiles" / "faults.yaml"


def test_a_fifth_of_all_questions_goes_wrong_and_every_post_is_accounted_for(tmp_path: Path) -> None:
    """Throttled, reset, hung, broken, spoilt and refused answers: each attribute has an outcome, and most are right."""
    posts, predictions = write_corpus(tmp_path, 120)
    with simulate(gold_of(120), "gpt-4o", read_profile(FAULTS), seed=3) as simulation:
        llm = Mllm(simulation.url, simulation.model, cache=Cache(tmp_path / "cache"), timeout_s=2.0)
        tally = run_corpus(
            Corpus(posts, tmp_path / "out.jsonl"), Pipeline(SavedPredictions(predictions), llm, Context())
        )
        assert simulation.counts["answers given again"] == 0
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["id"] for line in lines] == [str(number) for number in range(120)]
    assert (tally.posts, tally.failed, tally.routed) == (120, 0, 120)
    outcomes = [line["entities"][0]["corrections"][1]["outcome"] for line in lines]
    assert set(outcomes) <= {"changed", "rejected", "failed", "unavailable"}
    assert outcomes.count("changed") > 100


def test_two_runs_on_one_cache_pay_once(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 60)
    with simulate(gold_of(60), "gpt-4o", Profile(latency_s=0.05)) as simulation:
        own = environment(simulation.url, simulation.model, tmp_path / "cache")
        outs = [tmp_path / f"{name}.jsonl" for name in "ab"]
        both = [subprocess.Popen(command(posts, predictions, out), env=own, stderr=subprocess.DEVNULL) for out in outs]
        assert [process.wait(60) for process in both] == [0, 0]
        assert simulation.counts["answers"] == 60
    types = [[json.loads(line)["entities"][0]["type"] for line in out.read_text().splitlines()] for out in outs]
    assert types == [["PER"] * 60] * 2


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_whole_lines_and_resume_finishes(sign: signal.Signals, tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 80)
    out = tmp_path / "out.jsonl"
    with simulate(gold_of(80), "gpt-4o", Profile(latency_s=0.2)) as simulation:
        own = environment(simulation.url, simulation.model, tmp_path / "cache")
        arguments = command(posts, predictions, out, "--at-once", "4")
        process = subprocess.Popen(
            arguments,
            env=own,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(sign, signal.SIG_DFL),  # a shell's background job is started to ignore it
        )
        while not (out.exists() and out.stat().st_size):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(sign)
        _, stderr = process.communicate(timeout=30)
        assert "Traceback" not in stderr
        if sign == signal.SIGINT:
            assert process.returncode == 1
            assert stderr.endswith(f"stopped: what {out} holds stays: go on with --resume\n")
        else:
            assert process.returncode not in (0, None)
        before = out.read_bytes()
        subprocess.run([*arguments, "--resume"], env=own, check=True, stderr=subprocess.DEVNULL)
    assert out.read_bytes().startswith(before[: before.rfind(b"\n") + 1])
    assert [json.loads(line)["id"] for line in out.read_text().splitlines()] == [str(n) for n in range(80)]


def settings_in(out: Path) -> dict[str, Any]:
    """Return what the run's file says of its settings."""
    told: dict[str, Any] = json.loads(out.with_name(out.name + ".run.json").read_text("utf-8"))
    return told | {"spent": None}


def test_two_runs_do_not_write_one_file(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 200)
    out = tmp_path / "out.jsonl"
    with simulate(gold_of(200), "gpt-4o", Profile(latency_s=0.2)) as simulation:
        own = environment(simulation.url, simulation.model, tmp_path / "cache")
        with subprocess.Popen(
            command(posts, predictions, out, "--at-once", "1"), env=own, stderr=subprocess.DEVNULL
        ) as first:
            while not (out.exists() and out.stat().st_size):
                assert first.poll() is None
                time.sleep(0.02)
            begun = settings_in(out)
            for more in ([], ["--resume", "--type-threshold", "0"]):
                run = command(posts, predictions, out, *more)
                second = subprocess.run(run, env=own, capture_output=True, text=True)
                assert (second.returncode, second.stderr.split(str(out))) == (
                    2, ["error: another run writes ", " at this moment: wait for its end, or name another file\n"]
                )  # fmt: skip
            assert first.poll() is None
            first.terminate()
    assert settings_in(out) == begun
    ids = [json.loads(line)["id"] for line in out.read_text().splitlines()]
    assert ids == [str(number) for number in range(len(ids))]


def test_a_run_that_goes_on_keeps_its_file_to_itself(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 2)
    out = tmp_path / "out.jsonl"
    pipeline = Pipeline(SavedPredictions(predictions), Mllm("", ""), Context(mode="off"))
    run_corpus(Corpus(posts, out), pipeline)
    out.write_bytes(out.read_bytes().splitlines(keepends=True)[0])
    open_it = "from unco.corpus.output import *; Output(Path(sys.argv[1]), {}, resume=True)"
    told: list[str] = []

    def try_to_open(_: Tally) -> None:
        told.append(subprocess.run([sys.executable, "-c", open_it, out], capture_output=True, text=True).stderr)

    run_corpus(Corpus(posts, out, resume=True), pipeline, try_to_open)
    assert ["another run writes" in one for one in told] == [True]


def test_results_go_down_a_pipe(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 30)
    run = command(Path("-"), predictions, Path("-"), "--mode", "off")
    with posts.open("rb") as source:
        done = subprocess.run(run, stdin=source, capture_output=True, check=True)
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == [str(n) for n in range(30)]
    assert b"30 posts in" in done.stderr
    again = subprocess.run([*run, "--resume"], capture_output=True, text=True, input="")
    assert (again.returncode, "standard output keeps nothing" in again.stderr) == (2, True)
    assert not (Path.cwd() / "-").exists()


def test_a_closed_pipe_is_reported(tmp_path: Path) -> None:
    posts, predictions = write_corpus(tmp_path, 3000)
    run = command(posts, predictions, Path("-"), "--mode", "off")
    with subprocess.Popen(run, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read()
    assert (process.wait(), "standard output cannot be written" in stderr, "Traceback" in stderr) == (3, True, False)
