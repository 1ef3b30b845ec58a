"""Benchmark many concurrent runs on LangGraph's server, with a faulty endpoint, beside a graph that does nothing."""

import asyncio
import json
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from rich.table import Table

from benchmarks.langgraph_server import GRAPHS, langgraph_server
from benchmarks.tables import columns_table
from unco.demo.posts import read_posts
from unco.evals.simulation import Profile, simulate
from unco.types import Box, GoldEntity, GoldPost, Span

RUNS, CONCURRENCY = 200, 20
LATENCY_S = 0.1
FAULTS = Profile(latency_s=LATENCY_S, faults={"server_error": 0.02, "rate_limit": 0.01, "reset": 0.02})
"""5 % of the questions get no answer at first."""

KEY = "sk-made-up-for-the-benchmark"
ALWAYS = {"span_threshold": -1, "type_threshold": -1, "region_threshold": -1}
FACE = Box(90.0, 20.0, 360.0, 500.0)
ENTITIES = (
    GoldEntity(Span(0, 2), "PER", (FACE,)),
    GoldEntity(Span(4, 6), "OTHER", ()),
    GoldEntity(Span(7, 8), "ORG", ()),
)
NOOP_GRAPH = {"nothing": "benchmarks.noop_graph:graph"}


@dataclass(frozen=True, slots=True)
class GraphRuns:
    """Results of many runs of one graph."""

    name: str
    seconds: tuple[float, ...]
    """Seconds that the client waited for each run."""
    total_s: float
    outcomes: Counter[str]
    """Outcomes of all corrections; `no result` counts runs that failed."""
    leaks: int
    """Occurrences of the key or of a path of the server in results and errors."""
    faults: int = 0
    """Questions that got no answer, before they were asked again."""

    def percentile(self, share: float) -> float:
        """Compute the seconds within which this share of the runs was done."""
        return float(np.quantile(self.seconds, share))


def posts(runs: int) -> tuple[list[GoldPost], list[dict[str, Any]]]:
    """Make different texts with the same three names, as gold and as client inputs with an inline picture."""
    shown = read_posts()[0].image
    picture = f"data:image/jpeg;base64,{b64encode(Path(str(shown)).read_bytes()).decode()}"
    texts = [f"Eileen Collins commanded a Space Shuttle for NASA # {number}" for number in range(runs)]
    gold = [GoldPost(str(number), tuple(text.split()), ENTITIES, (512, 512)) for number, text in enumerate(texts)]
    corners = [[FACE.x1, FACE.y1, FACE.x2, FACE.y2]]  # given, so that nobody looks for faces
    return gold, [{"text": text, "image": picture, "regions": corners} for text in texts]


async def run_all(url: str, graph: str, inputs: Sequence[dict[str, Any]], secrets: Sequence[str]) -> GraphRuns:
    """Send all posts, each as a run of its own with limited concurrency, and wait for the results."""
    from langgraph_sdk import get_client

    places, outcomes, seconds, leaks = asyncio.Semaphore(CONCURRENCY), Counter[str](), list[float](), list[str]()

    async def one(post: dict[str, Any]) -> None:
        async with places:
            start = perf_counter()
            output: Any = await client.runs.wait(None, graph, input=post, context=ALWAYS, raise_error=False)
            seconds.append(perf_counter() - start)
        output_text = json.dumps(output)
        leaks.extend(secret for secret in secrets if secret in output_text)
        entities = output.get("entities")
        notes = [note for entity in entities or [] for note in entity["corrections"]]
        outcomes.update(["no result"] if entities is None else [note["outcome"] for note in notes])

    async with get_client(url=url, timeout=300) as client:
        await client.runs.wait(None, graph, input=inputs[0] | {"text": "warm up"}, context={"mode": "off"})
        start = perf_counter()
        await asyncio.gather(*map(one, inputs))
        return GraphRuns(graph, tuple(seconds), perf_counter() - start, outcomes, len(leaks))


def measure_server(runs: int = RUNS) -> list[GraphRuns]:
    """Measure the graph that does nothing, then the whole graph with every attribute asked about."""
    gold, inputs = posts(runs)
    with tempfile.TemporaryDirectory() as folder, simulate(gold, "qwen2.5-vl", FAULTS, seed=1) as simulation:
        environment = {
            "UNCO_LLM_BASE_URL": simulation.url,
            "UNCO_LLM_MODEL": simulation.model,
            "UNCO_CACHE_DIR": f"{folder}/cache",
            "OPENAI_API_KEY": KEY,
        }
        secrets = (KEY, folder, str(Path(__file__).parents[1]))
        with langgraph_server(Path(folder), environment, {**GRAPHS, **NOOP_GRAPH}, jobs=CONCURRENCY) as server:
            noop, unco = (asyncio.run(run_all(server.url, name, inputs, secrets)) for name in ("nothing", "unco"))
        return [noop, replace(unco, faults=sum(simulation.counts[name] for name in FAULTS.faults))]


def server_table(measured: Sequence[GraphRuns]) -> Table:
    """Make a table with a row for each graph."""
    columns = {
        "": [one.name for one in measured],
        "median": [f"{one.percentile(0.5):.2f} s" for one in measured],
        "p95": [f"{one.percentile(0.95):.2f} s" for one in measured],
        "all": [f"{one.total_s:.1f} s" for one in measured],
        "finished": [f"{len(one.seconds) - one.outcomes['no result']} of {len(one.seconds)}" for one in measured],
        "faults behind it": [str(one.faults) for one in measured],
        "leaks": [str(one.leaks) for one in measured],
        "outcomes": [", ".join(f"{name} {count}" for name, count in one.outcomes.most_common()) for one in measured],
    }
    table = columns_table(f"{len(measured[0].seconds)} runs, {CONCURRENCY} at once, on LangGraph's server", columns)
    table.caption = (
        f"the MLLM is simulated: {LATENCY_S} s an answer, none to {sum(FAULTS.faults.values()):.0%} of the questions"
    )
    return table
