"""The service as a process: killed in mid-review, told to end under load, several workers, bad bytes on its socket."""

import asyncio
import json
import runpy
import signal
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.faulty_endpoint import MODEL, FaultyEndpoint
from benchmarks.faulty_endpoint import serve as endpoint
from benchmarks.langgraph_server import Server
from benchmarks.unco_server import unco_server
from unco.serving.accounts.tokens import make_token

pytestmark = pytest.mark.slow

TEXT = "Eileen Collins commanded a Space Shuttle for NASA"
TYPES = {"span_threshold": 1.0, "type_threshold": -1, "region_threshold": 1.0}
"""A question about the type of each of the three entities."""
KEY = "sk-made-up-for-this-test"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[FaultyEndpoint, dict[str, str]]]:
    """A slow endpoint, and the environment of a service that asks it."""
    with endpoint(FaultyEndpoint(latency_s=0.5)) as asked:
        yield (
            asked,
            {
                "UNCO_LLM_BASE_URL": asked.url,
                "UNCO_LLM_MODEL": MODEL,
                "UNCO_LLM_FRAME": "0-1000",
                "UNCO_CACHE_DIR": str(tmp_path / "cache"),
                "OPENAI_API_KEY": KEY,
            },
        )


def post(number: int = 0, **context: Any) -> dict[str, Any]:
    return {"text": f"{TEXT} number{number}", "context": TYPES | context}


Started = tuple[FaultyEndpoint, dict[str, str]]


async def test_a_killed_worker_loses_no_review_and_one_that_is_told_to_end_no_post(
    served: Started, tmp_path: Path
) -> None:
    _, environment = served
    wanted = post(mode="off", review=["unavailable"])
    with unco_server(tmp_path, environment, ["--reviews"]) as server:
        review = httpx2.post(f"{server.url}/extract", json=wanted, timeout=60).json()["review"]
        server.process.kill()
        server.process.wait()
    with unco_server(tmp_path, environment, ["--reviews"]) as server:
        async with httpx2.AsyncClient(base_url=server.url, timeout=60) as client:
            assert (await client.get("/reviews")).json() == {"reviews": [review]}
            answers = [{"type": "accept", "by": "Kim"}] * len(review["requests"])
            done = await client.post(f"/reviews/{review['id']}", json={"answers": answers})
            assert {entity["corrections"][1]["outcome"] for entity in done.json()["entities"]} == {"reviewed"}
            under_way = [asyncio.create_task(client.post("/extract", json=post(number))) for number in range(10)]
            await until(client, "unco_posts_in_flight 10.0")
            server.process.send_signal(signal.SIGTERM)
            told = await asyncio.gather(*under_way)
        code = await asyncio.to_thread(server.process.wait, 60)
    assert [answer.status_code for answer in told] == [200] * 10
    assert code in (0, -signal.SIGTERM)
    log = server.log.read_text("utf-8")
    assert all(json.loads(line) for line in log.splitlines())
    assert not [secret for secret in (KEY, TEXT, "Collins", str(tmp_path), "Traceback") if secret in log]


async def until(client: httpx2.AsyncClient, count: str) -> None:
    """Wait until a line stands in the counts."""
    while count not in (await client.get("/metrics")).text:
        await asyncio.sleep(0.02)


