"""A post without an answer, for a reason that passes, is never final: it is run again, and nothing else is."""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.made_corpus import write_corpus
from tests.scripted import Asked, ScriptedLlm, kind
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.engine import RemainingPosts
from unco.corpus.output import Output, Retry, is_open
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import MAX_UNANSWERED, Corpus, run_corpus
from unco.corpus.run_file import Settings
from unco.corpus.start import start
from unco.errors import CallFailed, SettingsError, SetupError, Unavailable
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.request import Reply
from unco.types import PASSING_REASONS, Reason

FINAL: list[Reason] = ["off", "policy", "budget", "no_picture", "not_recorded", "endpoint"]


def gone(reason: Reason = "unreachable") -> Unavailable:
    return Unavailable("nobody was asked", reason)


class ByPost(ScriptedLlm):
    """Fails for the posts that a test names, by their numbers from 0, and answers the others."""

    def __init__(self, failures: dict[int, Exception]) -> None:
        super().__init__()
        self._failures = failures

    def _reply(self, asked: Asked) -> Reply:
        found = re.search(r"number(\d+)", asked.request.user)
        assert found is not None
        self.script = {asked.key: self._failures.get(int(found[1]), kind("PER"))}
        return super()._reply(asked)


class Run:
    """A corpus of which one attribute of each post is asked about."""

    def __init__(self, folder: Path, posts: int) -> None:
        self.posts, self._predictions = write_corpus(folder, posts)
        self.out = folder / "out.jsonl"

    def __call__(
        self,
        failures: dict[int, Exception] | None = None,
        resume: bool = False,
        retry: Retry = "open",
        settings: Settings | None = None,
    ) -> ScriptedLlm:
        llm = ByPost(failures or {})
        pipeline = Pipeline(SavedPredictions(self._predictions), llm, Context(), at_once=1)
        run_corpus(Corpus(self.posts, self.out, resume, settings or {}, retry=retry), pipeline)
        return llm

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text("utf-8").splitlines()]

    def outcomes(self) -> str:
        """Return the first letter of the outcome of each post's uncertain attribute, in order."""
        return "".join(line["entities"][0]["corrections"][1]["outcome"][0] for line in self.lines())


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(tmp_path, 6)


def test_open_posts_are_run_again_in_their_places(run: Run) -> None:
    run({1: gone("rate"), 3: gone("breaker"), 5: gone("deadline")})
    assert run.outcomes() == "cucucu"
    before = run.lines()
    again = run(resume=True)
    assert len(again.asked) == 3, "nobody is asked about what was answered"
    assert run.outcomes() == "cccccc"
    assert [line["id"] for line in run.lines()] == [str(number) for number in range(6)]
    assert run.lines()[0::2] == before[0::2]
    assert not run.out.with_name("out.jsonl.new").exists()
    assert run(resume=True).asked == []


def test_what_stays_open_is_run_once_more(run: Run) -> None:
    run({0: gone(), 5: gone()})
    run({0: gone("rate")}, resume=True)
    assert run.outcomes() == "uccccc"
    run(resume=True)
    assert run.outcomes() == "cccccc"


@pytest.mark.parametrize("reason", FINAL)
def test_what_does_not_pass_is_final(run: Run, reason: Reason) -> None:
    failure = CallFailed("refused") if reason == "endpoint" else gone(reason)
    run({0: failure})
    before = run.out.read_bytes()
    assert run(resume=True).asked == []
    assert run.out.read_bytes() == before


@pytest.mark.parametrize("reason", ["policy", "budget"])
def test_what_is_final_is_run_again_when_asked_for(run: Run, reason: Reason) -> None:
    run({0: gone(reason), 2: gone("rate"), 3: CallFailed("refused")})
    assert len(run(resume=True, retry="unavailable").asked) == 2
    assert run.outcomes() == "cccfcc"


def test_a_run_without_an_mllm_may_get_one_to_run_posts_again(run: Run) -> None:
    off, on = {"mllm": None, "context": {"mode": "off"}}, {"mllm": "gpt-4o", "context": {}}
    run(dict.fromkeys(range(6), gone("off")), settings=off)
    with pytest.raises(SettingsError, match="--resume: the settings differ"):
        run(resume=True, settings=on)
    with pytest.raises(SettingsError, match="scheme was None, is 'fmnerg'"):
        run(resume=True, settings=on | {"scheme": "fmnerg"}, retry="unavailable")
    run(resume=True, settings=on, retry="unavailable")
    assert run.outcomes() == "cccccc"
    run(resume=True, settings=on)


