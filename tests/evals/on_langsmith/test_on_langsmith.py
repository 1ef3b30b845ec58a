"""Experiments on LangSmith with its official client, over HTTP, against a stand-in on this machine."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.tracers.langchain import LangChainTracer, wait_for_all_tracers
from langsmith import Client, evaluate
from langsmith.utils import get_env_var

from tests.evals.on_langsmith.langsmith_server import LangSmith, serve_langsmith
from tests.scripted import ANN, OWLS, TOKENS, ScriptedLlm, doubt, drawing, graph_of, kind, says
from unco.errors import DataError, SettingsError
from unco.evals.on_langsmith.data_set import examples_of, upload_data_set
from unco.evals.on_langsmith.evaluators import score_all, score_post
from unco.types import GoldEntity, GoldPost

GOLD = [
    GoldPost("a", TOKENS, (GoldEntity(ANN, "PER", ()), GoldEntity(OWLS, "ORG", ())), (200, 100)),
    GoldPost("b", TOKENS, (GoldEntity(ANN, "ORG", ()),), (200, 100)),
]
SCRIPT = {("type", "Ann"): kind("PER")}


@pytest.fixture
def langsmith(monkeypatch: pytest.MonkeyPatch) -> Iterator[LangSmith]:
    for name in ("LANGSMITH_ENDPOINT", "LANGCHAIN_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    kept: Any = get_env_var  # it keeps what it read
    kept.cache_clear()
    with serve_langsmith() as server:
        yield server
    kept.cache_clear()


def client_of(server: LangSmith, **settings: Any) -> Client:
    return Client(api_url=server.url, api_key="none", **settings)  # pragma: allowlist secret


def graph() -> Any:
    return graph_of(says((ANN, "ORG", None, doubt("type")), (OWLS, "ORG", None, doubt())), ScriptedLlm(SCRIPT))


def scores(results: Any) -> dict[str, float | None]:
    return {one["key"]: one["score"] for one in results["results"]}


def test_a_post_is_scored_as_unco_evaluate_does() -> None:
    found = graph().invoke({"text": list(TOKENS), "id": "a"})
    gold = examples_of(GOLD)[0]["reference_outputs"]
    assert scores(score_post(found, gold)) == {"GMNER F1": 1.0, "MNER F1": 1.0, "EEG F1": 1.0}
    assert scores(score_post({}, gold)) == {"GMNER F1": 0.0, "MNER F1": 0.0, "EEG F1": 0.0}
    nothing = {"id": "c", "tokens": ["so"], "entities": []}
    assert scores(score_post({}, nothing)) == dict.fromkeys(("GMNER F1", "MNER F1", "EEG F1"))
    both = score_all([found, found | {"id": "b"}], [one["reference_outputs"] for one in examples_of(GOLD)])
    assert scores(both)["MNER F1"] == pytest.approx(4 / 7)  # 2 of 4 found, of 3
    with pytest.raises(DataError, match="entities"):
        score_post({"id": "a", "entities": [{"start": 1}]}, gold)


def test_an_example_names_the_picture_and_does_not_hold_it(tmp_path: Path) -> None:
    Path(drawing(tmp_path)).rename(tmp_path / "a.png")
    first, second = examples_of(GOLD, tmp_path)
    assert first["inputs"] == {"text": list(TOKENS), "id": "a", "image": str(tmp_path / "a.png")}
    assert "image" not in second["inputs"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The following arguments are no longer used")
def test_an_experiment_over_http(langsmith: LangSmith) -> None:
    client = client_of(langsmith)
    made = upload_data_set(GOLD, "tweets", client=client)
    assert [one["inputs"]["id"] for one in langsmith.examples] == ["a", "b"]
    with pytest.raises(SettingsError, match="'tweets' already"):
        upload_data_set(GOLD, "tweets", client=client)
    with pytest.raises(DataError, match="no posts"):
        upload_data_set([], "none", client=client)
    of_all: Any = score_all  # the types of `evaluate` know functions of runs alone
    results = evaluate(
        graph().invoke, data="tweets", evaluators=[score_post], summary_evaluators=[of_all], client=client
    )
    assert sorted((row["run"].outputs or {})["id"] for row in results) == ["a", "b"]
    client.flush()
    wait_for_all_tracers()
    until = time.monotonic() + 20
    while len(langsmith.feedback) < 9 and time.monotonic() < until:  # those of all posts are sent beside the rest
        time.sleep(0.05)
    assert langsmith.sessions[0]["reference_dataset_id"] == made
    per_post = [one["score"] for one in langsmith.feedback if one["key"] == "MNER F1" and one.get("run_id")]
    assert sorted(per_post) == [0.0, 1.0]
    [summary] = [one["score"] for one in langsmith.feedback if one["key"] == "MNER F1" and not one.get("run_id")]
    assert summary == pytest.approx(4 / 7, abs=1e-4)
    assert langsmith.unknown == []


@pytest.mark.slow
def test_texts_and_pictures_are_kept_out_of_traces(
    langsmith: LangSmith, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The switch is LangSmith's own; names, numbers and what a call was about are still there."""
    monkeypatch.setenv("LANGSMITH_HIDE_INPUTS", "true")
    monkeypatch.setenv("LANGSMITH_HIDE_OUTPUTS", "true")
    client = client_of(langsmith)
    tracer = LangChainTracer(client=client)
    picture = drawing(tmp_path)
    graph().invoke(
        {"text": " ".join(TOKENS), "image": picture}, {"callbacks": [tracer]}, context={"type_threshold": 0.2}
    )
    client.flush()
    wait_for_all_tracers()
    assert {"unco", "extract", "correct_type"} <= {run["name"] for run in langsmith.runs.values()}
    sent = b"\n".join(langsmith.bodies)
    assert b"type_threshold" in sent
    for secret in (*TOKENS[:1], "Owls", "PER", picture):
        assert secret.encode() not in sent
