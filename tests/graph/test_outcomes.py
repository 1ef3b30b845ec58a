"""Every way that a correction can end is written down, and all but `changed` leave the small model's value alone."""

from pathlib import Path
from typing import Any

import pytest

from tests.scripted import (
    ANN,
    FACE,
    MODEL,
    TOKENS,
    Answer,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    graph_of,
    kind,
    outcome,
    region,
    says,
    span,
    spoken,
)
from unco.errors import CallFailed, DataError, Unavailable
from unco.graph import PostGraph
from unco.state import RESULT, read_result
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.types import Extraction, PictureInfo, Post, Span

TEXT = " ".join(TOKENS)
LEE = Span(1, 2)
UNREADABLE = "I think it is Ann."

GONE = Unavailable("the endpoint cannot be reached", "unreachable")


def ask_about(attribute: str, answer: Answer, tmp_path: Path, **settings: Any) -> tuple[dict[str, Any], ScriptedLlm]:
    """Ask about one entity, unsure of one attribute, with the MLLM's answer."""
    llm = ScriptedLlm({(attribute, "Ann"): answer}, **settings)
    graph = graph_of(says((ANN, "ORG", FACE, doubt(attribute))), llm)
    return graph.invoke({"text": TEXT, "image": drawing(tmp_path)}), llm


CHANGED = {
    "span": (span("Ann Lee"), {"start": 0, "stop": 2}),
    "type": (kind("PER"), "PER"),
    "region": (region(20, 20, 80, 90), {"x1": 20, "y1": 20, "x2": 80, "y2": 90}),
}
KEPT = {"span": span("Ann"), "type": kind("ORG"), "region": region(10, 10, 60, 90)}
BEFORE = {"span": {"start": 0, "stop": 1}, "type": "ORG", "region": {"x1": 10, "y1": 10, "x2": 60, "y2": 90}}
REJECTED = {
    "a span that is not in the text": ("span", span("Anna"), "does not stand in the post"),
    "a span that is too far": ("span", span("Owls"), "does not stand in the post"),
    "a type that is unknown": ("type", kind("DOG"), "there is PER, ORG"),
    "a box far outside": ("region", region(900, 900, 950, 950), "outside the picture"),
    "a box beside the picture": ("region", region(210, 10, 250, 60), "less than one pixel"),
    "a box without height": ("region", region(20, 20, 80, 20), "less than one pixel"),
}


@pytest.mark.parametrize("attribute", CHANGED)
def test_changed(attribute: str, tmp_path: Path) -> None:
    answer, after = CHANGED[attribute]
    result, _ = ask_about(attribute, answer, tmp_path)
    note = account(result, attribute)
    assert (note["outcome"], note["before"], note["after"]) == ("changed", BEFORE[attribute], after)
    assert result["entities"][0][attribute] == after
    assert note["answer"] == "value"


@pytest.mark.parametrize("attribute", KEPT)
def test_kept(attribute: str, tmp_path: Path) -> None:
    result, _ = ask_about(attribute, KEPT[attribute], tmp_path)
    note = account(result, attribute)
    assert (note["outcome"], note["answer"], note["after"]) == ("kept", "value", BEFORE[attribute])


@pytest.mark.parametrize("attribute", KEPT)
def test_skipped(attribute: str, tmp_path: Path) -> None:
    llm = ScriptedLlm()
    result = graph_of(says((ANN, "ORG", FACE, doubt())), llm).invoke({"text": TEXT, "image": drawing(tmp_path)})
    note = account(result, attribute)
    assert (note["outcome"], note["answer"], note["before"]) == ("skipped", None, BEFORE[attribute])
    assert (note["calls"], note["model"], note["prompt"]) == (0, "", "")
    assert llm.asked == []


@pytest.mark.parametrize("case", REJECTED)
def test_rejected(case: str, tmp_path: Path) -> None:
    attribute, answer, why = REJECTED[case]
    result, llm = ask_about(attribute, answer, tmp_path)
    note = account(result, attribute)
    assert (note["outcome"], note["answer"]) == ("rejected", "value")
    assert why in note["detail"]
    assert note["after"] == note["before"] == BEFORE[attribute] == result["entities"][0][attribute]
    assert len(llm.asked) == 1


@pytest.mark.parametrize("attribute", KEPT)
def test_failed_because_it_was_unreadable_twice(attribute: str, tmp_path: Path) -> None:
    result, llm = ask_about(attribute, [UNREADABLE, ""], tmp_path)
    note = account(result, attribute)
    assert (note["outcome"], note["answer"], note["calls"]) == ("failed", "unreadable", 2)
    assert note["detail"] == "the answer was empty"
    assert result["entities"][0][attribute] == BEFORE[attribute]
    assert len(llm.asked) == 2


