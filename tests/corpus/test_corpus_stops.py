"""When a corpus run may not go on: another run's file, an endpoint that answers from memory alone, a setting."""

import asyncio
from pathlib import Path

import pytest

from tests.scripted import ANN, ScriptedLlm, says
from unco.context import Context
from unco.corpus.estimate import estimate
from unco.corpus.patience import endpoint_state
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.corpus.run import Corpus, run_corpus
from unco.errors import SettingsError
from unco.state import PostInput
from unco.tools.llm.client import Mllm
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


def test_an_estimate_stops_where_the_run_would() -> None:
    def refuses(post: Post) -> Extraction:
        raise SettingsError("the policy is of another checkpoint")

    with pytest.raises(SettingsError, match="another checkpoint"):
        asyncio.run(estimate([Line(1, PostInput(text="Ann"))], refuses, Mllm(), Context()))
