"""Words that the small model nearly took for a name: listed apart, and a reason to ask about missed entities."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.scripted import ANN, TOKENS, ScriptedLlm, doubt, found, graph_of, says
from tests.tools.extraction.made_policy import LOW, MODEL, policy_of
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.errors import PostError
from unco.graph import PostGraph
from unco.state import EXTRACTION, PostInput, read_result, to_json
from unco.tools.extraction.policy_extractor import PolicyExtractor
from unco.types import Extraction, NearMiss, Post, Result, Span

TEXT = " ".join(TOKENS)
NEAR = (NearMiss(Span(5, 7), "Blue Owls", "ORG", 0.4), NearMiss(Span(8, 10), "Ann Arbor", "PER", 0.1))


def small_model(post: Post) -> Extraction:
    """Finds Ann, and nearly the two others; those only where it is asked for them."""
    return replace(says((ANN, "PER", None, doubt()))(post), near_misses=NEAR if post.near_misses else ())


def graph_with(llm: ScriptedLlm) -> PostGraph:
    return graph_of(small_model, llm)


def run(llm: ScriptedLlm, **context: Any) -> Result:
    return read_result(graph_with(llm).invoke({"text": TEXT}, context=context))


def asked(llm: ScriptedLlm) -> list[str]:
    return [one.attribute for one in llm.asked]


def test_unless_asked_nobody_looks_for_them() -> None:
    llm = ScriptedLlm()
    assert run(llm).near_misses == ()
    assert asked(llm) == []


@pytest.mark.parametrize(("threshold", "questions"), [(1.0, 0), (0.4, 0), (0.39, 1), (0.0, 1)])
def test_a_post_with_a_likely_one_is_asked(threshold: float, questions: int) -> None:
    llm = ScriptedLlm()
    result = run(llm, recall_threshold=threshold)
    assert asked(llm) == ["recall"] * questions
    assert result.near_misses == NEAR
    assert result.thresholds.recall == threshold


def test_what_is_found_so_is_no_near_miss_any_more() -> None:
    llm = ScriptedLlm({("recall", ""): found(("Blue Owls", "ORG", None))})
    result = run(llm, recall_threshold=0.3)
    assert [entity.text for entity in result.entities] == ["Ann", "Blue Owls"]
    assert result.near_misses == NEAR[1:]
    assert Result.from_json(result.to_json()) == result


def test_version_2_of_the_prompt_shows_those_that_are_likely_enough() -> None:
    llm = ScriptedLlm()
    run(llm, recall_threshold=0.3, recall_prompt="v2")
    assert "<nearly>\n- Blue Owls\n</nearly>" in llm.asked[0].request.user
    llm = ScriptedLlm()
    run(llm, recall=True, recall_prompt="v2")
    assert "<nearly>\n(none)\n</nearly>" in llm.asked[0].request.user


def test_a_policy_asks_for_them_and_a_context_wins() -> None:
    under = PolicyExtractor(
        small_model, policy_of(thresholds=LOW | {"region": 1.0, "span": 1.0, "recall": 0.2}), lambda: MODEL
    )
    llm = ScriptedLlm()
    assert read_result(graph_of(under, llm).invoke({"text": TEXT})).near_misses == NEAR
    assert asked(llm) == ["recall"]
    llm = ScriptedLlm()
    graph_of(under, llm).invoke({"text": TEXT}, context=Context(recall_threshold=0.9))
    assert asked(llm) == []
    assert asyncio.run(under.acall(Post(TOKENS))).near_misses == NEAR


def test_a_corpus_run_asks_too() -> None:
    """Though nothing else would be asked, and the graph not be run."""
    llm = ScriptedLlm({("recall", ""): found(("Blue Owls", "ORG", None))})
    pipeline = Pipeline(small_model, llm, Context(recall_threshold=0.3))
    outcome = asyncio.run(pipeline.one(Line(1, PostInput(text=TEXT))))
    assert outcome.result is not None
    assert [entity.text for entity in outcome.result.entities] == ["Ann", "Blue Owls"]


def test_one_outside_of_its_post_is_refused() -> None:
    extraction = to_json(
        EXTRACTION, replace(small_model(Post(TOKENS)), near_misses=(NearMiss(Span(9, 11), "x", "PER", 0.5),))
    )
    with pytest.raises(PostError, match="a near miss ends at token 11 of 10"):
        graph_with(ScriptedLlm()).invoke({"text": TEXT, "extraction": extraction})


@pytest.mark.parametrize("value", [-1, 1.5, "x"])
def test_a_threshold_outside_of_its_range_is_refused(value: Any) -> None:
    with pytest.raises(Exception, match=r"recall_threshold must be a number in \[0, 1\]"):
        Context(recall_threshold=value)
