"""The engine on a Ray cluster has the local engine's output, order, resume, budget and stops."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

pytest.importorskip("ray", reason='the engine on a cluster needs Ray: pip install ".[ray]"')

from benchmarks.kill_and_resume import without_cache_fields
from benchmarks.made_corpus import gold_of, write_corpus
from unco.context import Context
from unco.corpus.choices import Choices
from unco.corpus.on_ray.cluster import Sizes
from unco.corpus.on_ray.engine import RayEngine
from unco.corpus.on_ray.shared_budget import open_budget, use_shared_budget
from unco.corpus.pipeline import Pipeline
from unco.corpus.run import MAX_UNANSWERED, Corpus, run_corpus
from unco.corpus.tally import Tally
from unco.errors import Unavailable
from unco.evals.simulation import Profile, simulate
from unco.tools.extraction.saved_predictions import SavedPredictions
from unco.tools.llm.budget import Budget, Caps, Reserved
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Reply
from unco.tools.llm_settings import mllm_from_env

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:`use_.*` is deprecated:DeprecationWarning")]
"""Ray Data warns of settings of its own when it makes them, whatever they are set to."""

FAULTY = '{"txet": 1}\n\n{"text": "b \\ud800", "id": "q"}\n{"text": "unknown", "id": "x"}\n'
ONE = Sizes(readers=1, models=1, gpu=False, correctors=1, at_once=4)
TWO = replace(ONE, correctors=2)


@pytest.fixture(scope="module")
def two_cpus() -> Iterator[None]:
    """A cluster of this machine alone. Ray leaves files and sockets of its own open at the end."""
    import ray

    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, _node_ip_address="127.0.0.1")
    yield
    ray.shutdown()


def on_ray(predictions: Path, sizes: Sizes = TWO) -> RayEngine:
    return RayEngine(Choices(predictions, engine="ray"), mllm_from_env(), Context(), sizes)


def locally(predictions: Path) -> Pipeline:
    return Pipeline(SavedPredictions(predictions), mllm_from_env(), Context())


def results(path: Path) -> list[Any]:
    """Without what a cache changes."""
    return [without_cache_fields(json.loads(line)) for line in path.read_text().splitlines()]


def use_endpoint(monkeypatch: pytest.MonkeyPatch, url: str, model: str) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", url)
    monkeypatch.setenv("UNCO_LLM_MODEL", model)


def settings(path: Path, url: str, calls: int) -> str:
    path.write_text(yaml.safe_dump({"models": [{"model": "gpt-4o", "base_url": url}], "budget": {"calls": calls}}))
    return str(path)


def workers() -> list[psutil.Process]:
    """Of both stages."""
    return [one for one in psutil.Process().children(recursive=True) if one.name().startswith("ray::MapWork")]


def test_the_output_is_the_local_one_though_workers_are_killed_and_either_engine_goes_on_after_the_other(
    two_cpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of all posts are asked about, some cannot be run. All workers are killed once something is written."""
    posts, predictions = write_corpus(tmp_path, 300, unsure=2)
    posts.write_text(FAULTY + posts.read_text() + "no post")
    one, other = Corpus(posts, tmp_path / "local.jsonl"), Corpus(posts, tmp_path / "ray.jsonl")
    killed: list[int] = []

    def kill(tally: Tally) -> None:
        if tally.posts == 1:
            for process in workers():
                process.kill()
                killed.append(process.pid)

    with simulate(gold_of(300), "gpt-4o", Profile(latency_s=0.05)) as simulation:
        use_endpoint(monkeypatch, simulation.url, simulation.model)
        tally = run_corpus(other, on_ray(predictions, ONE), kill)
        assert killed
        assert simulation.counts["answers given again"] <= ONE.at_once, "only what was under way"
        assert (tally.posts, tally.failed, tally.unanswered, tally.calls) == (304, 4, 0, 150)
        monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "another cache"))
        run_corpus(one, locally(predictions))
        whole = results(one.out)
        assert results(other.out) == whole
        assert len(whole) == 304
        assert (tmp_path / "ray.jsonl.run.json").read_text() == (tmp_path / "local.jsonl.run.json").read_text()
        for engine in (on_ray, locally):
            written = other.out.read_bytes()
            other.out.write_bytes(written[: len(written) // 2])  # in the middle of a line, as a kill leaves it
            again = run_corpus(replace(other, resume=True), engine(predictions))
            assert results(other.out) == whole
            assert 100 < again.before < 200
    done = run_corpus(replace(other, resume=True), on_ray(predictions))
    assert (done.before, done.posts) == (304, 0)


def test_two_correctors_share_one_budget(two_cpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posts, predictions = write_corpus(tmp_path, 200)
    with simulate(gold_of(200), "gpt-4o") as simulation:
        monkeypatch.setenv("UNCO_SETTINGS", settings(tmp_path / "settings.yaml", simulation.url, calls=7))
        tally = run_corpus(Corpus(posts, tmp_path / "out.jsonl"), on_ray(predictions))
        assert simulation.counts["answers"] == 7
    assert (tally.posts, tally.unanswered) == (200, 193)
    assert (tmp_path / "out.jsonl").read_text().count('"reason":"budget"') == 193


def test_correctors_wait_for_what_passes_and_the_run_goes_on_with_what_it_spent(
    two_cpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts, predictions = write_corpus(tmp_path, 120)
    faulty = Profile(faults={"server_error": 0.2, "reset": 0.1, "rate_limit": 0.1})
    out = tmp_path / "out.jsonl"
    with simulate(gold_of(120), "gpt-4o", faulty) as simulation:
        monkeypatch.setenv("UNCO_SETTINGS", settings(tmp_path / "settings.yaml", simulation.url, calls=200))
        llm, choices = mllm_from_env(), Choices(predictions, engine="ray", patience_s=inf)
        engine = RayEngine(choices, llm, Context(), TWO)
        corpus = Corpus(posts, out, budget=llm.terms.budget)
        tally = run_corpus(corpus, engine)
        assert (tally.posts, tally.unanswered, tally.open) == (120, 0, 0)
    assert json.loads(out.with_name("out.jsonl.run.json").read_text())["spent"]["calls"] == 120


async def test_two_correctors_share_one_rate_limit(two_cpus: None) -> None:
    """One request and a thousand tokens per minute: the second waits, whichever worker it asks from."""

    def limited(actor: Any = None, per_minute: float = 1) -> Mllm:
        llm = Mllm("http://127.0.0.1:9/v1", "gpt-4o", terms=Terms(rate=RateLimit(per_minute, 1000 * per_minute)))
        if actor is not None:
            use_shared_budget(llm, actor)
        return llm

    actor = open_budget(limited())
    one, other = limited(actor).terms.rate, limited(actor).terms.rate
    assert await one.areserve(500, 10.0) == 0.0
    assert (await other.areserve(500, 10.0), other.reserve(500, 10.0)) == (None, None)
    one.give_back(500)
    assert other.reserve(500, 10.0) == 0.0
    other.correct(500, 3500)
    assert 190 < (one.reserve(500) or 0) <= 210  # 3,500 tokens take three minutes and a half
    actor = open_budget(limited(per_minute=60_000))
    one, other = (limited(actor, 60_000).terms.rate for _ in range(2))
    one.hold(50.0)
    while await other.areserve(1, 10.0) is not None:  # the actor's calls keep no order
        await asyncio.sleep(0.01)


def test_workers_share_one_budget_of_money(two_cpus: None) -> None:
    """Also what is left, as of the last reservation."""

    def capped(actor: Any = None) -> Mllm:
        llm = Mllm("http://127.0.0.1:9/v1", "gpt-4o", terms=Terms(budget=Budget(Caps(usd=1.0))))
        if actor is not None:
            use_shared_budget(llm, actor)
        return llm

    actor = open_budget(capped())
    one, other = capped(actor).terms.budget, capped(actor).terms.budget
    one.reserve("gpt-4o", 0.6)
    with pytest.raises(Reserved, match="reserved for calls under way"):
        other.reserve("gpt-4o", 0.6)
    with pytest.raises(Unavailable, match=r"the run's \$1 do not cover another call"):
        other.reserve("gpt-4o", 1.1)
    reply = Reply(text="", finish_reason=None, model="gpt-4o", input_tokens=1, output_tokens=1, cost=0.2)
    one.settle(0.6, [reply])
    other.reserve("gpt-4o", 0.6)
    assert other.calls_left(0.1) == 4, "0.2 a call"


def test_an_endpoint_that_is_down_stops_the_run(
    two_cpus: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And its workers, though the cluster goes on."""
    posts, predictions = write_corpus(tmp_path, 3 * MAX_UNANSWERED)
    use_endpoint(monkeypatch, "http://127.0.0.1:9/v1", "gpt-4o")
    with pytest.raises(Unavailable, match=f"about {MAX_UNANSWERED} posts.*before post 1; go on with --resume"):
        run_corpus(Corpus(posts, tmp_path / "out.jsonl"), on_ray(predictions, ONE))
    assert (tmp_path / "out.jsonl").read_text() == ""
    assert psutil.wait_procs(workers(), timeout=30)[1] == []