def test_one_more_question_quotes_the_fault(tmp_path: Path) -> None:
    result, llm = ask_about("type", [UNREADABLE, kind("PER")], tmp_path)
    first, second = (asked.request for asked in llm.asked)
    assert first.turns == ()
    ((answer, again),) = second.turns
    assert answer == UNREADABLE
    assert "there was no JSON object in the answer" in again
    assert (second.system, second.user, second.picture) == (first.system, first.user, first.picture)
    note = account(result, "type")
    assert (note["outcome"], note["calls"], note["input_tokens"], note["output_tokens"]) == ("changed", 2, 22, 14)


def test_an_empty_answer_is_quoted_as_such(tmp_path: Path) -> None:
    _, llm = ask_about("type", ["", kind("PER")], tmp_path)
    assert llm.asked[1].request.turns[0][0] == "(empty)"


@pytest.mark.parametrize("attribute", KEPT)
def test_failed_because_the_call_did(attribute: str, tmp_path: Path) -> None:
    result, llm = ask_about(attribute, CallFailed("the endpoint answered with status 500"), tmp_path)
    note = account(result, attribute)
    assert (note["outcome"], note["answer"], note["calls"]) == ("failed", "failed", 0)
    assert "status 500" in note["detail"]
    assert result["entities"][0][attribute] == BEFORE[attribute]


def test_a_call_that_fails_after_an_unreadable_answer_keeps_the_count(tmp_path: Path) -> None:
    result, _ = ask_about("type", [UNREADABLE, CallFailed("too slow")], tmp_path)
    note = account(result, "type")
    assert (note["outcome"], note["answer"], note["calls"], note["model"]) == ("failed", "failed", 1, MODEL)


def test_unavailable_because_nobody_could_be_asked(tmp_path: Path) -> None:
    result, _ = ask_about("type", GONE, tmp_path)
    note = account(result, "type")
    assert (note["outcome"], note["answer"], note["detail"]) == ("unavailable", None, str(GONE))


def test_unavailable_because_calls_are_off(tmp_path: Path) -> None:
    graph = graph_of(says((ANN, "ORG", FACE, doubt("span type region"))), Mllm())
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)})
    assert outcome(result) == {"span": "unavailable", "type": "unavailable", "region": "unavailable"}
    assert "UNCO_LLM_BASE_URL" in account(result, "span")["detail"]
    assert account(result, "span")["prompt"] == "span/v1"


def test_a_broken_recording_stops_the_run(tmp_path: Path) -> None:
    llm = Mllm(model=MODEL, recording=Recording(tmp_path / "none.jsonl"))
    graph = graph_of(says((ANN, "ORG", FACE, doubt("type"))), llm)
    with pytest.raises(DataError, match=r"none\.jsonl"):
        graph.invoke({"text": TEXT}, context={"mode": "replay"})


def test_a_region_without_a_picture_is_unavailable_and_costs_nothing() -> None:
    llm = ScriptedLlm()
    result = graph_of(says((ANN, "ORG", None, doubt("region"))), llm).invoke({"text": TEXT})
    assert account(result, "region")["detail"] == "the post has no picture to look at"
    assert llm.asked == []


def test_a_picture_that_only_the_prediction_knows_cannot_be_looked_at() -> None:
    llm = ScriptedLlm()
    known = PictureInfo("elsewhere.jpg", "ab" * 32, 200, 100)
    result = graph_of(says((ANN, "ORG", FACE, doubt("region")), picture=known), llm).invoke({"text": TEXT})
    assert outcome(result)["region"] == "unavailable"
    assert llm.asked == []


REGION_ANSWERS: dict[str, tuple[str | Exception, str, str, object]] = {
    "null": (region(), "changed", "null", None),
    "a box": (region(20, 20, 80, 90), "changed", "value", {"x1": 20, "y1": 20, "x2": 80, "y2": 90}),
    "no such key": (spoken(corrected_type="PER"), "failed", "unreadable", BEFORE["region"]),
    "three numbers": (spoken(corrected_bounding_box=[1, 2, 3]), "failed", "unreadable", BEFORE["region"]),
    "no answer": (CallFailed("timed out"), "failed", "failed", BEFORE["region"]),
}


@pytest.mark.parametrize("case", REGION_ANSWERS)
def test_not_in_the_picture_is_no_failure_and_no_failure_is_that(case: str, tmp_path: Path) -> None:
    answer, expected, state, after = REGION_ANSWERS[case]
    result, _ = ask_about("region", answer if isinstance(answer, Exception) else [answer, answer], tmp_path)
    note = account(result, "region")
    assert (note["outcome"], note["answer"], note["after"]) == (expected, state, after)
    assert result["entities"][0]["region"] == after


