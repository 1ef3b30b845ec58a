"""A simulated model that never errs, whose hand is written apart from our frames: what comes back checks the frames."""

from typing import Any

import pytest
from rich.console import Console

from tests.evals.simulated_posts import DrawnPost, drawn_posts, small_model
from tests.scripted import graph_of, outcome
from unco.context import Context
from unco.evals.frame_probe import probe_frame
from unco.evals.simulation import simulate
from unco.nodes.settings import current_frame
from unco.show import show_result
from unco.state import read_result
from unco.tools.llm.client import Mllm
from unco.tools.pictures.annotate_strip import entity_line
from unco.types import Box

pytestmark = pytest.mark.slow

FAMILIES = {
    "qwen2-vl": "0-1000",
    "qwen2.5-vl": "resized_pixels",
    "qwen3-vl": "0-1000",
    "internvl": "0-1000",
    "deepseek-vl2": "0-999",
    "gemini": "0-1000-yx",
    "gpt-4o": "pixels",
    "claude": "claude_pixels",
    "kosmos-2": "0-1-in-32",
    "paligemma": "0-1023-yx",
    "florence-2": "0-999-cells",
    "moondream": "0-1",
    "kimi-vl": "0-1",
}
"""And the frame of each."""


@pytest.fixture(scope="module")
def posts(tmp_path_factory: pytest.TempPathFactory) -> list[DrawnPost]:
    return drawn_posts(tmp_path_factory.mktemp("posts"))


def correct(posts: list[DrawnPost], url: str, model: str, **context: Any) -> list[dict[str, Any]]:
    graph = graph_of(small_model(posts), Mllm(url, model, attempts=1))
    return graph.batch([{"text": post.text, "image": post.image} for post in posts], context=Context(**context))


def iou(entity: dict[str, Any], box: Box) -> float:
    return Box(**entity["region"]).iou(box) if entity["region"] else 0.0


@pytest.mark.parametrize("family", FAMILIES)
def test_all_that_is_wrong_is_put_right_and_nothing_that_is_right_is_harmed(
    family: str, posts: list[DrawnPost]
) -> None:
    with simulate([post.gold for post in posts], family) as simulation:
        results = correct(posts, simulation.url, simulation.model)
    assert simulation.counts == {"questions": 36, "answers": 36}
    for post, result in zip(posts, results, strict=True):
        assert [outcome(result, index) for index in range(3)] == [
            {"span": "changed", "type": "skipped", "region": "changed"},
            {"span": "skipped", "type": "changed", "region": "changed"},
            {"span": "changed", "type": "skipped", "region": "changed"},
        ]
        for entity, gold in zip(result["entities"], post.gold.entities, strict=True):
            assert (entity["span"], entity["type"]) == ({"start": gold.span.start, "stop": gold.span.stop}, gold.type)
        ann, owls, oslo = result["entities"]
        least = 0.8 if family == "kosmos-2" else 0.97
        assert iou(ann, post.gold.entities[0].boxes[0]) > least
        assert iou(owls, post.gold.entities[1].boxes[0]) > least  # the first of several
        assert oslo["region"] is None
        assert {note["model"] for entity in result["entities"] for note in entity["corrections"] if note["calls"]} == {
            f"simulated-{family}"
        }


def test_a_simulated_answer_says_so_wherever_it_shows(posts: list[DrawnPost]) -> None:
    with simulate([post.gold for post in posts], "gemini") as simulation:
        result = read_result(correct(posts[:1], simulation.url, simulation.model)[0])
    console = Console(record=True, width=160)
    show_result(result, console)
    assert console.export_text().count("[simulated answer: no model gave it]") == 6
    assert all("simulated answer" in entity_line(entity) for entity in result.entities)


@pytest.mark.parametrize(
    ("family", "frame"),
    [
        ("qwen2.5-vl", "0-1000"),
        ("qwen2.5-vl", "pixels"),
        ("qwen3-vl", "resized_pixels"),
        ("gemini", "0-1000"),
        ("gpt-4o", "0-1000"),
        ("claude", "pixels"),
        ("paligemma", "0-1000"),
        ("kimi-vl", "0-1000"),
    ],
)
def test_with_the_wrong_frame_boxes_go_wrong(family: str, frame: str, posts: list[DrawnPost]) -> None:
    with simulate([post.gold for post in posts], family) as simulation:
        results = correct(posts[3:], simulation.url, simulation.model, frame=frame)
    ious = [
        iou(r["entities"][i], p.gold.entities[i].boxes[0])
        for r, p in zip(results, posts[3:], strict=True)
        for i in (0, 1)
    ]
    assert sum(ious) / len(ious) < 0.85


@pytest.mark.parametrize("family", FAMILIES)
def test_the_probe_finds_the_frame(family: str) -> None:
    with simulate([], family) as simulation:
        llm = Mllm(simulation.url, "a-new-name", attempts=1)
        probe = probe_frame(lambda request: llm.ask(request, "live"), "a-new-name")
    assert probe.winner == FAMILIES[family].replace("0-1-in-32", "0-1")  # these two are read alike
    assert probe.scores[0].own > (0.85 if family in ("kosmos-2", "claude") else 0.97)
    assert probe.scores[0].read == probe.scores[0].asked == 5


def test_the_probe_finds_the_servers_own_limit() -> None:
    with simulate([], "qwen2.5-vl:401408") as simulation:
        llm = Mllm(simulation.url, "a-new-name", attempts=1)
        assert probe_frame(lambda request: llm.ask(request, "live"), "a-new-name").winner == "resized_pixels:401408"


def test_a_server_that_takes_more_needs_no_frame_of_its_own() -> None:
    with simulate([], "qwen2.5-vl:12845056") as simulation:
        llm = Mllm(simulation.url, "a-new-name", attempts=1)
        probe = probe_frame(lambda request: llm.ask(request, "live"), "a-new-name")
    assert probe.scores[0].frame == "resized_pixels:12845056"
    assert probe.winner == "resized_pixels"
    assert current_frame(Context(frame=probe.winner), llm).limits.most == 1_003_520
