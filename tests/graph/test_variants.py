"""The paper's variants: same input, same output, and what each asks and changes."""

from pathlib import Path
from typing import Any, get_args

import pytest

from tests.scripted import (
    ANN,
    ARBOR,
    FACE,
    MODEL,
    OWLS,
    TOKENS,
    Answer,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    found,
    outcome,
    says,
    spoken,
)
from unco.errors import CallFailed, PostError, SettingsError, Unavailable
from unco.graph import PostGraph, build_variant
from unco.graph.variants import Variant
from unco.state import RESULT, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.types import Span

TEXT = " ".join(TOKENS)
NAMES = get_args(Variant)
SMALL_MODEL = says((ANN, "ORG", FACE, doubt("type")), (OWLS, "ORG", None, doubt()), (ARBOR, "ORG", None, doubt("span")))


def variant(name: str, llm: Mllm, small_model: Any = SMALL_MODEL) -> PostGraph:
    return build_variant(name, small_model_tool(small_model), llm)


def post(tmp_path: Path) -> dict[str, Any]:
    return {"text": TEXT, "image": drawing(tmp_path), "id": "p1"}


def one_shot(words: str, kind: str, *corners: float) -> str:
    return spoken(corrected_entity=words, corrected_type=kind, corrected_bounding_box=list(corners) or None)


@pytest.mark.parametrize("name", NAMES)
async def test_every_variant_takes_a_post_and_gives_a_result(name: str, tmp_path: Path) -> None:
    script = {("one_shot", "Ann"): one_shot("Ann Lee", "PER"), ("generate", ""): found(("Ann Lee", "PER", None))}
    graph = variant(name, ScriptedLlm(script))
    result = graph.invoke(post(tmp_path))
    assert result.keys() == RESULT.json_schema()["properties"].keys()
    assert result["id"] == "p1"
    assert all(len(entity["corrections"]) == 3 for entity in result["entities"])
    assert read_result(result).tokens == TOKENS
    assert await graph.ainvoke(post(tmp_path)) == result
    assert graph.batch([post(tmp_path), post(tmp_path)]) == [result, result]
    with pytest.raises(PostError):
        graph.invoke({"txt": "Ann"})
    assert graph.get_graph(xray=True).draw_mermaid()


@pytest.mark.parametrize("name", NAMES)
def test_without_anybody_to_ask_every_variant_ends(name: str, tmp_path: Path) -> None:
    result = variant(name, Mllm()).invoke(post(tmp_path))
    assert {note["outcome"] for entity in result["entities"] for note in entity["corrections"]} <= {
        "skipped",
        "unavailable",
    }


def test_an_unknown_variant_names_those_there_are() -> None:
    with pytest.raises(SettingsError, match="unco, small_only, correct_all, one_shot, generate"):
        variant("all", Mllm())


def test_small_only_asks_nobody(tmp_path: Path) -> None:
    llm = ScriptedLlm()
    result = variant("small_only", llm).invoke(post(tmp_path), context={"span_threshold": -1})
    assert llm.asked == []
    assert result["thresholds"] == {"span": 1.0, "type": 1.0, "region": 1.0, "drop": 1.0, "recall": None}
    assert {note["outcome"] for entity in result["entities"] for note in entity["corrections"]} == {"skipped"}


def test_correct_all_asks_about_everything(tmp_path: Path) -> None:
    llm = ScriptedLlm()
    result = variant("correct_all", llm).invoke(post(tmp_path), {"max_concurrency": 1}, context={"type_threshold": 1.0})
    assert sorted(asked.attribute for asked in llm.asked) == ["region"] * 3 + ["span"] * 3 + ["type"] * 3
    assert result["thresholds"] == {"span": -1.0, "type": -1.0, "region": -1.0, "drop": 1.0, "recall": None}


def ask_once(answer: Answer, tmp_path: Path, image: bool = True) -> tuple[dict[str, Any], ScriptedLlm]:
    """Ask about Ann, unsure of her type only, with the MLLM's answer about all three."""
    llm = ScriptedLlm({("one_shot", "Ann"): answer})
    small_model = says((ANN, "ORG", FACE if image else None, doubt("type")), (OWLS, "ORG", None, doubt()))
    return variant("one_shot", llm, small_model).invoke(post(tmp_path) if image else {"text": TEXT}), llm


def test_one_question_corrects_all_three_also_what_was_sure(tmp_path: Path) -> None:
    result, llm = ask_once(one_shot("Ann Lee", "PER", 20, 20, 80, 90), tmp_path)
    assert len(llm.asked) == 1
    assert outcome(result) == {"span": "changed", "type": "changed", "region": "changed"}
    ann, owls = result["entities"]
    assert (ann["text"], ann["type"], ann["region"]["x1"]) == ("Ann Lee", "PER", 20)
    assert {note["outcome"] for note in owls["corrections"]} == {"skipped"}
    assert [note["before"] for note in ann["corrections"]][1] == "ORG"


