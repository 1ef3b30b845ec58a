"""The whole machine with both ends by hand: what each corrector sees, and that every way to run it gives the same."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver

from tests.pictures import data_url
from tests.scripted import (
    ANN,
    ARBOR,
    FACE,
    OWLS,
    TOKENS,
    Answer,
    ScriptedLlm,
    doubt,
    drawing,
    graph_of,
    kind,
    outcome,
    region,
    says,
    span,
)
from unco.context import Context
from unco.errors import PostError, SettingsError
from unco.graph import PostGraph, build_graph
from unco.small_model.predictor import Predictor
from unco.state import RESULT, PostInput, read_result
from unco.tools.extraction.tool import small_model_tool
from unco.types import Box, Post, Span

TEXT = " ".join(TOKENS)
THREE = says(
    (ANN, "ORG", FACE, doubt("span type region")), (OWLS, "ORG", None, doubt()), (ARBOR, "PER", None, doubt("span"))
)
SCRIPT: dict[tuple[str, str], Answer] = {
    ("span", "Ann"): [span("Ann Lee"), span("Ann Arbor")],
    ("type", "Ann Lee"): kind("PER"),
    ("region", "Ann Lee"): region(20, 10, 70, 90),
}
ONE_AT_A_TIME: RunnableConfig = {"max_concurrency": 1}


@pytest.fixture
def post(tmp_path: Path) -> dict[str, Any]:
    return {"text": TEXT, "image": drawing(tmp_path), "id": "p1"}


def test_each_corrector_sees_what_the_earlier_ones_settled(post: dict[str, Any]) -> None:
    llm = ScriptedLlm(SCRIPT)
    result = graph_of(THREE, llm).invoke(post, ONE_AT_A_TIME)
    assert llm.keys == [("span", "Ann"), ("type", "Ann Lee"), ("region", "Ann Lee"), ("span", "Ann")]
    first, typed, boxed, second = (asked.request for asked in llm.asked)
    assert "Type as given: ORG" in typed.user
    assert "Its type: PER" in boxed.user
    assert "[10, 10, 60, 90]" in boxed.user
    assert "200 pixels wide and 100 pixels high" in boxed.system
    assert all(f"<post>\n{TEXT}\n</post>" in request.user for request in (first, typed, boxed, second))
    assert all("0.90" in request.user for request in (first, typed, boxed, second))
    assert "Above 0.40" in first.system
    assert "Above 0.30" in typed.system
    assert "Above 0.50" in boxed.system
    entity = read_result(result).entities[0]
    assert (entity.text, entity.span, entity.type, entity.region) == (
        "Ann Lee",
        Span(0, 2),
        "PER",
        Box(20, 10, 70, 90),
    )


def test_a_picture_goes_to_type_and_region_but_not_to_span(post: dict[str, Any]) -> None:
    llm = ScriptedLlm(SCRIPT)
    graph_of(THREE, llm).invoke(post)
    assert {asked.attribute: asked.request.picture is not None for asked in llm.asked} == {
        "span": False,
        "type": True,
        "region": True,
    }


def test_a_name_that_stands_twice_is_told_apart_by_place(post: dict[str, Any]) -> None:
    result = read_result(graph_of(THREE, ScriptedLlm(SCRIPT)).invoke(post, ONE_AT_A_TIME))
    assert [(entity.index, entity.text, entity.span) for entity in result.entities] == [
        (0, "Ann Lee", Span(0, 2)),
        (1, "Blue Owls", OWLS),
        (2, "Ann Arbor", Span(8, 10)),
    ]
    for entity in result.entities:
        assert result.text[entity.start_char : entity.stop_char] == entity.text


def test_the_sure_entity_is_left_alone_and_says_so(post: dict[str, Any]) -> None:
    llm = ScriptedLlm(SCRIPT)
    result = graph_of(THREE, llm).invoke(post, ONE_AT_A_TIME)
    assert outcome(result, 0) == {"span": "changed", "type": "changed", "region": "changed"}
    assert outcome(result, 1) == {"span": "skipped", "type": "skipped", "region": "skipped"}
    assert outcome(result, 2) == {"span": "changed", "type": "skipped", "region": "skipped"}
    assert [list(outcome(result, index)) for index in range(3)] == [["span", "type", "region"]] * 3
    assert not any(asked.entity == "Blue Owls" for asked in llm.asked)


async def test_every_way_to_run_it_gives_the_same(post: dict[str, Any]) -> None:
    def graph() -> PostGraph:
        return graph_of(THREE, ScriptedLlm(SCRIPT))

    expected = graph().invoke(post, ONE_AT_A_TIME)
    assert await graph().ainvoke(post, ONE_AT_A_TIME) == expected
    assert graph().batch([post], ONE_AT_A_TIME) == [expected]
    assert await graph().abatch([post], ONE_AT_A_TIME) == [expected]
    last = list(graph().stream(post, ONE_AT_A_TIME, stream_mode="values"))[-1]
    assert last | expected == last
    *_, last = [state async for state in graph().astream(post, ONE_AT_A_TIME, stream_mode="values")]
    assert last | expected == last


def test_one_graph_serves_one_event_loop_after_the_other(post: dict[str, Any]) -> None:
    graph = graph_of(says((ANN, "PER", FACE, doubt("type"))), ScriptedLlm())
    first, second = (asyncio.run(graph.ainvoke(post)) for _ in range(2))
    assert first == second


def test_a_stream_shows_each_step_of_an_entity(post: dict[str, Any]) -> None:
    graph = graph_of(says((ANN, "ORG", FACE, doubt("span type region"))), ScriptedLlm(SCRIPT))
    steps = [
        (bool(namespace), step)
        for namespace, update in graph.stream(post, stream_mode="updates", subgraphs=True)
        for step in update
    ]
    inside = [step for within, step in steps if within]
    assert inside == ["correct_span", "correct_type", "correct_region"]
    assert [step for within, step in steps if not within] == ["extract", "correct_entity", "collect"]


def test_a_thread_that_is_used_again_does_not_repeat_results(post: dict[str, Any]) -> None:
    graph = graph_of(THREE, ScriptedLlm()).copy({"checkpointer": InMemorySaver()})
    config: RunnableConfig = {"configurable": {"thread_id": "t"}, "max_concurrency": 1}
    first = graph.invoke(post, config)
    second = graph.invoke(post, config)
    assert second == first
    assert len(second["entities"]) == 3
    assert len(graph.get_state(config).values["corrected"]) == 2


def test_a_second_post_on_a_thread_forgets_the_first(post: dict[str, Any]) -> None:
    graph = graph_of(THREE, ScriptedLlm()).copy({"checkpointer": InMemorySaver()})
    config: RunnableConfig = {"configurable": {"thread_id": "t"}}
    assert graph.invoke(post, config)["picture"] is not None
    second = graph.invoke({"text": TEXT}, config)
    assert second["picture"] is None
    assert second["id"] is None


def test_a_run_that_was_stopped_goes_on(post: dict[str, Any]) -> None:
    llm = ScriptedLlm(SCRIPT)
    graph = graph_of(THREE, llm).copy({"checkpointer": InMemorySaver()})
    config: RunnableConfig = {"configurable": {"thread_id": "t"}, "max_concurrency": 1}
    graph.invoke(post, config, interrupt_before=["collect"])
    assert graph.get_state(config).next == ("collect",)
    asked = len(llm.asked)
    assert graph.invoke(None, config) == graph_of(THREE, ScriptedLlm(SCRIPT)).invoke(post, ONE_AT_A_TIME)
    assert len(llm.asked) == asked


def test_no_entity_no_question() -> None:
    llm = ScriptedLlm()
    result = graph_of(says(), llm).invoke({"text": TEXT})
    assert result["entities"] == []
    assert result["text"] == TEXT
    assert llm.asked == []


def test_a_result_is_json_fits_its_schema_and_comes_back(post: dict[str, Any]) -> None:
    output = graph_of(THREE, ScriptedLlm(SCRIPT)).invoke(post, ONE_AT_A_TIME)
    result = read_result(output)
    assert read_result(json.loads(json.dumps(output))) == result
    assert json.loads(RESULT.dump_json(result)) == json.loads(json.dumps(output))
    note = result.entities[0].corrections
    assert (note[0].before, note[0].after) == (Span(0, 1), Span(0, 2))
    assert (note[2].before, note[2].after) == (FACE, Box(20, 10, 70, 90))
    assert RESULT.json_schema()["properties"].keys() == output.keys()


@pytest.mark.parametrize("inline", [False, True])
def test_no_picture_bytes_in_the_state(post: dict[str, Any], inline: bool) -> None:
    if inline:
        post = post | {"image": data_url(Path(post["image"]).read_bytes())}
    graph = graph_of(THREE, ScriptedLlm(SCRIPT)).copy({"checkpointer": InMemorySaver()})
    config: RunnableConfig = {"configurable": {"thread_id": "t"}}
    graph.invoke(post, config)
    states = [json.dumps(state.values) for state in graph.get_state_history(config)]
    assert states
    assert not any("base64" in state for state in states)
    assert not inline or all("data:sha256," in state for state in states[:-1])
    assert max(map(len, states)) < 20_000


@pytest.mark.parametrize(
    ("post", "names"),
    [
        ({"text": "Oslo", "pciture": "a.png"}, "pciture"),
        ({"image": "a.png"}, "text"),
        ({"text": 3}, "text"),
        ({"text": "Oslo", "regions": [[1, 2, 3]]}, "regions"),
        ({"text": "Oslo", "regions": [[5, 5, 1, 1]]}, "region"),
        ({"text": ""}, "no words"),
        ({"text": []}, "no words"),
    ],
)
async def test_what_is_no_post_is_refused(post: dict[str, Any], names: str, predictor: Predictor) -> None:
    from unco.tools.extraction.extractor import NetworkExtractor

    graph = graph_of(NetworkExtractor(lambda: predictor, None), ScriptedLlm())
    with pytest.raises(PostError, match=names):
        graph.invoke(post)
    with pytest.raises(PostError, match=names):
        await graph.ainvoke(post)
    with pytest.raises(PostError, match=names):
        list(graph.stream(post))


@pytest.mark.parametrize("context", [Context(mode="off"), {"mode": "off"}], ids=["object", "dict"])
def test_context_as_object_or_as_dict(context: Any) -> None:
    llm = ScriptedLlm()
    result = graph_of(THREE, llm).invoke({"text": TEXT}, context=context)
    assert outcome(result)["type"] == "unavailable"
    assert llm.asked == []


@dataclass
class Elsewhere:
    """Settings of another graph."""

    key: str = "secret"


@pytest.mark.parametrize("context", ["off", 3, ["mode"], Elsewhere(), {"labels": "abc"}, {"labels": [{"nam": "a"}]}])
async def test_a_context_that_is_none_is_refused(context: Any) -> None:
    graph = graph_of(THREE, ScriptedLlm())
    with pytest.raises(SettingsError, match="context|labels") as refused:
        graph.invoke({"text": TEXT}, context=context)
    assert "secret" not in str(refused.value)
    with pytest.raises(SettingsError):
        await graph.ainvoke({"text": TEXT}, context=context)


@pytest.mark.parametrize("config", [{"metadata": None}, {"configurable": None, "tags": None}])
def test_a_config_may_say_none(config: Any) -> None:
    """As LangChain's configs may."""
    result = graph_of(THREE, ScriptedLlm()).invoke({"text": TEXT}, config, context={"mode": "off"})
    assert outcome(result)["type"] == "unavailable"


