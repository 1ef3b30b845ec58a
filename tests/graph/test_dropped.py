"""What stays doubtful where nobody answers is dropped, and stands apart in the result."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from tests.scripted import ANN, OWLS, TOKENS, ScriptedLlm, doubt, found, graph_of, kind, says, span
from unco.context import Context
from unco.corpus.pipeline import Pipeline
from unco.corpus.posts import Line
from unco.errors import Unavailable
from unco.graph import build_graph, build_variant
from unco.nodes.collect import split_by_doubt
from unco.state import RESULT, PostInput, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.types import Correction, Entity, Outcome, Result, Span, Thresholds, Uncertainty

TEXT = " ".join(TOKENS)
TOWN = Span(8, 10)
SMALL_MODEL = says(
    (ANN, "ORG", None, doubt("span type")), (OWLS, "ORG", None, doubt()), (TOWN, "PER", None, doubt("type"))
)
"""Doubts: 0.99 of Ann, 0.19 of the owls, 0.91 of Ann Arbor."""
ABOVE_HALF = Context(drop_threshold=0.5)


def run(llm: ScriptedLlm | None = None, context: Context = ABOVE_HALF, **post: Any) -> Result:
    graph = graph_of(SMALL_MODEL, llm or ScriptedLlm())
    return read_result(graph.invoke({"text": TEXT} | post, context=context))


def words(result: Result) -> tuple[list[str], list[str]]:
    return [entity.text for entity in result.entities], [one.entity.text for one in result.dropped]


def entity_with(uncertainty: Uncertainty, **outcomes: Outcome) -> Entity:
    entity = SMALL_MODEL_ENTITY
    notes = tuple(
        Correction(name, outcome, None, None, 0.9, 0.4)  # type: ignore[arg-type]
        for name, outcome in outcomes.items()
    )
    return replace(entity, uncertainty=uncertainty, corrections=notes)


SMALL_MODEL_ENTITY = run(context=Context(mode="off")).entities[0]


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ({}, 0.8),
        ({"span": "skipped", "type": "unavailable"}, 0.8),
        ({"span": "rejected", "type": "failed"}, 0.8),
        ({"span": "kept", "type": "skipped"}, 0.6),
        ({"span": "changed", "type": "unavailable", "region": "kept"}, 0.6),
        ({"span": "skipped", "type": "reviewed"}, 0.5),
        ({"span": "added", "type": "added"}, 0.0),
    ],
)
def test_doubt_is_of_what_nobody_answered(outcomes: dict[str, Outcome], expected: float) -> None:
    assert entity_with(Uncertainty(0.5, 0.6, 0.9), **outcomes).doubt == pytest.approx(expected)


def test_the_level_itself_is_kept() -> None:
    """Also where floats would round above it: doubt of a sure type is the span's, to the last digit."""
    for level in (0.0, 0.1, 0.58, 0.7, 1.0):
        for uncertainty in (Uncertainty(level, 0.0, 1.0), Uncertainty(0.0, level, 1.0)):
            kept, dropped = split_by_doubt([entity_with(uncertainty)], Thresholds(1, 1, 1, drop=level))
            assert (len(kept), dropped) == (1, ())
    assert Uncertainty(1.0, 0.7, 0.0).doubt == Uncertainty(0.7, 1.0, 0.0).doubt == 1.0


@pytest.mark.parametrize("number", [1.7, -0.5, float("nan"), float("inf")])
def test_whatever_a_small_model_says_nothing_is_dropped_by_default_or_lost(number: float) -> None:
    for uncertainty in (Uncertainty(number, 0.5, 0.5), Uncertainty(0.5, number, 0.5), Uncertainty(number, number, 0.5)):
        kept, dropped = split_by_doubt([entity_with(uncertainty)], Thresholds(1, 1, 1))
        assert (len(kept), dropped) == (1, ())


def test_a_type_that_nobody_told_is_no_doubt() -> None:
    assert replace(entity_with(Uncertainty(0.2, 1.0, 0.0)), type=None).doubt == pytest.approx(0.2)


def test_where_nobody_answers_the_doubtful_are_dropped_and_keep_their_place() -> None:
    result = run(context=replace(ABOVE_HALF, mode="off"))
    assert words(result) == (["Blue Owls"], ["Ann", "Ann Arbor"])
    assert [(one.entity.index, round(one.doubt, 2)) for one in result.dropped] == [(0, 0.99), (2, 0.91)]
    assert result.thresholds.drop == 0.5
    assert [entity.text for entity in result.all_entities] == ["Ann", "Blue Owls", "Ann Arbor"]
    assert all(len(one.entity.corrections) == 3 for one in result.dropped)
    assert Result.from_json(result.to_json()) == result