async def test_odd_bytes_are_refused_and_what_cannot_be_finished_in_time_is_told_to_come_again(
    served: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, environment = served
    example = runpy.run_path(str(Path(__file__).parents[2] / "examples" / "serve_client.py"))["main"]
    with unco_server(tmp_path, environment, ["--grace", "1"]) as server:
        monkeypatch.setenv("UNCO_SERVE_URL", server.url)
        await asyncio.to_thread(example, TEXT, Path(__file__).parents[2] / "unco/demo/pictures/astronaut.jpg")
        assert await asyncio.to_thread(odd_bytes, server) == []
        assert await asyncio.to_thread(older_and_newer_clients, server) == []
        asked.latency_s = 60.0
        async with httpx2.AsyncClient(base_url=server.url, timeout=90) as client:
            waiting = asyncio.create_task(client.post("/extract", json=post()))
            await until(client, "unco_posts_in_flight 1.0")
            server.process.send_signal(signal.SIGTERM)
            answer = await waiting
        await asyncio.to_thread(server.process.wait, 60)
    assert (answer.status_code, answer.json()["error"]) == (503, "RequestError")
    printed = capsys.readouterr().out
    assert "found: Eileen Collins (PER)" in printed
    assert "result: " in printed


async def test_workers_share_tokens_budget_rate_and_cache(served: Started, tmp_path: Path) -> None:
    asked, environment = served
    asked.latency_s = 0.0
    tokens = tmp_path / "tokens.yaml"
    poor = {"Authorization": f"Bearer {make_token(tokens, 'poor', None, 20, None)}"}
    slow = {"Authorization": f"Bearer {make_token(tokens, 'slow', 5.0, None, None)}"}
    rich = {"Authorization": f"Bearer {make_token(tokens, 'rich', None, None, None)}"}
    options = ["--tokens", str(tokens), "--workers", "2"]
    with unco_server(tmp_path, environment, options) as server:

        async def send(number: int, headers: dict[str, str]) -> httpx2.Response:
            async with httpx2.AsyncClient(base_url=server.url, timeout=60, headers=headers) as client:
                return await client.post("/extract", json=post(number))

        spent = await asyncio.gather(*(send(number, poor) for number in range(15)))
        assert asked.counts["requests"] == 20
        notes = [note for one in spent for entity in one.json()["entities"] for note in entity["corrections"]]
        assert {note["reason"] for note in notes if note["outcome"] == "unavailable"} == {"budget"}
        quick = [answer.status_code for answer in await asyncio.gather(*(send(0, slow) for _ in range(8)))]
        assert (quick.count(200), quick.count(429)) == (5, 3)
        before = asked.counts["requests"]
        again = await asyncio.gather(*(send(99, rich) for _ in range(10)))
        assert {answer.status_code for answer in again} == {200}
        assert asked.counts["requests"] - before == len(again[0].json()["entities"])
        metrics = httpx2.get(f"{server.url}/metrics", headers=rich).text
    assert f'unco_requests_total{{route="/extract",status="200"}} {15 + 5 + 10}.0' in metrics


HEADS = (
    b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01\x00", b"POST /extract HTTP/1.1\r\n\r\n", b"\0" * 100,
    b"GET /health/live HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    b"POST /extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    b"POST /extract HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 50 + b"\r\n\r\n",
    b"POST /extract HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    b"POST /extract HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: \xff\xfe\r\nContent-Length: 2\r\n\r\n{}",
    b"GET /\xff\xfe%00%ff HTTP/1.1\r\nHost: localhost\r\n\r\n",
)  # fmt: skip


def odd_bytes(server: Server) -> list[bytes]:
    """Send bytes that are no request; return those after which the service answers no more, or with a 5xx."""
    failed = []
    for head in HEADS:
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=5) as line:
            line.settimeout(2)
            answer = b""
            with suppress(OSError):
                line.sendall(head)
                line.shutdown(socket.SHUT_WR)
                answer = line.recv(1000)
        alive = httpx2.get(f"{server.url}/health/live").status_code == 200
        if not alive or answer.split(b" ")[1:2] >= [b"500"]:
            failed.append(head[:60])
    return failed


def older_and_newer_clients(server: Server) -> list[bytes]:
    """Ask as HTTP/1.0 does, and with the offer of HTTP/2 that Java makes; return the answers that are no result."""
    body = json.dumps({"text": TEXT, "context": {"mode": "off"}}).encode()
    head = b"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    offer = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
    answers = [
        exchanged(server, b"POST /extract/stream HTTP/1.0\r\n" + head + b"\r\n" + body),
        exchanged(server, b"POST /extract HTTP/1.1\r\n" + head + offer + b"\r\n" + body),
    ]
    right = b"HTTP/1.1 200 ", b'"Eileen Collins"'
    return [answer for answer in answers if not all(part in answer for part in right) or b"chunked" in answer]


def exchanged(server: Server, request: bytes) -> bytes:
    """Send bytes, and read the answer to its end."""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=30) as line:
        line.sendall(request)
        return b"".join(iter(lambda: line.recv(65536), b""))