def test_a_post_of_the_packages_types_is_one(tmp_path: Path) -> None:
    graph = graph_of(THREE, ScriptedLlm())
    post = Post(text=tuple(TOKENS), image=drawing(tmp_path), regions=(Box(1, 2, 30, 40),), id="7")
    same = {"text": list(TOKENS), "image": post.image, "regions": [[1, 2, 30, 40]], "id": "7"}
    assert graph.invoke(post) == graph.invoke(same)
    with pytest.raises(PostError, match="near_misses"):
        graph.invoke(Post(text=TEXT, near_misses=True))


def test_a_post_may_be_an_object(tmp_path: Path) -> None:
    """It is the same post as a dict, and a new one for a thread that has another already."""
    saver = InMemorySaver()
    graph = build_graph(small_model_tool(THREE), ScriptedLlm(), checkpointer=saver)
    picture = data_url(Path(drawing(tmp_path)).read_bytes())
    thread: RunnableConfig = {"configurable": {"thread_id": "1"}}
    graph.invoke({"text": TEXT, "id": "first", "image": picture}, thread)
    result = graph.invoke(PostInput(text=TEXT, id="second"), thread)
    assert (result["id"], result["picture"]) == ("second", None)
    assert result == graph.invoke({"text": TEXT, "id": "second"}, thread)
    graph.invoke(PostInput(text=TEXT, image=picture), thread)
    assert picture not in repr(saver.blobs) + repr(saver.writes)


def test_without_a_context_the_defaults_count() -> None:
    llm = ScriptedLlm()
    graph_of(THREE, llm).invoke({"text": TEXT})
    assert {asked.request.prompt for asked in llm.asked} == {"span/v1", "type/v1"}
