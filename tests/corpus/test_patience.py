"""A run waits for what passes, as long as its patience lasts, and no slow or broken post stops the others."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Callable
from itertools import count
from math import inf
from pathlib import Path

import pytest

from benchmarks.made_corpus import write_corpus
from tests.scripted import Asked, ScriptedLlm, kind
from unco.context import Context, Mode
from unco.corpus import patience as patience_module
from unco.corpus.patience import MAX_BREAKDOWNS, Patience
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import MAX_UNANSWERED, Corpus, run_corpus
from unco.corpus.tally import Tally
from unco.errors import AccessRefused, Broken, Busy, CallFailed, Unavailable
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.request import Reply, Request

Fails = Callable[[int, int], Exception | None]
"""Tells by what a question fails: number of the post from 0, how often it was asked before; None = by nothing."""


class Failing(ScriptedLlm):
    """An MLLM that fails as a test says."""

    def __init__(self, fails: Fails) -> None:
        super().__init__()
        self.fails, self.times = fails, Counter[int]()

    def _reply(self, asked: Asked) -> Reply:
        number = number_of(asked.request)
        failure = self.fails(number, self.times[number])
        self.times[number] += 1
        self.script = {asked.key: failure or kind("PER")}
        return super()._reply(asked)


def number_of(request: Request) -> int:
    found = re.search(r"number(\d+)", request.user)
    assert found is not None
    return int(found[1])


@pytest.fixture(autouse=True)
def _no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses pass by the clock of `patient`, not by that on the wall."""
    monkeypatch.setattr(patience_module, "_POLL_S", 0.0)


def patient(seconds: float = inf) -> Patience:
    """Return patience whose clock goes on by a tenth of a second whenever it is looked at."""
    ticks = count()
    return Patience(seconds, lambda: next(ticks) / 10)


def run(folder: Path, posts: int, llm: ScriptedLlm, patience: Patience, at_once: int = 4) -> Tally:
    paths = write_corpus(folder, posts)
    pipeline = Pipeline(SavedPredictions(paths[1]), llm, Context(), at_once=at_once, patience=patience)
    return run_corpus(Corpus(paths[0], folder / "out.jsonl"), pipeline)


def outcomes(folder: Path) -> list[tuple[str, str]]:
    """(id, outcome) of each post's uncertain attribute, in order."""
    lines = [json.loads(line) for line in (folder / "out.jsonl").read_text("utf-8").splitlines()]
    return [(line["id"], line["entities"][0]["corrections"][1]["outcome"]) for line in lines]


def whole(posts: int) -> list[tuple[str, str]]:
    return [(str(number), "changed") for number in range(posts)]


PASSING = [
    Busy("the endpoint answered with status 429"),
    Broken("the endpoint answered with status 500"),
    Unavailable("no connection", "unreachable"),
    Unavailable("it failed too often", "breaker"),
    Unavailable("no place", "rate"),
    Unavailable("reserved", "deadline"),
]


@pytest.mark.parametrize("failure", PASSING, ids=lambda error: error.reason)
def test_what_passes_is_asked_again(tmp_path: Path, failure: Exception) -> None:
    llm = Failing(lambda number, times: failure if number % 3 == 1 and times < 2 else None)
    tally = run(tmp_path, 12, llm, patient())
    assert outcomes(tmp_path) == whole(12)
    assert (tally.open, tally.unanswered) == (0, 0)
    assert llm.times == {number: 3 if number % 3 == 1 else 1 for number in range(12)}


def test_a_silence_is_waited_out_with_few_questions_and_said(tmp_path: Path) -> None:
    said: list[str] = []
    patience = patient()

    def fails(number: int, _: int) -> Exception | None:
        said.append(patience.waiting)
        return Broken("status 502") if 10 <= len(said) < 120 else None

    llm = Failing(fails)
    run(tmp_path, 30, llm, patience, at_once=2)
    assert outcomes(tmp_path) == whole(30)
    assert any(re.fullmatch(r"waiting since \d+ s: status 502", each) for each in said)
    assert patience.waiting == ""


