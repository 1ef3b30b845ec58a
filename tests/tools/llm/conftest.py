"""Fixtures for the tests of the client: a scripted server, both ways to ask, a clock."""

import asyncio
from collections.abc import Iterator

import pytest

from tests.tools.llm.clock import Clock
from tests.tools.llm.openai_server import OpenAIServer, serve
from tests.tools.llm.scripted_client import Ask


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    """Answers by its script while the test runs."""
    with serve() as running:
        yield running


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Asks a live endpoint, in both ways."""
    if request.param == "sync":
        return lambda mllm, asked: mllm.ask(asked, "live")
    return lambda mllm, asked: asyncio.run(mllm.aask(asked, "live"))


@pytest.fixture
def clock() -> Clock:
    """Stands still until the test moves it."""
    return Clock()
