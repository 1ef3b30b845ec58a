"""A search with real servers: over HTTP, killed and started again; and by a program's pipes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.tools.search.servers import FACTS
from unco.tools.blocking import block_on
from unco.tools.search.mcp_tool import McpTool
from unco.tools.search.search import Findings, Query
from unco.tools.search.search_tool import SearchTool

SERVERS = str(Path(__file__).parent / "servers.py")
HERE = str(Path(__file__).parents[3])
FOUND = (": ".join(FACTS[0].values()),)


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def start() -> Iterator[Callable[[int], "subprocess.Popen[bytes]"]]:
    started: list[subprocess.Popen[bytes]] = []

    def start(port: int) -> "subprocess.Popen[bytes]":
        quiet, env = subprocess.DEVNULL, os.environ | {"PYTHONPATH": HERE}
        started.append(subprocess.Popen([sys.executable, SERVERS, str(port)], stdout=quiet, stderr=quiet, env=env))
        return started[-1]

    yield start
    for one in started:
        one.kill()
        one.wait()


def found_within(search: SearchTool, seconds: float) -> Findings:
    """Search until something is found: a server takes a while to start, and a breaker to close."""
    end = time.monotonic() + seconds
    while not (found := block_on(search.search(Query(words="Blue Owls", mode="live")))).facts:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


@pytest.mark.slow
def test_a_server_that_is_killed_and_comes_back(start: Callable[[int], "subprocess.Popen[bytes]"]) -> None:
    port = free_port()
    search = SearchTool(McpTool(f"http://127.0.0.1:{port}/mcp", seconds=5.0), seconds=5.0)
    running = start(port)
    assert found_within(search, 30).facts == FOUND
    running.kill()
    running.wait()
    dead = block_on(search.search(Query(words="Ann", mode="live")))
    assert dead.facts == ()
    assert dead.look_up is not None
    assert "cannot be reached" in dead.look_up.fault
    start(port)
    assert found_within(search, 30).facts == FOUND


@pytest.mark.slow
def test_a_program_is_asked_over_its_pipes_and_gets_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "secret-of-another")  # pragma: allowlist secret
    tool = McpTool((sys.executable, SERVERS), env={"PYTHONPATH": HERE}, seconds=20.0)
    search = SearchTool(tool, seconds=20.0)
    assert found_within(search, 30).facts == FOUND
    keys = McpTool((sys.executable, SERVERS), "variables", env={"PYTHONPATH": HERE}, seconds=20.0)
    assert "API_KEY" not in found_within(SearchTool(keys, seconds=20.0), 30).facts[0]
    for command in (("/nonexistent/program",), ("false",), ("cat",)):
        broken = SearchTool(McpTool(command, seconds=5.0), seconds=5.0)
        found = block_on(broken.search(Query(words="Ann", mode="live")))
        assert found.look_up is not None
        assert found.look_up.fault
