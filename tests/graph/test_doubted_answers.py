"""An answer that the MLLM itself doubts, or that a second opinion does not choose, changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.scripted import (
    ANN,
    FACE,
    OWLS,
    ScriptedLlm,
    account,
    doubt,
    drawing,
    graph_of,
    kind,
    region,
    says,
    span,
    spoken,
)
from unco.context import Context
from unco.errors import SettingsError, Unavailable
from unco.nodes.questions.accept import belief_in_change
from unco.nodes.questions.question import MAX_CALLS
from unco.types import PictureInfo

TYPE = ("type", "Ann")
SMALL = says((ANN, "PER", None, doubt("type")))
"""Unsure of the type, by 0.9."""


def run(llm: ScriptedLlm, context: Context, small: Any = SMALL, **post: Any) -> dict[str, Any]:
    found: dict[str, Any] = graph_of(small, llm).invoke({"text": "any", **post}, context=context)
    return found


def sure(probability: float, answer: str = kind("ORG")) -> ScriptedLlm:
    llm = ScriptedLlm({TYPE: answer})
    llm.sure[TYPE] = probability
    return llm


@pytest.mark.parametrize(
    ("confidence", "uncertainty", "belief"),
    [(0.8, 0.5, 0.8), (0.5, 0.3, 0.3), (0.9, 0.1, 0.5), (0.2, 0.9, 0.18 / 0.26), (1, 0, 0.5), (1, 0.5, 1), (0, 0.5, 0)],
)
def test_belief_is_bayes_rule(confidence: float, uncertainty: float, belief: float) -> None:
    assert belief_in_change(confidence, uncertainty) == pytest.approx(belief)


def test_a_change_counts_if_it_is_believed_enough() -> None:
    note = account(run(sure(0.2), Context(type_accept=0.69)), "type")
    assert (note["outcome"], note["after"]) == ("changed", "ORG")
    assert note["confidence"] == pytest.approx(0.2)


def test_below_the_level_the_small_models_value_stands() -> None:
    result = run(sure(0.2), Context(type_accept=0.7))
    note = account(result, "type")
    assert (note["outcome"], note["before"], note["after"]) == ("low_confidence", "PER", "PER")
    assert result["entities"][0]["type"] == "PER"
    assert note["detail"] == "its confidence of 0.20 makes a belief of 0.69, below 0.7"
    assert note["exchanges"][0]["text"] == kind("ORG"), "what was answered is there to read"


def test_what_agrees_is_kept_however_unsure() -> None:
    assert account(run(sure(0.01, kind("PER")), Context(type_accept=1.0)), "type")["outcome"] == "kept"


def test_without_probabilities_every_verified_answer_counts() -> None:
    note = account(run(ScriptedLlm({TYPE: kind("ORG")}), Context(type_accept=1.0)), "type")
    assert (note["outcome"], note["confidence"]) == ("changed", None)


def test_probabilities_are_asked_for_only_where_there_is_a_level() -> None:
    llm = sure(0.2)
    note = account(run(llm, Context(span_accept=0.9)), "type")
    assert not llm.asked[0].request.token_probabilities
    assert note["confidence"] is None


def test_a_box_is_weighed_too(tmp_path: Path) -> None:
    llm = ScriptedLlm({("region", "Ann"): region(100, 10, 190, 90)})
    llm.sure["region", "Ann"] = 0.05
    small = says((ANN, "PER", FACE, doubt("region")))
    result = run(llm, Context(region_accept=0.5), small, image=drawing(tmp_path))
    assert account(result, "region")["outcome"] == "low_confidence"
    assert result["entities"][0]["region"]["x1"] == FACE.x1


@pytest.mark.parametrize("level", [-0.1, 1.1, True, "0.5", float("nan")])
def test_a_level_is_a_share(level: Any) -> None:
    with pytest.raises(SettingsError, match="type_accept must be a number in"):
        Context(type_accept=level)


def choice(chosen: str) -> str:
    return spoken(chosen=chosen)


def opinion(*answers: str | Exception, first: str = kind("ORG")) -> ScriptedLlm:
    return ScriptedLlm({TYPE: first, ("second_opinion", "Ann"): answers})


def choosing(value: str) -> ScriptedLlm:
    """A model that chooses a value wherever it stands."""
    llm = opinion(choice("first"))
    run(llm, Context(second_opinion=True))
    shown_first = f"<first>{value}" in llm.asked[-1].request.user
    return opinion(choice("first" if shown_first else "second"))


def test_a_change_stands_that_a_second_opinion_chooses() -> None:
    llm = choosing("ORG")
    note = account(run(llm, Context(second_opinion=True)), "type")
    assert (note["outcome"], note["after"], note["calls"]) == ("changed", "ORG", 2)
    assert llm.keys == [TYPE, ("second_opinion", "Ann")]


def test_a_change_falls_where_it_chooses_the_value_before() -> None:
    result = run(choosing("PER"), Context(second_opinion=True))
    note = account(result, "type")
    assert (note["outcome"], note["after"], note["detail"]) == (
        "rejected",
        "PER",
        "a second opinion chose the value before",
    )
    assert result["entities"][0]["type"] == "PER"


def test_the_question_tells_nobody_who_said_what() -> None:
    llm = choosing("ORG")
    run(llm, Context(second_opinion=True))
    asked = llm.asked[-1].request
    assert "0.9" not in asked.user + asked.system
    assert "<first>" in asked.user
    assert "ORG: A group." in asked.user
    assert "PER: A person." in asked.user


def test_what_is_kept_needs_no_second_opinion() -> None:
    llm = opinion(choice("first"), first=kind("PER"))
    assert account(run(llm, Context(second_opinion=True)), "type")["outcome"] == "kept"
    assert llm.keys == [TYPE]


def test_without_one_the_change_does_not_stand_and_is_asked_about_again_later() -> None:
    llm = opinion(Unavailable("the endpoint failed too often just now", "breaker"))
    note = account(run(llm, Context(second_opinion=True)), "type")
    assert (note["outcome"], note["reason"], note["after"]) == ("unavailable", "breaker", "PER")
    assert note["calls"] == 1
    unreadable = opinion("neither", "both", first=kind("ORG"))
    note = account(run(unreadable, Context(second_opinion=True)), "type")
    assert (note["outcome"], note["after"], note["calls"]) == ("failed", "PER", 1 + MAX_CALLS)


def test_it_is_within_the_posts_cap() -> None:
    llm = choosing("ORG")
    note = account(run(llm, Context(second_opinion=True, post_calls=1)), "type")
    assert (note["outcome"], note["reason"], note["after"]) == ("unavailable", "budget", "PER")
    assert len(llm.keys) == 1
    assert account(run(choosing("ORG"), Context(second_opinion=True, post_calls=2)), "type")["outcome"] == "changed"


def test_words_and_boxes_are_written_as_a_model_reads_them(tmp_path: Path) -> None:
    llm = ScriptedLlm(
        {("span", "Blue Owls"): span("the Blue Owls"), ("region", "the Blue Owls"): region(100, 10, 190, 90)}
    )
    small = says((OWLS, "ORG", None, doubt("span region")), picture=PictureInfo("x", "0" * 64, 200, 100))
    run(llm, Context(second_opinion=True), small, image=drawing(tmp_path))
    asked = [one.request.user for one in llm.asked if one.attribute == "second_opinion"]
    assert any(">the Blue Owls<" in text and ">Blue Owls<" in text for text in asked)


def with_confidence(llm: ScriptedLlm, probability: float) -> ScriptedLlm:
    llm.sure[TYPE] = probability
    return llm


def test_a_believed_change_needs_no_second_opinion() -> None:
    llm = with_confidence(choosing("PER"), 0.2)  # a belief of 0.69 against an uncertainty of 0.9
    note = account(run(llm, Context(second_opinion=True, second_opinion_below=0.69)), "type")
    assert (note["outcome"], note["confidence"]) == ("changed", pytest.approx(0.2))
    assert llm.keys == [TYPE]


def test_a_change_that_is_believed_less_is_put_again() -> None:
    llm = with_confidence(choosing("PER"), 0.2)
    note = account(run(llm, Context(second_opinion=True, second_opinion_below=0.7)), "type")
    assert (note["outcome"], note["after"]) == ("rejected", "PER")
    assert llm.keys == [TYPE, ("second_opinion", "Ann")]
    assert [one.request.token_probabilities for one in llm.asked] == [True, False]


def test_without_probabilities_each_change_is_put_again() -> None:
    llm = choosing("PER")
    assert account(run(llm, Context(second_opinion=True, second_opinion_below=0.0)), "type")["outcome"] == "rejected"


def test_a_level_of_the_answer_asks_for_probabilities_of_both_as_before() -> None:
    """Recordings and caches know these requests."""
    llm = with_confidence(choosing("ORG"), 0.9)
    run(llm, Context(second_opinion=True, type_accept=0.1))
    assert [one.request.token_probabilities for one in llm.asked] == [True, True]


def test_a_level_for_second_opinions_needs_them() -> None:
    with pytest.raises(SettingsError, match="second_opinion_below needs second_opinion"):
        Context(second_opinion_below=0.5)
    with pytest.raises(SettingsError, match="second_opinion_below must be a number in"):
        Context(second_opinion=True, second_opinion_below=1.5)
