"""Posts of which some answers depend on earlier ones, recorded once, and the graph to compare replays with."""

import asyncio
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any

from PIL import Image

from tests.scripted import ScriptedLlm, kind, region, span
from tests.tiny import extraction
from unco.evals.tuning.recorded.every_path import record_paths
from unco.evals.tuning.recorded.paths import About, Recording
from unco.graph import build_graph
from unco.state import read_result
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.prices import Price
from unco.tools.pictures.view import view_picture
from unco.types import Box, Extraction, GoldEntity, GoldPost, Post, Result, Span, Thresholds, Uncertainty

WORDS = tuple(f"w{number}" for number in range(12))
FACE, SIGN = Box(10, 10, 60, 90), Box(110, 10, 190, 60)
SIZE = (200, 100)
PRICE = Price(pattern="authored", input=2.5, output=10.0)


def said_of(number: int) -> list[tuple[Span, str, Box | None, Uncertainty]]:
    """What the small model says of a post: three entities, two of them a word apart."""
    draw = Random(number)
    return [
        (place, draw.choice(["PER", "ORG"]), draw.choice([None, FACE]), _doubt(draw))
        for place in (Span(1, 2), Span(3, 4), Span(8, 10))
    ]


def _doubt(draw: Random) -> Uncertainty:
    return Uncertainty(*(draw.choice([0.0, 0.1, 0.25, 0.4, 0.5, 0.75, 0.9, 1.0]) for _ in range(3)))


def gold_of(number: int) -> GoldPost:
    """Its first entity has two words; a corrector that takes the second word for its neighbour's makes them overlap."""
    draw = Random(1000 + number)
    items = tuple(
        GoldEntity(place, draw.choice(["PER", "ORG"]), draw.choice([(), (FACE,), (SIGN, FACE)]))
        for place in (Span(1, 3), Span(3, 4), Span(8, 10))
    )
    return GoldPost(str(number), tokens_of(number), items, SIZE)


def tokens_of(number: int) -> tuple[str, ...]:
    return (f"post{number}", *WORDS[1:])


def small_model(post: Post) -> Extraction:
    tokens = tuple(str(word) for word in post.text)
    info = view_picture(post.image).info if post.image else None
    return extraction(tokens, said_of(int(tokens[0].removeprefix("post"))), picture=info)


def scripted() -> ScriptedLlm:
    """Answers depend on the entity's words only, so that type and region hang on the span's correction."""
    return ScriptedLlm(
        {
            ("span", "w1"): span("w1 w2"),
            ("span", "w3"): span("w2 w3"),  # now the two share a word
            ("span", "w8 w9"): span("nowhere"),  # rejected
            ("type", "w1"): kind("ORG"),
            ("type", "w1 w2"): kind("PER"),
            ("type", "w3"): kind("ORG"),
            ("type", "w2 w3"): kind("ORG"),
            ("type", "w8 w9"): "unreadable",
            ("region", "w1"): region(),
            ("region", "w1 w2"): region(12, 12, 60, 90),
            ("region", "w3"): region(500, 500, 600, 600),  # outside the picture
            ("region", "w2 w3"): region(110, 10, 180, 60),
        }
    )


def inputs_of(count: int, folder: Path) -> list[dict[str, Any]]:
    path = folder / "blank.png"
    Image.new("RGB", SIZE, "white").save(path)
    return [
        {"text": list(tokens_of(number)), "id": str(number), "image": str(path) if number % 5 else None}
        for number in range(count)
    ]


@cache
def recorded_posts(count: int = 24) -> tuple[Recording, tuple[GoldPost, ...]]:
    """A recording by the scripted MLLM, and the gold."""
    folder = Path(mkdtemp())
    gold = tuple(gold_of(number) for number in range(count))
    posts = asyncio.run(record_paths(inputs_of(count, folder), small_model_tool(small_model), scripted()))
    labelled = tuple(replace(post, gold=wanted) for post, wanted in zip(posts, gold, strict=True))
    return Recording(About(price=PRICE), labelled), gold


def run_graph(count: int, folder: Path, thresholds: Thresholds) -> list[Result]:
    """The real graph at the same thresholds."""
    graph = build_graph(small_model_tool(small_model), scripted(), thresholds=thresholds)
    outputs = asyncio.run(graph.abatch(inputs_of(count, folder)))
    return [read_result(output) for output in outputs]


def without_times(results: list[Result]) -> list[Result]:
    """Without what differs from run to run: seconds, and where the picture lies."""
    return [
        replace(
            result,
            picture=None,
            entities=tuple(
                replace(
                    entity,
                    corrections=tuple(
                        replace(note, seconds=0.0, exchanges=tuple(replace(one, seconds=0.0) for one in note.exchanges))
                        for note in entity.corrections
                    ),
                )
                for entity in result.entities
            ),
        )
        for result in results
    ]
