"""Benchmark the state machine itself: scripted stage 1, mode off (every corrector gives `unavailable`), no model."""

from collections.abc import Callable
from functools import partial

from langgraph.graph import START, StateGraph
from langgraph.types import Send

from benchmarks.timing import Measured, measure
from unco.context import Context
from unco.graph import build_graph
from unco.nodes.collect import with_skips
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.questions.correction import correction_steps, with_correction
from unco.nodes.questions.question import EntityQuestion
from unco.nodes.questions.question_runner import Attempt, ask_models
from unco.state import EntityInput, EntityOutput, EntityState, Json, PostState
from unco.tools.blocking import block_on
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.types import Correction, Entity, Extraction, Label, Span, Thresholds, Uncertainty

WORDS = tuple(f"word{index}" for index in range(16))
OFF = Context(mode="off")


def scripted(entities: int, uncertainty: float) -> Extraction:
    """Make an extraction of 16 words with some entities, all of the same uncertainty."""
    offsets = tuple((7 * index, 7 * index + len(word)) for index, word in enumerate(WORDS))
    text = "".join(word.ljust(7) for word in WORDS)
    value = Uncertainty(uncertainty, uncertainty, uncertainty)
    found = tuple(
        Entity(i, Span(i, i + 1), WORDS[i], *offsets[i], type="PER", region=None, uncertainty=value, nats=value)
        for i in range(entities)
    )
    labels = (Label("PER", "A person."),)
    return Extraction(text, WORDS, offsets, found, Thresholds(0.5, 0.5, 0.5), labels, None, "scripted")


def through_graph(extraction: Extraction) -> Callable[[], object]:
    """Make a task that runs one post through the compiled graph."""
    graph = build_graph(small_model_tool(lambda _: extraction), Mllm())
    return lambda: graph.invoke({"text": extraction.text}, context=OFF)


def empty_graph(entities: int) -> Callable[[], object]:
    """Make a task of the same graph layout with nodes that do nothing: the cost of LangGraph itself."""

    def pass_on(state: EntityState) -> Json:
        return {"corrected": {str(state["entity"]["index"]): state["entity"]}}

    entity = StateGraph(EntityState, input_schema=EntityInput, output_schema=EntityOutput)
    for name in ("correct_span", "correct_type", "correct_region"):
        entity.add_node(name, pass_on)
    entity.add_edge(START, "correct_span")
    entity.add_conditional_edges("correct_span", lambda _: "correct_type", ["correct_type"])
    entity.add_conditional_edges("correct_type", lambda _: "correct_region", ["correct_region"])
    post = StateGraph(PostState)
    post.add_node("extract", lambda _: {"corrected": None})
    post.add_node("correct_entity", entity.compile())
    post.add_node("collect", lambda _: {"model": "none"})
    post.add_edge(START, "extract")
    sends = [Send("correct_entity", {"entity": {"index": i}, "post": {"extraction": {}}}) for i in range(entities)]
    post.add_conditional_edges("extract", lambda _: sends, ["correct_entity"])
    post.add_edge("correct_entity", "collect")
    compiled = post.compile()
    return lambda: compiled.invoke({"text": "none"})


def plain_loop(extraction: Extraction) -> list[Entity]:
    """Do the same work without LangGraph: Algorithm 1 as a loop."""
    llm, entities = Mllm(), []
    for entity in extraction.entities:
        for corrector in (SpanCorrector(), TypeCorrector(), RegionCorrector()):
            if extraction.thresholds.are_exceeded(entity.uncertainty, corrector.attribute):
                question = EntityQuestion(
                    entity=entity, extraction=extraction, image=None, context=OFF, model="", frame=None
                )
                attempts = iter([Attempt(llm, question, "off")])
                _, result = block_on(ask_models(attempts, partial(correction_steps, corrector)))
                (note,) = result.notes
                assert isinstance(note, Correction)
                entity = with_correction(entity, note, extraction)
        entities.append(with_skips(entity, extraction.thresholds))
    return entities


def measure_graph_overhead(rounds: int = 200) -> list[Measured]:
    """Measure a post with nothing to correct, and one with five entities through three correctors each."""
    sure, unsure = scripted(5, 0.1), scripted(5, 0.9)
    tasks: dict[str, Callable[[], object]] = {
        "plain loop, 5 entities x 3 correctors": lambda: plain_loop(unsure),
        "graph, nothing to correct": through_graph(sure),
        "LangGraph alone, 5 entities x 3 empty nodes": empty_graph(5),
        "graph, 5 entities x 3 correctors": through_graph(unsure),
    }
    return measure(tasks, rounds, warm_up=20)
