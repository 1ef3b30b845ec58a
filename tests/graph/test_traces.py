"""What a tracer sees of a run: which entity, which attribute, by which prompt and policy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langchain_core.tracers.base import BaseTracer
from langchain_core.tracers.schemas import Run

from tests.scripted import ANN, FACE, TOKENS, doubt, drawing, graph_of, kind, says
from tests.tools.extraction.made_policy import policy_of
from tests.tools.llm.openai_server import Step, completion, serve
from unco.context import Context
from unco.graph import default_graph
from unco.prompts import load_prompt
from unco.tools.extraction.policy import write_policy
from unco.tools.llm.client import Mllm

TEXT = " ".join(TOKENS)


class Traces(BaseTracer):
    def __init__(self) -> None:
        super().__init__()
        self.roots: list[Run] = []

    def _persist_run(self, run: Run) -> None:
        self.roots.append(run)

    def named(self, name: str) -> list[Run]:
        return [run for root in self.roots for run in below(root) if run.name == name]


def below(run: Run) -> Iterator[Run]:
    yield run
    for child in run.child_runs:
        yield from below(child)


def metadata(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = (run.extra or {})["metadata"]
    return found


@pytest.mark.parametrize("asynchronous", [False, True])
async def test_a_call_says_what_it_is_about(asynchronous: bool, tmp_path: Path) -> None:
    traces = Traces()
    with serve() as server:
        server.script = [Step(completion("no JSON")), Step(completion(kind("PER")))]
        graph = graph_of(says((ANN, "ORG", FACE, doubt("type"))), Mllm(server.url, "authored-test"))
        post, context = {"text": TEXT, "image": drawing(tmp_path)}, Context(mode="live", type_threshold=0.35)
        config: RunnableConfig = {"callbacks": [traces], "metadata": {"customer": "a"}}
        if asynchronous:
            await graph.ainvoke(post, config=config, context=context)
        else:
            graph.invoke(post, config=config, context=context)
    first, second = traces.named("ask type/v1")
    about = {
        "entity": 0,
        "attribute": "type",
        "prompt": "type/v1",
        "prompt_hash": load_prompt("type", "v1").sha256[:12],
        "threshold": 0.35,
        "customer": "a",
    }
    assert about.items() <= metadata(first).items()
    assert metadata(first)["uncertainty"] == doubt("type").type
    assert [metadata(run)["again"] for run in (first, second)] == [0, 1]
    assert {"type/v1", "entity 0"} <= set(first.tags or ())
    [root] = traces.roots
    assert root.name == "unco"
    assert {"mode": "live", "type_threshold": 0.35}.items() <= metadata(root).items()
    assert "span_threshold" not in metadata(root)
    assert len(traces.named("correct_type")) == 1


def test_settings_as_a_dictionary_are_traced_too() -> None:
    traces = Traces()
    graph_of(says(), Mllm()).invoke({"text": TEXT}, config={"callbacks": [traces]}, context={"mode": "off"})
    assert metadata(traces.roots[0])["mode"] == "off"


def test_the_policy_is_traced_by_its_name(tmp_path: Path) -> None:
    policy = tmp_path / "cautious.yaml"
    write_policy(policy_of(), policy)
    graph = default_graph(policy=str(policy))
    assert (graph.config or {})["metadata"] == {"policy": "cautious.yaml"}