def test_every_reason_either_passes_or_is_final() -> None:
    assert PASSING_REASONS.isdisjoint(FINAL)
    assert {*PASSING_REASONS, *FINAL} == set(Reason.__args__)  # type: ignore[attr-defined]  # a Literal has them


def test_open_posts_and_posts_never_run_are_both_done(run: Run) -> None:
    run({1: gone("rate")})
    whole = run.out.read_bytes().splitlines(keepends=True)
    run.out.write_bytes(b"".join(whole[:4]) + whole[4][:20])  # a kill came while the fifth line was written
    again = run(resume=True)
    assert len(again.asked) == 3
    assert run.outcomes() == "cccccc"


def test_an_endpoint_that_is_down_again_leaves_what_was_done(tmp_path: Path) -> None:
    half = MAX_UNANSWERED
    run = Run(tmp_path, 2 * half)
    run(dict.fromkeys(range(2 * half), gone("budget")))
    run.out.write_bytes(run.out.read_bytes().replace(b'"reason":"budget"', b'"reason":"rate"'))
    assert set(run.outcomes()) == {"u"}
    with pytest.raises(Unavailable, match=f"before post {half + 1}; go on with --resume"):
        run(dict.fromkeys(range(half, 2 * half), gone()), resume=True)
    assert run.outcomes() == "c" * half + "u" * half
    run(resume=True)
    assert set(run.outcomes()) == {"c"}


def test_a_kill_while_lines_are_replaced_costs_nothing(run: Run) -> None:
    run({0: gone("rate")})
    before = run.out.read_bytes()
    output = Output(run.out, {"posts": str(run.posts)}, resume=True)
    assert output.open_posts() == (1,)
    with output.replacing() as put:
        put(1, b'{"half": "a')
        assert run.out.read_bytes() == before, "until all is copied the file is as it was"
        run.out.with_name("out.jsonl.new").write_bytes(b'{"half": "a')  # what a kill leaves
    output.close()
    run.out.write_bytes(before)
    run(resume=True)
    assert run.outcomes() == "cccccc"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs /proc")
def test_a_disk_that_is_full_leaves_the_old_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    run({0: gone("rate")})
    before = run.out.read_bytes()

    real = os.fsync

    def full(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(".new"):
            raise OSError(28, "No space left on device")
        real(descriptor)

    monkeypatch.setattr("unco.corpus.output.os.fsync", full)
    with pytest.raises(SetupError, match=r"out\.jsonl\.new cannot be written: No space left on device: make room"):
        run(resume=True)
    monkeypatch.undo()
    assert run.out.read_bytes() == before
    run(resume=True)
    assert run.outcomes() == "cccccc"


def test_a_run_that_leaves_posts_open_says_so(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    llm = ByPost({1: gone("rate")})
    monkeypatch.setattr("unco.corpus.start.mllm_from_env", lambda: llm)
    choices = Choices(predictions=tmp_path / "predictions.jsonl", at_once=1)
    console = Console(record=True, width=200)
    with pytest.raises(Unavailable, match="1 posts lack an answer for a reason that passes: run them again with"):
        start(run.posts, run.out, False, False, Context(), choices, console)
    assert "6 posts in " in console.export_text()
    assert run.outcomes() == "cucccc"


@pytest.mark.parametrize(
    "line",
    [
        b'{"reason": "rate"}',
        b'{"text": "\\"reason\\": \\"rate\\""}',
        b'{"id": "1", "post": 1, "error": {"type": "PostError", "message": "x"}}',
        b'[{"reason":"rate"}]',
        b'not json "reason":"rate"',
        b'\xff"reason":"rate"',
    ],
)
def test_other_lines_are_not_open(line: bytes) -> None:
    assert not is_open(line + b"\n")


def test_the_posts_that_are_named_are_read(tmp_path: Path) -> None:
    posts, _ = write_corpus(tmp_path, 9)
    remaining = RemainingPosts(posts, only=(2, 5, 9))
    assert [line.number for line in remaining] == list(remaining.numbers()) == [2, 5, 9]