def test_the_question_says_all_three_uncertainties_and_thresholds(tmp_path: Path) -> None:
    _, llm = ask_once(one_shot("Ann", "ORG", 10, 10, 60, 90), tmp_path)
    request = llm.asked[0].request
    assert request.prompt == "one_shot/v1"
    assert "Above 0.40 for the words, 0.30 for the type and 0.50 for the box" in request.system
    for line in ("of its words: 0.10", "of this type: 0.90", "of this box: 0.10", "picture): [10, 10, 60, 90]"):
        assert line in request.user
    assert request.picture is not None


@pytest.mark.parametrize("unreadable_first", [False, True])
def test_its_cost_is_counted_once(unreadable_first: bool, tmp_path: Path) -> None:
    answer = one_shot("Ann Lee", "PER", 20, 20, 80, 90)
    result, llm = ask_once(["I think so.", answer] if unreadable_first else answer, tmp_path)
    notes = result["entities"][0]["corrections"]
    asked = len(llm.asked)
    assert [note["calls"] for note in notes] == [asked, 0, 0]
    assert sum(note["input_tokens"] for note in notes) == 11 * asked
    assert sum(note["output_tokens"] for note in notes) == 7 * asked
    assert {note["model"] for note in notes} == {MODEL}
    assert all(note["authored"] and note["reasoning"] == "By hand." for note in notes)


ONE_REJECTED = {
    "span": (one_shot("Anna", "PER", 20, 20, 80, 90), "does not stand in the post"),
    "type": (one_shot("Ann Lee", "DOG", 20, 20, 80, 90), "there is PER, ORG"),
    "region": (one_shot("Ann Lee", "PER", 900, 900, 950, 950), "outside the picture"),
}


@pytest.mark.parametrize("attribute", ONE_REJECTED)
def test_each_attribute_is_verified_on_its_own(attribute: str, tmp_path: Path) -> None:
    answer, why = ONE_REJECTED[attribute]
    result, _ = ask_once(answer, tmp_path)
    outcomes = outcome(result)
    assert outcomes.pop(attribute) == "rejected"
    assert set(outcomes.values()) == {"changed"}
    assert why in account(result, attribute)["detail"]
    assert account(result, attribute)["after"] == account(result, attribute)["before"]


FAULTS: dict[str, tuple[Answer, str, str | None, int]] = {
    "unreadable": (["no", "no"], "failed", "unreadable", 2),
    "call failed": (CallFailed("status 500"), "failed", "failed", 0),
    "nobody": (Unavailable("gone", "unreachable"), "unavailable", None, 0),
}


@pytest.mark.parametrize("case", FAULTS)
def test_a_question_that_fails_fails_for_all_three(case: str, tmp_path: Path) -> None:
    answer, expected, state, calls = FAULTS[case]
    result, _ = ask_once(answer, tmp_path)
    notes = result["entities"][0]["corrections"]
    assert {(note["outcome"], note["answer"]) for note in notes} == {(expected, state)}
    assert sum(note["calls"] for note in notes) == calls
    assert result["entities"][0]["text"] == "Ann"


def test_without_a_picture_words_and_type_are_corrected_and_the_box_is_not(tmp_path: Path) -> None:
    result, llm = ask_once(one_shot("Ann Lee", "PER", 1, 1, 50, 50), tmp_path, image=False)
    assert outcome(result) == {"span": "changed", "type": "changed", "region": "unavailable"}
    assert account(result, "region")["detail"] == "the post has no picture to look at"
    assert "A box is written as null, for this post has no picture." in llm.asked[0].request.system
    assert llm.asked[0].request.picture is None


def test_two_entities_of_one_question_each_do_not_take_the_same_words() -> None:
    llm = ScriptedLlm(
        {
            ("one_shot", "for the"): one_shot("for the Blue Owls", "ORG"),
            ("one_shot", "Blue Owls"): one_shot("Owls", "ORG"),
        }
    )
    small_model = says((Span(3, 5), "ORG", None, doubt("span")), (OWLS, "ORG", None, doubt("span")))
    result = variant("one_shot", llm, small_model).invoke({"text": TEXT})
    spans = [Span(**entity["span"]) for entity in result["entities"]]
    assert not spans[0].overlaps(spans[1])


def test_generation_only_where_the_small_model_is_unsure(tmp_path: Path) -> None:
    script = {("generate", ""): found(("Blue Owls", "ORG", None))}
    unsure, llm = variant("generate_uncertain", ScriptedLlm(script)), ScriptedLlm(script)
    assert [entity["text"] for entity in unsure.invoke(post(tmp_path))["entities"]] == ["Blue Owls"]
    sure = variant("generate_uncertain", llm, says((ANN, "ORG", FACE, doubt()), (ARBOR, "LOC", None, doubt())))
    result = read_result(sure.invoke(post(tmp_path)))
    assert [entity.span for entity in result.entities] == [ANN, ARBOR], "as the small model left them"
    assert result.questions == ()
    assert llm.asked == []
