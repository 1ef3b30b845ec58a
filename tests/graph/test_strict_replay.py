"""In mode `replay` a question that is not recorded ends the run, and one that was never asked is no miss."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ANN, FACE, MODEL, TOKENS, ScriptedLlm, account, doubt, drawing, graph_of, kind, says
from unco.context import Context
from unco.errors import RecordingMiss
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request
from unco.types import Extraction

TEXT = " ".join(TOKENS)
POST = {"text": TEXT}
REPLAY = Context(mode="replay")


def small_model(unsure: str = "type") -> Any:
    return says((ANN, "ORG", FACE, doubt(unsure)))


def question(post: dict[str, Any] = POST) -> Request:
    """Return the question about the post's type."""
    llm = ScriptedLlm()
    graph_of(small_model(), llm).invoke(post)
    return llm.asked[0].request


def recording(path: Path, *recorded: tuple[Request, str]) -> Recording:
    path.write_text("", encoding="utf-8")
    for request, answer in recorded:
        Recording(path).add(request, Reply(text=answer, finish_reason="stop", model=request.model))
    return Recording(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "asked.jsonl"


def test_a_miss_ends_the_run_and_names_the_nearest(path: Path) -> None:
    other = replace(question(), user=question().user.replace("Ann", "Bob"))
    graph = graph_of(small_model(), Mllm(model=MODEL, recording=recording(path, (other, kind("PER")))))
    with pytest.raises(RecordingMiss, match=r"no recording matches this type/v1. Nearest is number 1 of 1 \(type/v1\)"):
        graph.invoke(POST, context=REPLAY)


async def test_async_and_in_batches_too(path: Path) -> None:
    graph = graph_of(small_model(), Mllm(model=MODEL, recording=recording(path)))
    with pytest.raises(RecordingMiss, match="the recording is empty"):
        await graph.ainvoke(POST, context=REPLAY)
    with pytest.raises(RecordingMiss, match="the recording is empty"):
        await graph.abatch([POST, POST], context=REPLAY)


def test_a_question_that_would_be_asked_again_is_a_miss_too(path: Path) -> None:
    graph = graph_of(small_model(), Mllm(model=MODEL, recording=recording(path, (question(), "no object"))))
    with pytest.raises(RecordingMiss, match="First difference in turns"):
        graph.invoke(POST, context=REPLAY)


def test_the_second_model_of_a_chain_answers_as_it_did_when_the_first_one_failed(path: Path) -> None:
    recorded = recording(path, (replace(question(), model="authored-second"), kind("PER")))
    second = Mllm(model="authored-second", frame="pixels", recording=recorded)
    first = Mllm(model=MODEL, recording=recorded, fallbacks=(second,))
    note = account(graph_of(small_model(), first).invoke(POST, context=REPLAY), "type")
    assert (note["outcome"], note["after"], note["model"]) == ("changed", "PER", "authored-second")


def test_a_miss_of_every_model_of_a_chain_names_the_first_ones(path: Path) -> None:
    recorded = recording(path)
    second = Mllm(model="authored-second", frame="pixels", recording=recorded)
    with pytest.raises(RecordingMiss):
        graph_of(small_model(), Mllm(model=MODEL, recording=recorded, fallbacks=(second,))).invoke(POST, context=REPLAY)


def test_what_privacy_forbids_was_never_asked(path: Path) -> None:
    llm = Mllm("http://mllm.example/v1", MODEL, recording=recording(path), terms=Terms(privacy=Privacy(type="local")))
    note = account(graph_of(small_model(), llm).invoke(POST, context=REPLAY), "type")
    assert (note["outcome"], note["reason"]) == ("unavailable", "policy")


def test_what_a_posts_cap_cut_is_cut_in_replay_too(path: Path, tmp_path: Path) -> None:
    post = POST | {"image": drawing(tmp_path)}
    sure_of_span: Any = lambda post: _less_sure_of_type(small_model("span type")(post))  # noqa: E731
    llm = ScriptedLlm()
    graph_of(sure_of_span, llm).invoke(post, context=Context(post_calls=1))
    assert len(llm.asked) == 1
    recorded = recording(path, (llm.asked[0].request, kind("PER")))
    capped = replace(REPLAY, post_calls=1)
    result = graph_of(sure_of_span, Mllm(model=MODEL, recording=recorded)).invoke(post, context=capped)
    assert (account(result, "type")["outcome"], account(result, "span")["reason"]) == ("changed", "budget")


def _less_sure_of_type(found: Extraction) -> Extraction:
    (entity,) = found.entities
    unsure = replace(entity, uncertainty=replace(entity.uncertainty, span=0.6))
    return replace(found, entities=(unsure,))


def test_a_post_without_a_question_needs_no_recording_of_it(path: Path) -> None:
    graph = graph_of(small_model(""), Mllm(model=MODEL, recording=recording(path)))
    assert graph.invoke(POST, context=REPLAY)["entities"]
