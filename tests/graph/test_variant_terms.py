"""Budget, privacy and the chain of models hold for the one-shot question and for those about a whole post, too."""

from typing import Any

import pytest

from tests.scripted import ANN, OWLS, TOKENS, ScriptedLlm, account, doubt, graph_of, kind, outcome, says, spoken
from unco.errors import CallFailed
from unco.graph import PostGraph, build_variant
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.privacy import Privacy

POST = {"text": " ".join(TOKENS)}
SMALL_MODEL = says((ANN, "ORG", None, doubt("type")), (OWLS, "ORG", None, doubt("span type")))
ONE_SHOT = spoken(corrected_entity="Ann", corrected_type="PER", corrected_bounding_box=None)
OWLS_ONE_SHOT = spoken(corrected_entity="Blue Owls", corrected_type="ORG", corrected_bounding_box=None)
FOUND = spoken(entities=[{"entity": "Ann Lee", "type": "PER", "bounding_box": None}])
MISSED = spoken(entities=[{"entity": "Lee", "type": "PER", "bounding_box": None}])


def variant(name: str, llm: Mllm) -> PostGraph:
    return build_variant(name, small_model_tool(SMALL_MODEL), llm)


def one_shot_llm(**settings: Any) -> ScriptedLlm:
    return ScriptedLlm({("one_shot", "Ann"): ONE_SHOT, ("one_shot", "Blue Owls"): OWLS_ONE_SHOT}, **settings)


@pytest.mark.parametrize(("calls", "asked"), [(0, 0), (1, 1), (2, 2), (9, 2)])
def test_one_shot_keeps_to_a_budget(calls: int, asked: int) -> None:
    llm = one_shot_llm()
    result = variant("one_shot", llm).invoke(POST, {"max_concurrency": 1}, context={"post_calls": calls})
    assert len(llm.asked) == asked
    assert result["usage"]["calls"] == asked
    notes = [note for entity in result["entities"] for note in entity["corrections"]]
    assert sum(note["detail"].startswith("budget: ") for note in notes) == 3 * (2 - asked)


def test_generation_keeps_to_a_budget() -> None:
    llm = ScriptedLlm({("generate", ""): ["no json", FOUND]})
    result = variant("generate", llm).invoke(POST, context={"post_calls": 1})
    assert (len(llm.asked), result["questions"][0]["outcome"]) == (1, "failed")
    none = variant("generate", llm).invoke(POST, context={"post_calls": 0})
    assert none["questions"][0]["detail"].startswith("budget: ")
    assert len(llm.asked) == 1


def test_recall_gets_the_calls_that_uncertain_attributes_leave() -> None:
    llm = ScriptedLlm({("recall", ""): MISSED})
    tight = graph_of(SMALL_MODEL, llm).invoke(POST, context={"post_calls": 3, "recall": True})
    assert "recall" not in [asked.attribute for asked in llm.asked]
    assert tight["questions"][0]["detail"].startswith("budget: ")
    roomy = graph_of(SMALL_MODEL, llm).invoke(POST, context={"post_calls": 9, "recall": True})
    assert [entity["text"] for entity in roomy["entities"]] == ["Ann", "Blue Owls", "Lee"]


async def test_the_next_model_of_a_chain_is_asked_when_one_does_not_answer() -> None:
    def chain() -> ScriptedLlm:
        broken = {("one_shot", "Ann"): CallFailed("slow"), ("generate", ""): CallFailed("slow")}
        second = ScriptedLlm({("one_shot", "Ann"): ONE_SHOT, ("generate", ""): FOUND})
        return ScriptedLlm(broken | {("one_shot", "Blue Owls"): OWLS_ONE_SHOT}, fallbacks=(second,))

    result = variant("one_shot", chain()).invoke(POST)
    assert outcome(result)["type"] == "changed"
    assert account(result, "type")["detail"] == "slow"
    assert await variant("one_shot", chain()).ainvoke(POST) == result
    made = variant("generate", chain()).invoke(POST)
    assert (made["questions"][0]["outcome"], made["questions"][0]["detail"]) == ("answered", "slow")
    assert await variant("generate", chain()).ainvoke(POST) == made


@pytest.mark.parametrize("name", ["one_shot", "generate"])
def test_a_question_about_all_three_needs_leave_for_all_three(name: str) -> None:
    llm = Mllm("https://api.example.com/v1", "authored-x", terms=Terms(privacy=Privacy(region="local")))
    result = variant(name, llm).invoke(POST)
    note = result["questions"][0] if name == "generate" else account(result, "span")
    assert note["outcome"] == "unavailable"
    assert note["detail"].startswith("policy: host 'api.example.com' may not be asked about the whole post")


def test_what_one_shot_cost_is_counted_once_in_the_posts_usage() -> None:
    llm = one_shot_llm()
    llm.script["one_shot", "Ann"] = ["no json", ONE_SHOT]
    result = variant("one_shot", llm).invoke(POST)
    assert (result["usage"]["calls"], result["usage"]["input_tokens"]) == (3, 33)
    assert [len(note["exchanges"]) for note in result["entities"][0]["corrections"]] == [2, 0, 0]


def test_what_recall_cost_is_in_the_posts_usage() -> None:
    llm = ScriptedLlm({("recall", ""): MISSED, ("type", "Ann"): kind("PER")})
    result = graph_of(SMALL_MODEL, llm).invoke(POST, context={"recall": True})
    assert result["usage"]["calls"] == len(llm.asked) == 4
