"""Many entities at once, and many callers: the order stays, and no more is asked at once than allowed."""

import random
import threading

import pytest
from langchain_core.runnables import RunnableConfig

from tests.scripted import TOKENS, ScriptedLlm, doubt, graph_of, kind, says
from unco.tools.extraction.extractor import Extractor
from unco.types import Extraction, Post, Span

TEXT = " ".join(TOKENS)


@pytest.fixture
def crowd() -> Extractor:
    """Ten words, each an entity with an unsure type."""
    return says(*((Span(place, place + 1), "ORG", None, doubt("type")) for place in range(len(TOKENS))))


def slow(seed: int) -> ScriptedLlm:
    """Answers after a while that differs from question to question."""
    llm = ScriptedLlm({("type", token): kind("PER") for token in TOKENS})
    dice = random.Random(seed)
    llm.delay = lambda asked: dice.uniform(0.001, 0.03)
    return llm


@pytest.mark.parametrize("seed", range(3))
async def test_entities_keep_their_order_whoever_is_first(crowd: Extractor, seed: int) -> None:
    for result in (
        graph_of(crowd, slow(seed)).invoke({"text": TEXT}),
        await graph_of(crowd, slow(seed)).ainvoke({"text": TEXT}),
    ):
        assert [entity["index"] for entity in result["entities"]] == list(range(10))
        assert [entity["text"] for entity in result["entities"]] == list(TOKENS)
        assert {entity["type"] for entity in result["entities"]} == {"PER"}


@pytest.mark.parametrize("most", [1, 3])
async def test_no_more_questions_at_once_than_allowed(crowd: Extractor, most: int) -> None:
    for run in ("sync", "async"):
        llm = slow(0)
        graph, config = graph_of(crowd, llm), RunnableConfig(max_concurrency=most)
        result = graph.invoke({"text": TEXT}, config) if run == "sync" else await graph.ainvoke({"text": TEXT}, config)
        assert len(result["entities"]) == len(llm.asked) == 10
        assert llm.peak <= most
    assert most == 1 or llm.peak > 1


async def test_unbounded_questions_go_out_together(crowd: Extractor) -> None:
    llm = slow(0)
    llm.delay = lambda asked: 0.05
    await graph_of(crowd, llm).ainvoke({"text": TEXT})
    assert llm.peak == 10


def test_threads_may_share_a_graph(crowd: Extractor) -> None:
    llm, results = slow(2), []
    graph = graph_of(crowd, llm)
    threads = [threading.Thread(target=lambda: results.append(graph.invoke({"text": TEXT}))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(result == results[0] for result in results)


async def test_posts_of_a_batch_do_not_mix() -> None:
    def extractor(post: Post) -> Extraction:
        return says((Span(0, 1), "PER", None, doubt("type")), tokens=tuple(str(post.text).split()))(post)

    names = [f"Name{number}" for number in range(12)]
    posts = [{"text": f"{name} sings", "id": name} for name in names]
    graph = graph_of(extractor, slow(1))
    for results in (graph.batch(posts), await graph.abatch(posts)):
        assert [result["id"] for result in results] == names
        assert [result["entities"][0]["text"] for result in results] == names