def test_null_for_what_was_not_in_the_picture_is_kept(tmp_path: Path) -> None:
    llm = ScriptedLlm({("region", "Ann"): region()})
    graph = graph_of(says((ANN, "ORG", None, doubt("region"))), llm)
    note = account(graph.invoke({"text": TEXT, "image": drawing(tmp_path)}), "region")
    assert (note["outcome"], note["answer"], note["after"]) == ("kept", "null", None)
    assert "Box as found (null means not in the picture): null" in llm.asked[0].request.user


async def test_a_bug_is_an_exception_and_no_outcome(tmp_path: Path) -> None:
    llm = ScriptedLlm({("type", "Ann"): RuntimeError("a bug")})
    graph = graph_of(says((ANN, "ORG", FACE, doubt("type"))), llm)
    with pytest.raises(RuntimeError, match="a bug"):
        graph.invoke({"text": TEXT})
    with pytest.raises(RuntimeError, match="a bug"):
        await graph.ainvoke({"text": TEXT})


@pytest.mark.parametrize("answer", [KEPT["type"], UNREADABLE, CallFailed("slow"), GONE], ids=str)
async def test_async_ends_as_sync_does(answer: str | Exception, tmp_path: Path) -> None:
    def graph() -> PostGraph:
        replies: Answer = answer if isinstance(answer, Exception) else [answer, answer]
        return graph_of(says((ANN, "ORG", FACE, doubt("type"))), ScriptedLlm({("type", "Ann"): replies}))

    post = {"text": TEXT, "image": drawing(tmp_path)}
    assert await graph().ainvoke(post) == graph().invoke(post)


def test_one_failure_leaves_the_other_correctors_and_entities_at_work(tmp_path: Path) -> None:
    llm = ScriptedLlm({("span", "Ann"): CallFailed("slow"), ("type", "Ann"): kind("PER")})
    graph = graph_of(says((ANN, "ORG", FACE, doubt("span type region"))), llm)
    result = graph.invoke({"text": TEXT, "image": drawing(tmp_path)})
    assert outcome(result) == {"span": "failed", "type": "changed", "region": "kept"}


def test_what_was_written_by_hand_says_so(tmp_path: Path) -> None:
    result, _ = ask_about("type", kind("PER"), tmp_path)
    note = account(result, "type")
    assert (note["authored"], note["model"], note["reasoning"]) == (True, MODEL, "By hand.")
    assert len(note["prompt_hash"]) == 12


async def test_a_picture_that_is_gone_fails_the_correction_and_loses_nothing(tmp_path: Path) -> None:
    def extract_then_delete(post: Post) -> Extraction:
        extraction = says((ANN, "PER", FACE, doubt("region")))(post)
        Path(str(post.image)).unlink()
        return extraction

    graph = graph_of(extract_then_delete, ScriptedLlm())
    sync = graph.invoke({"text": " ".join(TOKENS), "image": drawing(tmp_path)})
    for result in (sync, await graph.ainvoke({"text": " ".join(TOKENS), "image": drawing(tmp_path)})):
        note = account(result, "region")
        assert (note["outcome"], note["answer"]) == ("failed", "failed")
        assert "no picture at" in note["detail"]


def test_half_a_character_in_a_reply_does_not_spoil_the_result(tmp_path: Path) -> None:
    llm = ScriptedLlm({("type", "Ann"): '{"reasoning_process": "x \\ud83d", "corrected_type": "ORG"}'})
    result = graph_of(says((ANN, "PER", FACE, doubt("type"))), llm).invoke({"text": " ".join(TOKENS)})
    assert account(result, "type")["reasoning"] == "x ?"
    assert RESULT.dump_json(read_result(result))


NEIGHBOURS = says((ANN, "PER", FACE, doubt("span type region")), (LEE, "ORG", None, doubt()))


def test_a_neighbours_words_bring_neither_its_type_nor_its_box(tmp_path: Path) -> None:
    llm = ScriptedLlm(
        {("span", "Ann"): span("Lee"), ("type", "Lee"): kind("ORG"), ("region", "Lee"): region(9, 9, 30, 30)}
    )
    result = graph_of(NEIGHBOURS, llm).invoke({"text": TEXT, "image": drawing(tmp_path)})
    assert outcome(result) == {"span": "rejected", "type": "kept", "region": "kept"}
    assert llm.keys == [("span", "Ann"), ("type", "Ann"), ("region", "Ann")]
    assert account(result, "span")["detail"] == "'Lee' shares words with another entity"
