"""Budget, privacy, deadlines and the chain of models, as a caller of the graph sees them."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.scripted import (
    ANN,
    ARBOR,
    FACE,
    OWLS,
    TOKENS,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    graph_of,
    kind,
    outcome,
    region,
    says,
)
from unco.context import Context
from unco.errors import CallFailed, SettingsError, Unavailable
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.privacy import Privacy
from unco.types import Extraction, Post, Uncertainty

POST = {"text": " ".join(TOKENS)}
WRONG_TYPE = says((ANN, "ORG", FACE, doubt("type")))
TO_PER = {("type", "Ann"): kind("PER")}


def test_the_most_uncertain_attributes_are_asked_and_the_others_say_why_not() -> None:
    small_model = says(
        (ANN, "ORG", None, Uncertainty(0.9, 0.95, 0.1)),
        (OWLS, "PER", None, Uncertainty(0.92, 0.1, 0.1)),
    )
    llm = ScriptedLlm()
    result = graph_of(small_model, llm).invoke(POST, context=Context(post_calls=2))
    assert set(llm.keys) == {("type", "Ann"), ("span", "Blue Owls")}
    cut = account(result, "span", 0)
    assert (cut["outcome"], cut["calls"], cut["cost"]) == ("unavailable", 0, 0.0)
    assert cut["detail"].startswith("budget: ")


def test_a_second_try_needs_a_call_as_well() -> None:
    llm = ScriptedLlm({("type", "Ann"): ["no json", kind("PER")]})
    tight = graph_of(WRONG_TYPE, llm).invoke(POST, context=Context(post_calls=1))
    assert (outcome(tight)["type"], len(llm.asked)) == ("failed", 1)
    llm.asked.clear()
    roomy = graph_of(WRONG_TYPE, llm).invoke(POST, context=Context(post_calls=2))
    assert (outcome(roomy)["type"], len(llm.asked)) == ("changed", 2)


def test_a_runs_cap_holds_over_posts() -> None:
    llm = Mllm("http://127.0.0.1:9/v1", "authored-x", terms=Terms(budget=Budget(Caps(calls=0))))
    result = graph_of(WRONG_TYPE, llm).invoke(POST)
    assert account(result, "type")["detail"].startswith("budget: ")


def test_each_exchange_is_kept_word_for_word() -> None:
    llm = ScriptedLlm({("type", "Ann"): ["no json", kind("PER")]})
    note = account(graph_of(WRONG_TYPE, llm).invoke(POST), "type")
    first, second = note["exchanges"]
    assert (first["text"], first["fault"]) == ("no json", "there was no JSON object in the answer")
    assert (second["text"], second["fault"]) == (kind("PER"), "")
    assert (note["calls"], note["input_tokens"], note["cost"]) == (2, 22, None)


@pytest.mark.parametrize("private", [True, False])
def test_a_private_post_is_not_asked_about_elsewhere(monkeypatch: pytest.MonkeyPatch, private: bool) -> None:
    def no_client(*_: object) -> None:
        raise Unavailable("a client would be built", "unreachable")

    monkeypatch.setattr("unco.tools.llm.endpoint.build_client", no_client)
    llm = Mllm("https://api.example.com/v1", "authored-x")
    note = account(graph_of(WRONG_TYPE, llm).invoke(POST | {"private": private}), "type")
    expected = "policy: the post is private" if private else "a client would be built"
    assert (note["outcome"], note["detail"][: len(expected)]) == ("unavailable", expected)


def test_a_posts_time_ends() -> None:
    llm = Mllm("http://127.0.0.1:9/v1", "authored-x")
    note = account(graph_of(WRONG_TYPE, llm).invoke(POST, context=Context(post_seconds=0)), "type")
    assert (note["outcome"], note["detail"]) == ("unavailable", "deadline: no time is left to ask")


@pytest.mark.parametrize("fault", [Unavailable("it cannot be reached", "unreachable"), CallFailed("it took too long")])
async def test_the_next_model_is_asked_when_one_does_not_answer(fault: Exception) -> None:
    second = ScriptedLlm(TO_PER)
    graph = graph_of(WRONG_TYPE, ScriptedLlm({("type", "Ann"): fault}, fallbacks=(second,)))
    for result in (graph.invoke(POST), await graph.ainvoke(POST)):
        note = account(result, "type")
        assert (note["outcome"], note["after"], note["detail"]) == ("changed", "PER", str(fault))
    assert len(second.asked) == 2


@pytest.mark.parametrize("answer", ["no json", kind("NOTHING"), kind("ORG")])
def test_after_a_bad_answer_no_other_model_is_asked(answer: str) -> None:
    second = ScriptedLlm(TO_PER)
    graph_of(WRONG_TYPE, ScriptedLlm({("type", "Ann"): answer}, fallbacks=(second,))).invoke(POST)
    assert second.asked == []


def test_when_nobody_answers_all_failures_are_recorded() -> None:
    chain = ScriptedLlm(
        {("type", "Ann"): CallFailed("one broke")},
        fallbacks=(ScriptedLlm({("type", "Ann"): Unavailable("two is off", "unreachable")}),),
    )
    note = account(graph_of(WRONG_TYPE, chain).invoke(POST), "type")
    assert (note["outcome"], note["detail"]) == ("unavailable", "one broke; then: two is off")


def test_each_model_of_a_chain_is_asked_in_its_own_frame(tmp_path: Path) -> None:
    picture = drawing(tmp_path)
    small_model = says((ARBOR, "PER", FACE, doubt("region")))
    first = ScriptedLlm({("region", "Ann"): CallFailed("broke")})
    second = ScriptedLlm({("region", "Ann"): region(500, 100, 1000, 900)})
    second.model, second.frame = "other", "0-1000"
    first.fallbacks = (second,)
    result = graph_of(small_model, first).invoke(POST | {"image": picture})
    assert result["entities"][0]["region"] == {"x1": 100.0, "y1": 10.0, "x2": 200.0, "y2": 90.0}
    assert (first.asked[0].request.model, second.asked[0].request.model) == ("authored-test", "other")


def test_a_model_named_by_the_context_is_asked_alone() -> None:
    second = ScriptedLlm(TO_PER)
    second.model = "authored-other"
    first = ScriptedLlm({("type", "Ann"): CallFailed("broke")}, fallbacks=(second,))
    graph = graph_of(WRONG_TYPE, first)
    assert outcome(graph.invoke(POST, context=Context(model="authored-other")))["type"] == "changed"
    assert first.asked == []
    assert outcome(graph.invoke(POST, context=Context(model="authored-test")))["type"] == "failed"


def test_only_the_entitys_own_crop_is_sent_for_its_type(tmp_path: Path) -> None:
    small_model = says((ANN, "ORG", FACE, doubt("type")), (OWLS, "PER", None, doubt("type")))
    llm = ScriptedLlm(terms=Terms(privacy=Privacy(crop=frozenset({"type"}))))
    graph_of(small_model, llm).invoke(POST | {"image": drawing(tmp_path)})
    asked = {one.entity: one.request.picture for one in llm.asked}
    assert asked["Blue Owls"] is None
    assert asked["Ann"] is not None
    assert Image.open(BytesIO(asked["Ann"].data)).size == (60, 96), "50 x 80 and a tenth on each side"


@pytest.mark.parametrize("field", ["post_calls", "post_usd", "post_seconds"])
@pytest.mark.parametrize("value", [-1, "3", True])
def test_a_cap_is_a_number(field: str, value: object) -> None:
    with pytest.raises(SettingsError, match=field):
        replace(Context(), **{field: value})  # type: ignore[arg-type]  # wrong on purpose


def test_a_limit_on_the_sent_picture_keeps_the_boxes_right(tmp_path: Path) -> None:
    small_model = says((ANN, "PER", None, doubt("region")))
    llm = ScriptedLlm({("region", "Ann"): region(10, 5, 50, 45)}, terms=Terms(privacy=Privacy(longest_side=100)))
    result = graph_of(small_model, llm).invoke(POST | {"image": drawing(tmp_path)})
    sent = llm.asked[0].request
    assert sent.picture is not None
    assert Image.open(BytesIO(sent.picture.data)).size == (100, 50)
    assert "100 pixels wide and 50 pixels high" in sent.system
    assert result["entities"][0]["region"] == {"x1": 20.0, "y1": 10.0, "x2": 100.0, "y2": 90.0}


def test_a_picture_that_has_changed_since_is_not_asked_about(tmp_path: Path) -> None:
    picture = drawing(tmp_path)
    small_model, llm = says((ANN, "PER", FACE, doubt("region"))), ScriptedLlm()

    def swapped(post: Post) -> Extraction:
        found = small_model(post)
        Image.new("RGB", (2000, 1000), "white").save(picture)
        return found

    note = account(graph_of(swapped, llm).invoke(POST | {"image": picture}), "region")
    assert (note["outcome"], llm.asked) == ("failed", [])
    assert "has changed since the small model looked at it" in note["detail"]


def test_what_no_model_could_be_asked_is_reported_once() -> None:
    chain = ScriptedLlm(fallbacks=(ScriptedLlm(), ScriptedLlm()))
    note = account(graph_of(says((ANN, "PER", FACE, doubt("region"))), chain).invoke(POST), "region")
    assert note["detail"] == "the post has no picture to look at"
