"""Record all answers: ask every question that some thresholds would ask, up to seven per entity, each once.

The correctors are chained, so what is asked depends on what was corrected before: the span once; the type for the span
as found and as corrected; the region for either span with either type. Where a correction changes nothing two paths
are one. Prompts state the threshold of the run that records them, whatever threshold is chosen later.
"""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, cast

from langchain_core.tools import BaseTool
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from unco.context import Context
from unco.evals.tuning.recorded.paths import ALL, Answered, PostPaths, as_json, from_json
from unco.graph.post import PostGraph, compile_post_graph
from unco.graph.routes import send_each
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.extract import ExtractNode
from unco.nodes.questions.correction import corrector_node
from unco.nodes.questions.question import EntityQuestion
from unco.nodes.questions.question_node import QuestionNode
from unco.state import ENTITY, EXTRACTION, EntityState, Json, PostInput, PostState, merge
from unco.tools.llm.client import Mllm
from unco.tools.search.search import Search
from unco.types import ATTRIBUTES, Attribute, Entity, Thresholds

CONCURRENCY = 16
"""Posts that are recorded at once."""


class _RecordingState(PostState, total=False):
    """A post's state, and the answers by entity."""

    answers: Annotated[dict[str, list[Answered]], merge]


class _RecordingOutput(TypedDict):
    paths: Json


async def record_paths(
    inputs: Sequence[Json],
    tool: BaseTool,
    llm: Mllm,
    context: Context | None = None,
    floor: Thresholds = ALL,
    knowledge: Search | None = None,
) -> list[PostPaths]:
    """Record the answers on every path of some posts.

    Args:
        inputs: posts as the graph takes them.
        tool: the small model.
        llm: the MLLM that is asked.
        context: of the run; its thresholds are the stated ones.
        floor: attributes at or below it are not asked about, which saves calls; thresholds below it cannot be tried.
        knowledge: as of `build_graph`.
    """
    graph = build_paths_graph(tool, llm, floor, knowledge)
    config: Any = {"max_concurrency": CONCURRENCY}
    outputs = await graph.abatch(list(inputs), config=config, context=context or Context())
    return [from_json(output["paths"]) for output in outputs]


def build_paths_graph(tool: BaseTool, llm: Mllm, floor: Thresholds = ALL, knowledge: Search | None = None) -> PostGraph:
    """Compile the graph that records a post; it is awaited (`ainvoke`, `abatch`)."""
    ask = _AskEveryPath(
        {
            "span": corrector_node(SpanCorrector(), llm),
            "type": corrector_node(TypeCorrector(), llm, knowledge),
            "region": corrector_node(RegionCorrector(), llm),
        },
        floor,
    )

    def send_all(state: _RecordingState) -> list[Send] | str:
        # The budget of a post was planned for the stated thresholds; that of the run holds all the same.
        unplanned = cast(PostState, {**state, "grants": None})
        return send_each("ask", unplanned, state["extraction"]["entities"]) or "gather"

    graph = StateGraph(_RecordingState, Context, input_schema=PostInput, output_schema=_RecordingOutput)
    graph.add_node("extract", ExtractNode(tool, llm, knowledge), input_schema=PostInput)
    graph.add_node("ask", ask.answers, input_schema=EntityState)
    graph.add_node("gather", _gather)
    graph.add_edge(START, "extract")
    graph.add_conditional_edges("extract", send_all, ["ask", "gather"])
    graph.add_edge("ask", "gather")
    graph.add_edge("gather", END)
    return compile_post_graph(graph, "every_path")


class _AskEveryPath:
    """The node that asks all questions about one entity."""

    def __init__(self, nodes: dict[Attribute, QuestionNode[EntityState, EntityQuestion]], floor: Thresholds) -> None:
        self._nodes = nodes
        self._floor = floor

    async def answers(self, state: EntityState) -> Json:
        """Ask each question about each version of the entity that earlier answers can lead to."""
        first = ENTITY.validate_python(state["entity"])
        versions, answered = {(first.span, first.type): first}, list[Answered]()
        for name in ATTRIBUTES:
            if self._floor.are_exceeded(first.uncertainty, name):
                before = list(versions.values())
                after = await asyncio.gather(*(self._ask(name, version, state) for version in before))
                answered += [
                    Answered(version.span, version.type, corrected.corrections[-1])
                    for version, corrected in zip(before, after, strict=True)
                ]
                versions = {(one.span, one.type): one for one in (*after, *before)}
        return {"answers": {str(first.index): answered}}

    async def _ask(self, name: Attribute, entity: Entity, state: EntityState) -> Entity:
        asked: EntityState = {**state, "entity": ENTITY.dump_python(entity, mode="json")}
        return ENTITY.validate_python((await self._nodes[name].ainvoke(asked))["entity"])


def _gather(state: _RecordingState) -> Json:
    extraction = EXTRACTION.validate_python(state["extraction"])
    found = state.get("answers", {})
    answers = tuple(tuple(found.get(str(entity.index), ())) for entity in extraction.entities)
    return {"paths": as_json(PostPaths(state.get("id"), extraction, answers))}