def test_by_default_nothing_is_dropped_and_results_of_before_are_read() -> None:
    result = run(context=Context(mode="off"))
    assert (len(result.entities), result.dropped, result.thresholds.drop) == (3, (), 1.0)
    data = RESULT.dump_python(result, mode="json")
    del data["dropped"], data["thresholds"]["drop"]
    assert read_result(data) == result


def test_what_an_mllm_has_answered_is_doubtful_no_more() -> None:
    result = run()
    assert words(result) == (["Ann", "Blue Owls", "Ann Arbor"], [])


@pytest.mark.parametrize(
    "answer", [kind("ANIMAL"), "no JSON", Unavailable("gone", "unreachable")], ids=["rejected", "failed", "unavailable"]
)
def test_what_it_did_not_answer_still_is(answer: Any) -> None:
    result = run(ScriptedLlm({("type", "Ann Arbor"): [answer] * 9}))
    assert words(result) == (["Ann", "Blue Owls"], ["Ann Arbor"])
    assert result.usage.calls == sum(note.calls for entity in result.all_entities for note in entity.corrections) > 0
    assert result.is_open == isinstance(answer, Unavailable), "it is asked about again, so it may come back"


def test_answered_words_with_a_doubtful_type_are_dropped() -> None:
    result = run(ScriptedLlm({("span", "Ann"): span("Ann Lee"), ("type", "Ann Lee"): ["?", "?"]}))
    assert words(result)[1] == ["Ann Lee"]
    assert result.dropped[0].doubt == pytest.approx(0.9)


def test_what_the_mllm_finds_is_never_dropped() -> None:
    llm = ScriptedLlm({("recall", ""): found(("plays", "ORG", None))})
    assert words(run(llm, replace(ABOVE_HALF, recall=True, drop_threshold=0.0, region_threshold=1.0)))[0][-1] == "plays"


@pytest.mark.parametrize("variant", ["small_only", "correct_all", "one_shot"])
def test_variants_drop_by_the_context(variant: str) -> None:
    graph = build_variant(variant, small_model_tool(SMALL_MODEL), ScriptedLlm())
    result = read_result(graph.invoke({"text": TEXT}, context=ABOVE_HALF))
    assert words(result)[1] == (["Ann", "Ann Arbor"] if variant != "correct_all" else []), "nobody answers the others"


def test_the_shortcut_of_a_corpus_run_drops_too() -> None:
    """Where nothing is asked, the graph is not run."""
    never = Context(mode="off", drop_threshold=0.5, span_threshold=1, type_threshold=1, region_threshold=1)
    pipeline = Pipeline(SMALL_MODEL, ScriptedLlm(), never)
    outcome = asyncio.run(pipeline.one(Line(1, PostInput(text=TEXT))))
    assert outcome.result is not None
    assert words(outcome.result) == (["Blue Owls"], ["Ann", "Ann Arbor"])


def test_a_person_is_asked_about_the_dropped_and_may_bring_one_back() -> None:
    graph = build_graph(small_model_tool(SMALL_MODEL), ScriptedLlm(), checkpointer=InMemorySaver())
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}}
    context = replace(ABOVE_HALF, mode="off", review=("unavailable",))
    stopped = graph.invoke({"text": TEXT}, thread, context=context)
    asked = [request["action_request"]["args"] for request in stopped["__interrupt__"][0].value]
    assert [(one["entity"], one["attribute"]) for one in asked] == [(0, "span"), (0, "type"), (2, "type")]
    answers = [{"type": "ignore"}, {"type": "accept"}, {"type": "accept", "by": "Kim"}]
    result = read_result(graph.invoke(Command(resume=answers), thread))
    assert words(result) == (["Blue Owls", "Ann Arbor"], ["Ann"])
    assert result.dropped[0].doubt == pytest.approx(0.9), "the words are what is left of it"


@pytest.mark.parametrize("value", [-1, -0.1, 1.1, float("nan"), "0.5", True])
def test_a_level_outside_of_its_range_is_refused(value: Any) -> None:
    with pytest.raises(Exception, match=r"drop_threshold must be a number in \[0, 1\]"):
        Context(drop_threshold=value)
    with pytest.raises(Exception, match="drop"):
        Thresholds(0.4, 0.3, 0.5, drop=2.0)


def test_a_stream_shows_them(tmp_path: Path) -> None:
    graph = graph_of(SMALL_MODEL, ScriptedLlm())
    *_, last = graph.stream({"text": TEXT}, context=replace(ABOVE_HALF, mode="off"), stream_mode="updates")
    assert [one["entity"]["text"] for one in last["collect"]["dropped"]] == ["Ann", "Ann Arbor"]
