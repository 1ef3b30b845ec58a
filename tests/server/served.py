"""The post that tests of the server send, and what they know of the server."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.langgraph_server import Server
from unco.types import Box, GoldEntity, Span

WORDS = tuple("Eileen Collins commanded a Space Shuttle for NASA".split())
TEXT = " ".join(WORDS)
GOLD = (
    GoldEntity(Span(0, 2), "PER", (Box(10.0, 10.0, 100.0, 100.0),)),
    GoldEntity(Span(4, 6), "ORG", ()),  # the small model says OTHER; the simulated one is made to say ORG
    GoldEntity(Span(7, 8), "ORG", ()),
)
ALWAYS = {"span_threshold": -1, "type_threshold": -1, "region_threshold": -1}
LATENCY_S = 0.2
KEY = "sk-made-up-for-this-test"


@dataclass(frozen=True)
class Served:
    server: Server
    folder: Path
    environment: dict[str, str]
    """To start another one like it."""