def test_a_silence_longer_than_patience_stops_the_run_and_resume_does_what_is_missing(tmp_path: Path) -> None:
    llm = Failing(lambda number, _: Unavailable("no place", "rate") if number >= 40 else None)
    with pytest.raises(Unavailable, match=f"about {MAX_UNANSWERED} posts.*no place.*before post 41; go on"):
        run(tmp_path, 100, llm, patient(20.0))
    assert outcomes(tmp_path) == whole(40)
    llm = Failing(lambda number, times: None)
    posts, predictions = tmp_path / "posts.jsonl", tmp_path / "predictions.jsonl"
    pipeline = Pipeline(SavedPredictions(predictions), llm, Context(), patience=patient())
    run_corpus(Corpus(posts, tmp_path / "out.jsonl", resume=True), pipeline)
    assert outcomes(tmp_path) == whole(100)
    assert len(llm.asked) == 60


@pytest.mark.parametrize("failure", [Broken("no chat completion"), Unavailable("no connection", "unreachable")])
def test_an_endpoint_that_never_answered_is_not_waited_for(tmp_path: Path, failure: Exception) -> None:
    with pytest.raises(Unavailable, match="go on with --resume"):
        run(tmp_path, 50, Failing(lambda *_: failure), patient())
    assert outcomes(tmp_path) == []


def test_one_that_asks_for_patience_from_the_start_is_waited_for(tmp_path: Path) -> None:
    asked = count()
    run(tmp_path, 9, Failing(lambda *_: Busy("loading") if next(asked) < 100 else None), patient())
    assert outcomes(tmp_path) == whole(9)


@pytest.mark.parametrize("at_once", [1, 4])
def test_a_post_that_alone_fails_stays_open_and_stops_nobody(tmp_path: Path, at_once: int) -> None:
    llm = Failing(lambda number, _: Broken("it crashes over this") if number == 3 else None)
    tally = run(tmp_path, 40, llm, patient(), at_once)
    found = outcomes(tmp_path)
    assert found[3] == ("3", "unavailable")
    assert found[:3] + found[4:] == whole(40)[:3] + whole(40)[4:]
    assert tally.open == 1
    assert llm.times[3] <= MAX_BREAKDOWNS


def test_what_somebody_has_to_mend_is_left_open_at_once(tmp_path: Path) -> None:
    llm = Failing(lambda number, _: AccessRefused("status 402: top up") if number == 3 else None)
    assert run(tmp_path, 9, llm, patient()).open == 1
    assert llm.times[3] == 1


def test_a_refusal_is_final_and_not_asked_again(tmp_path: Path) -> None:
    llm = Failing(lambda number, _: CallFailed("status 400: too long") if number == 3 else None)
    assert run(tmp_path, 9, llm, patient()).open == 0
    assert llm.times[3] == 1
    assert outcomes(tmp_path)[3] == ("3", "failed")


def test_without_patience_nothing_is_asked_again(tmp_path: Path) -> None:
    llm = Failing(lambda number, _: Busy("later") if number == 3 else None)
    assert run(tmp_path, 9, llm, Patience()).open == 1
    assert llm.times[3] == 1


class OneWaits(ScriptedLlm):
    """Answers the first post only when all others have been answered."""

    def __init__(self, posts: int) -> None:
        super().__init__()
        self._posts, self._others, self._done = posts, 0, asyncio.Event()

    async def aask(self, request: Request, mode: Mode) -> Reply:
        if number_of(request) == 0:
            await self._done.wait()
        else:
            self._others += 1
            if self._others == self._posts - 1:
                self._done.set()
        return await super().aask(request, mode)


def test_a_slow_post_does_not_stop_those_behind_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.corpus.pipeline.WINDOW", 20)
    posts = 60
    run(tmp_path, posts, OneWaits(posts), Patience())
    assert [post for post, _ in outcomes(tmp_path)] == [post for post, _ in whole(posts)]


def test_what_is_held_behind_a_slow_post_has_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.corpus.pipeline.HELD", 20)
    asked: list[int] = []

    class Stalled(ScriptedLlm):
        async def aask(self, request: Request, mode: Mode) -> Reply:
            asked.append(number_of(request))
            if asked[-1] == 0:
                while len(asked) < 20:
                    await asyncio.sleep(0)
                await asyncio.sleep(0.05)
                begun.append(max(asked))
            return await super().aask(request, mode)

    begun: list[int] = []
    run(tmp_path, 60, Stalled(), Patience())
    assert begun == [19], "posts 0 to 19 are begun, and no more"
    assert len(outcomes(tmp_path)) == 60
