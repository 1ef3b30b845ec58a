"""Benchmark `unco serve` beside the same posts by the graph in process, and LangGraph's server, in one run.

In process means what `graph.abatch` does: `ainvoke` of so many posts at once; it runs in a process of its own, as the
servers do, and at the same time as the service.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import numpy as np
from rich.table import Table

from benchmarks.faulty_endpoint import MODEL, FaultyEndpoint
from benchmarks.faulty_endpoint import serve as endpoint
from benchmarks.langgraph_server import is_installed, langgraph_server
from benchmarks.tables import columns_table
from benchmarks.unco_server import unco_server
from unco.demo.posts import read_posts

REQUESTS, AT_ONCE, ROUNDS = 1000, 50, 5
"""Requests of a round; the service answers five rounds, to see whether its memory grows."""

LATENCY_S, FAULTS = 0.5, 0.05
TYPES: dict[str, Any] = {"span_threshold": 1.0, "type_threshold": -1.0, "region_threshold": 1.0}
"""A question about the type of each entity, which is what the endpoint can answer."""

KEY = "sk-made-up-for-the-benchmark"

Send = Callable[[dict[str, Any]], Awaitable[str]]
"""Sends a post; gives its outcome in a word."""


@dataclass(frozen=True, slots=True)
class Row:
    """Results of one round."""

    name: str
    seconds: tuple[float, ...]
    """That each post took."""
    total_s: float
    outcomes: Mapping[str, int]
    mib: float = 0.0
    """Memory of the service after it; 0 = not measured."""

    def percentile(self, share: float) -> float:
        """Compute the seconds within which this share of the posts was done."""
        return float(np.quantile(self.seconds, share))


def made_posts(first: int, count: int) -> list[dict[str, Any]]:
    """Make different posts with three entities and a picture that comes inline."""
    shown = Path(str(read_posts()[0].image)).read_bytes()
    picture = f"data:image/jpeg;base64,{b64encode(shown).decode()}"
    boxes = [[90.0, 20.0, 360.0, 500.0]]  # given, so that nobody looks for faces
    text = "Eileen Collins commanded a Space Shuttle for NASA"
    return [{"text": f"{text} number{first + n}", "image": picture, "regions": boxes} for n in range(count)]


async def drive(name: str, send: Send, posts: Sequence[dict[str, Any]]) -> Row:
    """Send all posts, so many at once, and time each."""
    places, seconds, outcomes = asyncio.Semaphore(AT_ONCE), list[float](), Counter[str]()

    async def one(post: dict[str, Any]) -> None:
        async with places:
            start = perf_counter()
            outcomes[await send(post)] += 1
            seconds.append(perf_counter() - start)

    start = perf_counter()
    await asyncio.gather(*map(one, posts))
    return Row(name, tuple(seconds), perf_counter() - start, outcomes)


async def in_process(count: int) -> Row:
    """Run posts through the default graph of this process."""
    from unco.context import Context
    from unco.graph import default_graph

    graph, context = default_graph(), Context(**TYPES)

    async def send(post: dict[str, Any]) -> str:
        output = await graph.ainvoke(post, context=context)
        return "result" if output["entities"] else "nothing"

    await graph.ainvoke({"text": "warm up"}, context=Context(mode="off"))
    return await drive("graph.abatch, in process", send, made_posts(0, count))


async def by_service(url: str, first: int, count: int) -> Row:
    """Send posts to the service; a refusal says why by its status and error."""
    limits = httpx2.Limits(max_connections=AT_ONCE)
    async with httpx2.AsyncClient(base_url=url, timeout=300, limits=limits) as client:

        async def send(post: dict[str, Any]) -> str:
            answer = await client.post("/extract", json=post | {"context": TYPES})
            return "result" if answer.status_code == 200 else f"{answer.status_code} {answer.json()['error']}"

        return await drive("unco serve", send, made_posts(first, count))


async def by_langgraph(url: str, count: int) -> Row:
    """Send posts to LangGraph's development server, each as a run of its own."""
    from langgraph_sdk import get_client

    async with get_client(url=url, timeout=300) as client:

        async def send(post: dict[str, Any]) -> str:
            output: Any = await client.runs.wait(None, "unco", input=post, context=TYPES, raise_error=False)
            return "result" if output.get("entities") else "no result"

        await client.runs.wait(None, "unco", input={"text": "warm up"}, context={"mode": "off"})
        return await drive("LangGraph's development server", send, made_posts(0, count))


