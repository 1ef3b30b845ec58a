"""Benchmark calls beyond the endpoint's own time: a cache hit, and many posts at once against a slow endpoint."""

import asyncio
from dataclasses import replace
from itertools import count
from tempfile import TemporaryDirectory

from benchmarks.graph_overhead import scripted
from benchmarks.slow_endpoint import MODEL, slow_endpoint
from benchmarks.timing import Measured, measure
from unco.graph import build_graph
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
from unco.types import Extraction, Post, Uncertainty

POSTS, LATENCY_S, CONCURRENCY = 200, 0.3, 16


def measure_cache_hit(rounds: int = 1000) -> list[Measured]:
    """Measure a synchronous cache hit, with a prompt of usual length."""
    request = Request(model=MODEL, system="s" * 1500, user="u" * 400)
    with TemporaryDirectory() as folder, slow_endpoint(0.0) as url:
        mllm = Mllm(url, MODEL, cache=Cache(folder))
        mllm.ask(request, "live")
        return measure({"a cache hit": lambda: mllm.ask(request, "live")}, rounds, warm_up=10)


def measure_throughput_of_calls(rounds: int = 3) -> list[Measured]:
    """Measure different posts with one uncertain type each, at once, beside the endpoint's own time."""
    with TemporaryDirectory() as folder, slow_endpoint(LATENCY_S) as url:
        graph = build_graph(small_model_tool(unsure_of_type), Mllm(url, MODEL, cache=Cache(folder)))
        numbers = count()

        def many_posts() -> None:
            posts = [{"text": f"post {next(numbers)}"} for _ in range(POSTS)]
            results = asyncio.run(graph.abatch(posts, config={"max_concurrency": CONCURRENCY}))
            assert all(result["usage"]["asked"] == 1 for result in results)

        [measured] = measure({f"{POSTS} posts, a call each, {CONCURRENCY} at once": many_posts}, rounds)
    lower_bound = Measured(f"{POSTS} calls x {LATENCY_S} s / {CONCURRENCY}", POSTS * LATENCY_S / CONCURRENCY)
    return [lower_bound, measured]


def unsure_of_type(post: Post) -> Extraction:
    """Extract one entity whose type is uncertain, whatever the post is."""
    extraction = scripted(1, 0.1)
    entity = replace(extraction.entities[0], uncertainty=Uncertainty(0.1, 0.9, 0.1))
    return replace(extraction, text=f"{extraction.text} {post.text}", entities=(entity,))
