"""One development server for all tests here, with the shipped small model and a simulated MLLM behind it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from benchmarks.langgraph_server import is_installed, langgraph_server
from tests.server.served import GOLD, KEY, LATENCY_S, WORDS, Served
from unco.evals.simulation import Profile, simulate
from unco.types import GoldPost


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    if not is_installed():
        pytest.skip("LangGraph's server is not installed: pip install 'unco[studio]' to run this test")
    folder = tmp_path_factory.mktemp("server")
    with simulate([GoldPost("1", WORDS, GOLD, (512, 512))], "qwen2.5-vl", Profile(latency_s=LATENCY_S)) as simulation:
        environment = {
            "UNCO_LLM_BASE_URL": simulation.url,
            "UNCO_LLM_MODEL": simulation.model,
            "UNCO_CACHE_DIR": str(folder / "cache"),
            "OPENAI_API_KEY": KEY,
        }
        with langgraph_server(folder, environment) as server:
            yield Served(server, folder, environment)


@pytest.fixture
async def client(served: Served) -> AsyncIterator[Any]:
    """A real one."""
    from langgraph_sdk import get_client

    async with get_client(url=served.server.url) as client:
        yield client
