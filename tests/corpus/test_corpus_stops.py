"""When a corpus run may not go on: another run's file, an endpoint that answers from memory alone, a setting."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from benchmarks.made_corpus import write_corpus
from tests.scripted import ANN, ScriptedLlm, says
from unco.context import Context, Mode
from unco.corpus.choices import Choices
from unco.corpus.estimate import estimate
from unco.corpus.patience import endpoint_state
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.corpus.run import Corpus, run_corpus
from unco.corpus.start import start
from unco.errors import DataError, SettingsError
from unco.state import PostInput
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.types import Correction, Entity, Exchange, Extraction, Outcome, Post, Reason, Result, Thresholds, Uncertainty


def test_what_a_run_was_given_and_the_next_is_not_differs_too(tmp_path: Path) -> None:
    (tmp_path / "img").mkdir()
    (tmp_path / "posts.conll").write_text("Ann\n")
    pipeline = Pipeline(says(), ScriptedLlm(), Context(mode="off"))
    out = tmp_path / "out.jsonl"
    run_corpus(Corpus(tmp_path / "posts.conll", out, pictures=tmp_path / "img"), pipeline)
    with pytest.raises(SettingsError, match="pictures was '.*img', is None"):
        run_corpus(Corpus(tmp_path / "posts.conll", out, resume=True), pipeline)


def correction(*exchanges: Exchange, outcome: Outcome = "kept", reason: Reason | None = None) -> Correction:
    return Correction(
        attribute="type", outcome=outcome, before="PER", after="PER", uncertainty=0.9, threshold=0.5,
        reason=reason, exchanges=exchanges,
    )  # fmt: skip


def exchange(cached: bool) -> Exchange:
    return Exchange(model="m", text="{}", finish_reason="stop", fault="", cached=cached)


DOWN = correction(outcome="unavailable", reason="unreachable")


@pytest.mark.parametrize(
    ("notes", "state"),
    [
        ((correction(exchange(False)), DOWN), "up"),
        ((correction(exchange(True)), DOWN), "down"),
        ((correction(exchange(True)),), "not asked"),
        ((correction(exchange(True), exchange(False)),), "up"),
        ((), "not asked"),
    ],
)
def test_an_answer_from_the_cache_says_nothing_of_the_endpoint(notes: tuple[Correction, ...], state: str) -> None:
    sure = Uncertainty(0.1, 0.9, 0.1)
    entity = Entity(0, ANN, "Ann", 0, 3, "PER", None, sure, sure, notes)
    result = Result("Ann", ("Ann",), (entity,), None, Thresholds(1, 1, 1), "m")
    assert endpoint_state(result) == state


def begin(folder: Path, llm: Mllm, monkeypatch: pytest.MonkeyPatch, mode: Mode, **how: Any) -> None:
    monkeypatch.setattr("unco.corpus.start.mllm_from_env", lambda: llm)
    choices = Choices(predictions=folder / "predictions.jsonl")
    posts, out = folder / "posts.jsonl", folder / "out.jsonl"
    start(posts, out, False, False, Context(mode=mode), choices, Console(quiet=True), **how)


@pytest.mark.parametrize("mode", ["record", "replay"])
@pytest.mark.parametrize("recorded", [None, "{broken\n"])
def test_a_recording_that_cannot_be_read_stops_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: Mode, recorded: str | None
) -> None:
    write_corpus(tmp_path, 30)
    path = tmp_path / ("none.jsonl" if recorded is None else "broken.jsonl")
    if recorded is None and mode == "record":
        path.mkdir()
    if recorded is not None:
        path.write_text(recorded)
    llm = Mllm("http://127.0.0.1:9/v1", "gpt-4o", recording=Recording(str(path)))
    with pytest.raises(DataError, match="recording"):
        begin(tmp_path, llm, monkeypatch, mode)
    assert not (tmp_path / "out.jsonl").exists()


def test_what_to_run_again_goes_with_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_corpus(tmp_path, 1)
    with pytest.raises(SettingsError, match="--retry unavailable needs --resume"):
        begin(tmp_path, ScriptedLlm(), monkeypatch, "live", retry="unavailable")


def test_an_estimate_stops_where_the_run_would() -> None:
    def refuses(post: Post) -> Extraction:
        raise SettingsError("the policy is of another checkpoint")

    with pytest.raises(SettingsError, match="another checkpoint"):
        asyncio.run(estimate([Line(1, PostInput(text="Ann"))], refuses, Mllm(), Context()))