@contextmanager
def asked_endpoint() -> Iterator[tuple[Path, dict[str, str]]]:
    """Serve an endpoint that fails; yield an empty folder, and the environment of who asks it."""
    with tempfile.TemporaryDirectory() as folder, endpoint(FaultyEndpoint(LATENCY_S, FAULTS)) as asked:
        yield (
            Path(folder),
            {
                "UNCO_LLM_BASE_URL": asked.url,
                "UNCO_LLM_MODEL": MODEL,
                "UNCO_LLM_FRAME": "0-1000",
                "UNCO_CACHE_DIR": f"{folder}/cache",
                "UNCO_PICTURE_ROOTS": "",
                "OPENAI_API_KEY": KEY,
            },
        )


def measure_in_process(count: int) -> Row:
    """Measure the graph in a process of its own."""
    with asked_endpoint() as (_, environment):
        command = [sys.executable, "-m", "benchmarks.serving", str(count)]
        done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, check=True)
    seconds, total_s, outcomes = json.loads(done.stdout.splitlines()[-1])
    return Row("graph.abatch, in process", tuple(seconds), total_s, outcomes)


def measure_together(count: int, rounds: int) -> Iterator[Row]:
    """Measure the graph and the service at the same time, so that a busy machine slows both; then the service alone."""
    with asked_endpoint() as (folder, environment), unco_server(folder, environment) as server:

        def serve_round(turn: int) -> Row:
            row = asyncio.run(by_service(server.url, turn * count, count))
            return replace(row, mib=resident_mib(server.process.pid))

        with ThreadPoolExecutor(1) as pool:
            graph = pool.submit(measure_in_process, count)
            served = serve_round(0)
            yield graph.result()
        yield served
        yield from (replace(serve_round(turn), name="unco serve, alone") for turn in range(1, rounds))


def measure_langgraph(count: int) -> Row:
    """Measure LangGraph's development server."""
    with asked_endpoint() as (folder, environment):
        with langgraph_server(folder, environment, jobs=AT_ONCE) as server:
            return asyncio.run(by_langgraph(server.url, count))


def resident_mib(process: int) -> float:
    """Read the resident memory of a process; 0 where the system does not tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text("utf-8")
    except OSError:
        return 0.0
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def measure_serving(count: int = REQUESTS, rounds: int = ROUNDS) -> Iterable[Table]:
    """Measure the graph and the service side by side, LangGraph's server, and whether the service's memory grows."""
    rows = list(measure_together(count, rounds))
    if is_installed():
        rows.insert(2, measure_langgraph(count))
    columns = {
        "": [row.name for row in rows],
        "median": [f"{row.percentile(0.5):.2f} s" for row in rows],
        "p95": [f"{row.percentile(0.95):.2f} s" for row in rows],
        "p95, against the first": [f"{row.percentile(0.95) / rows[0].percentile(0.95):.2f} x" for row in rows],
        "all": [f"{row.total_s:.1f} s" for row in rows],
        "came of them": [", ".join(f"{name} {count}" for name, count in row.outcomes.items()) for row in rows],
        "memory after": [f"{row.mib:.0f} MiB" if row.mib else "" for row in rows],
    }
    table = columns_table(f"{count} posts, {AT_ONCE} at once", columns)
    table.caption = f"the endpoint takes {LATENCY_S} s an answer and fails {FAULTS:.0%} of the questions"
    yield table


if __name__ == "__main__":
    row = asyncio.run(in_process(int(sys.argv[1])))
    sys.stdout.write(json.dumps([row.seconds, row.total_s, row.outcomes]) + "\n")
