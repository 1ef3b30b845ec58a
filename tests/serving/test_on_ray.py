"""The service on a cluster of this machine: what a client sees of replicas that are killed under load."""

import asyncio
import os
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from benchmarks.langgraph_server import free_port, stop
from unco.serving.accounts.tokens import make_token

pytest.importorskip("ray")
pytest.importorskip("grpc_reflection", reason="the extra `ray` is not installed")

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
POST = {"text": "Eileen Collins flew for NASA"}
PATIENT = {"RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S": "120", "RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S": "120"}
POSTS, AT_ONCE, TRIES = 60, 6, 240


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", str, dict[str, str]]]:
    """The process that deployed the service, its address, and the header of a token."""
    port, tokens = str(free_port()), tmp_path / "tokens.yaml"
    header = {"Authorization": f"Bearer {make_token(tokens, 'one', None, 1000, None)}"}
    command = [sys.executable, "-m", "tests.serving.ray_operator", port, str(tokens), str(tmp_path / "state")]
    environment = {**os.environ, "UNCO_CACHE_DIR": str(tmp_path / "cache"), **PATIENT}
    with (
        (tmp_path / "log").open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n", (tmp_path / "log").read_text("utf-8")[-2000:]
            yield process, f"http://127.0.0.1:{port}", header
            process.stdin.close()
            process.wait(60)
        finally:
            stop(process)  # type: ignore[arg-type]


async def test_a_killed_replica_loses_no_post_that_its_client_sends_again(
    operator: tuple["subprocess.Popen[str]", str, dict[str, str]],
) -> None:
    process, url, header = operator
    assert process.stdin is not None
    assert process.stdout is not None
    picture = b64encode((ROOT / "unco/demo/pictures/astronaut.jpg").read_bytes()).decode()
    shown = POST | {"image": f"data:image/jpeg;base64,{picture}", "regions": [[90, 20, 360, 500]]}
    left, places = iter(["small-model", "service"]), asyncio.Semaphore(AT_ONCE)
    async with httpx2.AsyncClient(base_url=url, headers=header, timeout=60) as client:
        without = await answered(client, POST)
        assert (await client.post("/extract", json=POST, headers={"Authorization": "Bearer x"})).status_code == 401
        seen = (await answered(client, shown))["entities"][0]["uncertainty"]
        assert seen["region"] > without["entities"][0]["uncertainty"]["region"]  # the picture reached the model
        events = (await client.post("/extract/stream", json=POST)).text
        assert events.startswith("event: extraction")
        assert "event: result" in events

        async def one(number: int) -> Any:
            async with places:
                if number in (POSTS // 3, POSTS // 2):
                    process.stdin.write(f"{next(left)}\n")  # type: ignore[union-attr]
                    process.stdin.flush()  # type: ignore[union-attr]
                return await answered(client, {"text": f"{number} of {POST['text']}"})

        results = await asyncio.gather(*map(one, range(POSTS)))
    assert [process.stdout.readline() for _ in range(2)] == ["killed small-model\n", "killed service\n"]
    for number, result in enumerate(results):
        assert result["text"] == f"{number} of {POST['text']}"
        assert "NASA" in {entity["text"] for entity in result["entities"]}


async def answered(client: httpx2.AsyncClient, post: Mapping[str, object]) -> Any:
    """Send a post until it is answered, as a client may after a 5xx or a line that was cut."""
    for _ in range(TRIES):
        try:
            answer = await client.post("/extract", json=post)
        except httpx2.TransportError:
            await asyncio.sleep(0.5)
            continue
        if answer.status_code < 500:
            assert answer.status_code == 200, answer.text
            return answer.json()
        await asyncio.sleep(0.5)
    raise AssertionError("a post was not answered")
