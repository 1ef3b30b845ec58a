"""Benchmark batching of the small model: `graph.abatch` of 64 posts beside 64 single `graph.invoke`, no LLM calls."""

import asyncio
from collections.abc import Callable, Sequence

from benchmarks.timing import Measured, measure
from unco.context import Context
from unco.graph import build_graph
from unco.small_model.batching import Batching
from unco.small_model.config import ESTIMATORS
from unco.small_model.model_input import ModelInput
from unco.small_model.predictor import Predictor
from unco.tools.extraction.extractor import NetworkExtractor
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm

OFF = Context(mode="off")
CLAUSES = (
    "Mira Kovac signed for the Harbour Owls",
    "Lake Arden froze over again last night",
    "the mayor of Port Lindow met Tomas Reyes at the station",
    "nobody told me !",
    "tickets for the Winter Lantern Festival in Elmstead are gone",
    "Northline Rail says sorry",
    "my cousin saw Ada Brandt and her band in Old Quay on Friday",
    "what a game",
)
"""Made-up clauses of 3 to 13 words."""


def made_up_posts(posts: int) -> list[str]:
    """Make texts of one to four clauses, 3 to about 40 words, in a fixed order of mixed lengths."""
    return [
        " , ".join(CLAUSES[(3 * post + clause) % len(CLAUSES)] for clause in range(1 + post % 4)) + f" # {post}"
        for post in range(posts)
    ]


def batching_tasks(predictor: Predictor, texts: Sequence[str]) -> dict[str, Callable[[], object]]:
    """Make tasks that run the same posts in four ways: by the graph and by the predictor, one by one and together."""
    graph, without_wait = (
        build_graph(small_model_tool(NetworkExtractor(lambda: predictor, None, batching)), Mllm())
        for batching in (Batching(), Batching(wait=0.0))  # whoever is alone should not wait for company
    )
    posts = [{"text": text} for text in texts]
    inputs = [ModelInput(tuple(text.split())) for text in texts]
    return {
        f"{len(posts)} x graph.invoke": lambda: [without_wait.invoke(post, context=OFF) for post in posts],
        f"graph.abatch of {len(posts)}": lambda: asyncio.run(graph.abatch(posts, context=OFF)),
        f"{len(posts)} x predict": lambda: [predictor.predict([post]) for post in inputs],
        f"predict of {len(posts)}": lambda: predictor.predict(inputs),
    }


def measure_batching(predictor: Predictor, posts: int = 64, rounds: int = 5) -> list[tuple[str, list[Measured]]]:
    """Measure titles and rows: with the predictor's own estimator, and with Monte Carlo dropout in the decoder."""
    texts = made_up_posts(posts)
    in_decoder = predictor.with_estimator(ESTIMATORS["mc_decoder"])
    return [
        (f"{posts} posts, {_sampling(variant)}", measure(batching_tasks(variant, texts), rounds))
        for variant in (predictor, in_decoder)
    ]


def _sampling(predictor: Predictor) -> str:
    sampling = predictor.estimator.sampling
    return (
        f"T = {sampling.passes}, dropout in {sampling.encoder_layers} encoder layers" if sampling.passes else "one pass"
    )
