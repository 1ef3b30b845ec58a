"""Posts that run through the graph at the same time share the small model."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.scripted import ScriptedLlm, drawing, graph_of
from unco.context import Context
from unco.errors import Overloaded, PictureError
from unco.graph import PostGraph
from unco.small_model.batching import Batching
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region import Region
from unco.tools.extraction.extractor import NetworkExtractor
from unco.types import Box

OFF = Context(mode="off")
POSTS = [{"text": "Ann Lee plays for Oslo " + "and sings " * (number % 4) + str(number)} for number in range(8)]


@dataclass
class Counted:
    """The tiny network, and how many posts it was given at a time."""

    predictor: Predictor
    sizes: list[int] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.predictor, name)

    def predict(self, posts: Sequence[Any]) -> Any:
        self.sizes.append(len(posts))
        return self.predictor.predict(posts)


@pytest.fixture
def network(predictor: Predictor) -> Counted:
    return Counted(predictor)


def shared(network: Any, provider: Any = None, **bounds: Any) -> PostGraph:
    """A graph whose small model waits until all posts are there."""
    batching = Batching(**{"most_posts": len(POSTS), "wait": 60.0} | bounds)
    return graph_of(NetworkExtractor(lambda: network, provider, batching), ScriptedLlm())


def close(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Equal but for rounding of the uncertainties."""

    def rounded(result: dict[str, Any]) -> Any:
        return [
            (
                entity["text"],
                entity["type"],
                entity["region"],
                *(pytest.approx(value, abs=1e-5) for value in entity["nats"].values()),
            )
            for entity in result["entities"]
        ]

    plain = [(entity["text"], entity["type"], entity["region"], *entity["nats"].values()) for entity in one["entities"]]
    return bool(plain == rounded(other)) and one["tokens"] == other["tokens"]


async def test_abatch_is_one_batch_and_says_what_invoke_says(network: Counted) -> None:
    results = await shared(network).abatch(POSTS, context=OFF)
    assert network.sizes == [len(POSTS)]
    alone = shared(network, most_posts=1)
    assert any(result["entities"] for result in results)
    assert all(close(result, alone.invoke(one, context=OFF)) for result, one in zip(results, POSTS, strict=True))


def test_threads_make_one_batch(network: Counted) -> None:
    graph = shared(network)
    with ThreadPoolExecutor(len(POSTS)) as pool:
        results = list(pool.map(lambda one: graph.invoke(one, context=OFF), POSTS))
    assert network.sizes == [len(POSTS)]
    assert [result["text"] for result in results] == [one["text"] for one in POSTS]


def test_event_loops_and_threads_make_one_batch(network: Counted) -> None:
    graph = shared(network)

    def loop(posts: list[Any]) -> list[Any]:
        return asyncio.run(graph.abatch(posts, context=OFF))

    with ThreadPoolExecutor(3) as pool:
        halves = [pool.submit(loop, POSTS[:3]), pool.submit(loop, POSTS[3:7])]
        last = pool.submit(graph.invoke, POSTS[7], context=OFF)
        texts = [result["text"] for half in halves for result in half.result()] + [last.result()["text"]]
    assert network.sizes == [len(POSTS)]
    assert texts == [one["text"] for one in POSTS]


async def test_waiting_for_the_model_holds_no_thread(predictor: Predictor) -> None:
    gate = threading.Event()

    class Held(Counted):
        def predict(self, posts: Sequence[Any]) -> Any:
            assert gate.wait(30)
            return super().predict(posts)

    many = [{"text": f"Ann Lee {number}"} for number in range(100)]
    running = asyncio.create_task(shared(Held(predictor), wait=0.0).abatch(many, context=OFF))
    for _ in range(3):
        assert await asyncio.wait_for(asyncio.to_thread(lambda: "free"), 30) == "free"
    gate.set()
    assert [result["text"] for result in await running] == [one["text"] for one in many]


async def test_pictures_are_looked_at_outside_the_event_loop(network: Counted, tmp_path: Path) -> None:
    threads: set[int] = set()

    def provider(image: Image.Image, source: str) -> list[Region]:
        threads.add(threading.get_ident())
        return [Region(Box(1, 1, 50, 50), "person")]

    graph = shared(network, provider)
    picture = drawing(tmp_path)
    results = await graph.abatch([one | {"image": picture} for one in POSTS], context=OFF)
    assert network.sizes == [len(POSTS)]
    assert threads
    assert threading.get_ident() not in threads
    assert {result["picture"]["width"] for result in results} == {200}


async def test_one_picture_that_cannot_be_used_concerns_its_own_post_alone(network: Counted) -> None:
    posts = [*POSTS[:7], {"text": "Ann", "image": "none.png"}]
    results = await shared(network).abatch(posts, context=OFF)
    assert [result["text"] for result in results] == [one["text"] for one in posts]
    assert results[-1]["picture"]["state"] == "unusable"
    strict = replace(OFF, strict_pictures=True)
    results = await shared(network).abatch(posts, context=strict, return_exceptions=True)
    assert isinstance(results[-1], PictureError)
    assert [result["text"] for result in results[:7]] == [one["text"] for one in POSTS[:7]]
    assert network.sizes == [8, 8]


async def test_more_posts_than_may_wait_are_refused(network: Counted) -> None:
    results = await shared(network, wait=0.5, queue=2).abatch(POSTS[:4], context=OFF, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Overloaded)]
    assert len(refused) == 2
    assert all("hand in fewer at once" in str(error) for error in refused)


async def test_fewer_at_a_time_always_fit(network: Counted) -> None:
    results = await shared(network, wait=0.0, queue=2).abatch(POSTS, {"max_concurrency": 2}, context=OFF)
    assert [result["text"] for result in results] == [one["text"] for one in POSTS]
