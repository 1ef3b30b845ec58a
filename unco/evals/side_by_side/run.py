"""Run variants of the paper over the same posts, and say what each found, cost and broke."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from unco.evals.protocols import Report, evaluate
from unco.evals.scores import region_correct
from unco.evals.side_by_side.posts import post_inputs
from unco.graph import build_variant
from unco.nodes.account import usage_of
from unco.state import read_result
from unco.tools.extractor import Extractor
from unco.tools.llm import Mllm
from unco.tools.small_model import small_model_tool
from unco.types import ATTRIBUTES, Attribute, Box, Correction, Entity, GoldEntity, GoldPost, Result, Span, Usage

CONCURRENCY = 16
"""Posts at once."""


@dataclass(frozen=True, slots=True)
class VariantRun:
    """One variant over all posts."""

    name: str
    report: Report
    """By the paper's rule."""
    usage: Usage
    """Of all posts."""
    entities: int
    """That the small model found, or the MLLM where it is alone."""
    better: int
    """Attributes that were wrong before a correction and right after."""
    worse: int
    """Attributes that were right before and wrong after: the harm."""
    seconds: float
    results: tuple[Result, ...]


def run_variants(
    names: Sequence[str],
    gold: Sequence[GoldPost],
    extractor: Extractor,
    make_llm: Callable[[], Mllm],
    folder: Path,
    types: Sequence[str],
) -> list[VariantRun]:
    """Run variants one after another, each with an MLLM client of its own.

    Args:
        names: of `unco.graph.variants`.
        gold: the posts.
        extractor: the small model.
        make_llm: gives a client with an empty cache and a new ledger.
        folder: for the posts' pictures.
        types: of the scheme.

    Raises:
        SettingsError: there is no such variant.
    """
    inputs = post_inputs(gold, folder)
    return [_run(name, gold, inputs, extractor, make_llm(), types) for name in names]


def _run(
    name: str,
    gold: Sequence[GoldPost],
    inputs: Sequence[dict[str, object]],
    extractor: Extractor,
    llm: Mllm,
    types: Sequence[str],
) -> VariantRun:
    graph = build_variant(name, small_model_tool(extractor), llm)
    start = time.perf_counter()
    outputs = asyncio.run(graph.abatch(list(inputs), config={"max_concurrency": CONCURRENCY}))
    seconds = time.perf_counter() - start
    results = tuple(read_result(output) for output in outputs)
    better, worse = turned(gold, results)
    return VariantRun(
        name=name,
        report=evaluate(gold, [result.entities for result in results], types=types),
        usage=usage_of(
            [note for result in results for entity in result.entities for note in entity.corrections],
            [question for result in results for question in result.questions],
        ),
        entities=sum(len(result.entities) for result in results),
        better=better,
        worse=worse,
        seconds=seconds,
        results=results,
    )


def turned(gold: Sequence[GoldPost], results: Sequence[Result]) -> tuple[int, int]:
    """How many changes went from wrong to right, and how many from right to wrong, by attribute.

    Type and region are judged against the gold entity of the span that the entity ended with; where there is none they
    are neither.
    """
    better = worse = 0
    for post, result in zip(gold, results, strict=True):
        for entity in result.entities:
            for note in entity.corrections:
                if note.outcome == "changed":
                    before, after = (_right(post, entity, note.attribute, value) for value in (note.before, note.after))
                    better += before is False and after is True
                    worse += before is True and after is False
    return better, worse


def _right(post: GoldPost, entity: Entity, attribute: Attribute, value: Span | Box | str | None) -> bool | None:
    """Whether a value is gold's; None where gold has nothing to compare it with."""
    if attribute == "span":
        return any(item.span == value for item in post.entities)
    item: GoldEntity | None = next((item for item in post.entities if item.span == entity.span), None)
    if item is None:
        return None
    return item.type == value if attribute == "type" else region_correct(value, item.boxes)  # type: ignore[arg-type]


def outcomes(run: VariantRun) -> dict[Attribute, dict[str, int]]:
    """How often each outcome came, by attribute."""
    notes: list[Correction] = [note for result in run.results for e in result.entities for note in e.corrections]
    return {
        name: {
            outcome: sum(note.outcome == outcome and note.attribute == name for note in notes)
            for outcome in sorted({note.outcome for note in notes})
        }
        for name in ATTRIBUTES
    }
