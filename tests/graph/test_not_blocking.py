"""No file is read and no lock waited for in an event loop: LangGraph's server ends a run that does."""

from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from tests.scripted import ANN, FACE, TOKENS, doubt, drawing, graph_of, kind, outcome, says
from tests.tools.llm.openai_server import Step, completion, serve
from unco.context import Context
from unco.prompts import registry
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.recording import Recording


@pytest.mark.parametrize("mode", ["live", "record"])
async def test_a_first_run_does_not_block_the_loop(mode: str, tmp_path: Path) -> None:
    registry._load.cache_clear()  # so that its files are read again
    with serve() as server:
        server.script = [Step(completion(kind("PER")))]
        llm = Mllm(
            server.url,
            "authored-test",
            cache=Cache(tmp_path / "cache"),
            recording=Recording(tmp_path / "asked" / "asked.jsonl"),
            terms=Terms(egress=EgressLog(tmp_path / "log" / "egress.jsonl")),
        )
        graph = graph_of(says((ANN, "ORG", FACE, doubt("type"))), llm)
        post = {"text": " ".join(TOKENS), "image": drawing(tmp_path)}
        with blockbuster_ctx("unco"):
            results = [await graph.ainvoke(post, context=Context(mode=mode)) for _ in range(2)]  # type: ignore[arg-type]
    assert [outcome(result)["type"] for result in results] == ["changed", "changed"]
    assert [result["usage"]["asked"] for result in results] == [1, 0]
