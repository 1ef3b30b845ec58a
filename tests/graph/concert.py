"""The post that the cassettes are about, and the answers to it, written by hand."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from langchain_core.runnables import RunnableConfig
from PIL import Image, ImageDraw
from pydantic import SecretStr

from tests.scripted import MODEL, SURE, doubt, graph_of, kind, quoted, region, says, span
from tests.tools.llm.openai_server import Step, completion, serve
from unco.graph import PostGraph
from unco.tools.llm.client import Mllm
from unco.types import Box, Span, Uncertainty

TOKENS = ("Nora", "Lind", "and", "the", "Blue", "Owls", "live", "in", "Oslo", "🎶", "Thanks", ",", "Nora", "!")
TEXT = " ".join(TOKENS)
NOWHERE = "http://127.0.0.1:8765/v1"
"""Nobody listens there: what is answered comes from a cassette."""
KEY = "sk-test-0123456789"
ONE_AT_A_TIME: RunnableConfig = {"max_concurrency": 1}

ANSWERS = {
    ("span", "Nora"): [span("Nora Lind"), span("Nora")],
    ("type", "Nora Lind"): ["She sings, so: a person.", kind("PER")],  # the first one cannot be read
    ("region", "Nora Lind"): [region(24, 12, 80, 110)],
    ("type", "Blue Owls"): [kind("ORG")],
}
"""(attribute, entity) -> the answers, question after question."""

small_model = says(
    (Span(0, 1), "ORG", Box(20, 10, 80, 110), doubt("span type region")),
    (Span(4, 6), "ORG", None, doubt("type")),
    (
        Span(12, 13),
        "PER",
        None,
        Uncertainty(0.8, SURE, SURE),
    ),  # not 0.9, else it would be the same question
    tokens=TOKENS,
)


def stage(folder: Path) -> str:
    """Draw a singer, in two colours; return the path."""
    path = folder / "stage.png"
    image = Image.new("RGB", (160, 120), "white")
    ImageDraw.Draw(image).rectangle((24, 12, 80, 110), fill="navy")
    image.save(path)
    return str(path)


def concert_graph(base_url: str = NOWHERE, **settings: Any) -> PostGraph:
    """Build the graph with the real client, without a cache."""
    return graph_of(small_model, Mllm(base_url, MODEL, SecretStr(KEY), **settings))


@contextmanager
def authored_server() -> Iterator[str]:
    """Serve the answers above; yields the base URL."""
    left = {key: list(answers) for key, answers in ANSWERS.items()}
    with serve() as server:

        def step() -> Step:
            system, user = server.bodies[-1]["messages"][:2]
            text = user["content"] if isinstance(user["content"], str) else user["content"][0]["text"]
            attribute = quoted(r'"corrected_(entity|type|bounding_box)"', system["content"])
            name = {"entity": "span", "type": "type", "bounding_box": "region"}[attribute]
            answer = left[name, quoted("<entity>(.*)</entity>", text)].pop(0)
            return Step(completion(answer).replace("served-model", MODEL))

        server.answer = step
        yield server.url
