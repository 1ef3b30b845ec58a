"""The graph through the real client, from cassettes: no socket, no key, and every recorded call is played.

The answers are written by hand (`tests/graph/concert.py`). To record them anew after a change of prompts or client:

    pytest tests/graph/test_cassettes.py --unco-record

Nothing but a server on this machine is asked for that. Review the change of `cassettes/` like code.
"""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.graph.concert import KEY, NOWHERE, ONE_AT_A_TIME, TEXT, authored_server, concert_graph, small_model, stage
from tests.scripted import MODEL, graph_of, outcome
from unco.graph import PostGraph
from unco.state import read_result
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.types import Box

concert = pytest.mark.unco_cassette("concert")
CASSETTE = Path(__file__).parent / "cassettes" / "concert.yaml"


@pytest.fixture
def recording(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--unco-record"))


@pytest.fixture(autouse=True)
def _all_played(unco_cassette: Any, recording: bool) -> Iterator[None]:
    """A recorded call that nobody makes any more is a test that no longer tests what it did."""
    yield
    assert unco_cassette is None or recording or unco_cassette.all_played


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every attempt to open a connection or resolve a name."""
    tried: list[Any] = []
    connect, resolve = socket.socket.connect, socket.getaddrinfo

    def noted_connect(self: socket.socket, address: Any) -> None:
        tried.append(address)
        connect(self, address)

    def noted_resolve(*args: Any, **kwargs: Any) -> Any:
        tried.append(args)
        return resolve(*args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", noted_connect)
    monkeypatch.setattr(socket, "getaddrinfo", noted_resolve)
    return tried


@pytest.fixture
def graph(recording: bool) -> Iterator[PostGraph]:
    """The concert's graph; while recording, connected to a server with the answers."""
    if not recording:
        yield concert_graph(NOWHERE)
        return
    with authored_server() as url:
        yield concert_graph(url)


def check(output: dict[str, Any]) -> None:
    """Check the result that the recorded answers give."""
    result = read_result(output)
    assert [(entity.text, entity.type, entity.region) for entity in result.entities] == [
        ("Nora Lind", "PER", Box(24, 12, 80, 110)),
        ("Blue Owls", "ORG", None),
        ("Nora", "PER", None),
    ]
    assert outcome(output, 0) == {"span": "changed", "type": "changed", "region": "changed"}
    assert outcome(output, 1) == {"span": "skipped", "type": "kept", "region": "skipped"}
    assert outcome(output, 2) == {"span": "kept", "type": "skipped", "region": "skipped"}
    asked = [note for entity in result.entities for note in entity.corrections if note.outcome != "skipped"]
    assert [note.calls for note in asked] == [1, 2, 1, 1, 1]
    assert all(note.authored and note.model == MODEL for note in asked)


@concert
def test_sync(graph: PostGraph, connections: list[Any], recording: bool, tmp_path: Path) -> None:
    check(graph.invoke({"text": TEXT, "image": stage(tmp_path)}, ONE_AT_A_TIME))
    assert recording or connections == []


@concert
async def test_async(graph: PostGraph, connections: list[Any], recording: bool, tmp_path: Path) -> None:
    check(await graph.ainvoke({"text": TEXT, "image": stage(tmp_path)}, ONE_AT_A_TIME))
    assert recording or connections == []


def test_a_cassette_can_be_read_and_tells_no_secrets() -> None:
    text = CASSETTE.read_text(encoding="utf-8")
    assert KEY not in text
    assert not any(word in text.lower() for word in ("sk-test", "authorization", "bearer", "base64", "127.0.0.1"))
    assert "data:image/png;sha256," in text
    assert f"\n          {TEXT}\n" in text  # as lines, not as one escaped string
    assert len(text) < 40_000


def test_a_recording_of_our_own_replays_without_a_socket(connections: list[Any], tmp_path: Path) -> None:
    post, path = {"text": TEXT, "image": stage(tmp_path)}, tmp_path / "asked.jsonl"
    with authored_server() as url:
        graph = concert_graph(url, recording=Recording(path))
        recorded = graph.invoke(post, ONE_AT_A_TIME, context={"mode": "record"})
    check(recorded)
    assert KEY not in path.read_text(encoding="utf-8")
    connections.clear()
    graph = concert_graph(recording=Recording(path))
    replayed = graph.invoke(post, context={"mode": "replay"})
    check(replayed)
    assert all(note.cache_hit for note in read_result(replayed).entities[0].corrections)
    assert connections == []


async def test_a_recording_replays_async_and_without_an_address(connections: list[Any], tmp_path: Path) -> None:
    post, path = {"text": TEXT, "image": stage(tmp_path)}, tmp_path / "asked.jsonl"
    with authored_server() as url:
        concert_graph(url, recording=Recording(path)).invoke(post, ONE_AT_A_TIME, context={"mode": "record"})
    connections.clear()
    graph = graph_of(small_model, Mllm(model=MODEL, recording=Recording(path)))
    check(await graph.ainvoke(post, context={"mode": "replay"}))
    assert connections == []
