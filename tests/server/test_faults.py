"""What goes wrong on the server is said to the client without the server's paths and keys; and it ends when told to."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.langgraph_server import QUIET, langgraph_server
from tests.server.served import ALWAYS, KEY, TEXT, Served
from unco.errors import PictureError, SetupError

pytestmark = pytest.mark.slow

STRICT = {"strict_pictures": True}
BAD: dict[str, tuple[dict[str, Any], dict[str, Any] | None, str]] = {
    "no text": ({"txt": "a"}, None, "PostError: this is not a post .*text: Field required"),
    "no picture there": ({"text": "a", "image": "/srv/secret/a.png"}, STRICT, "PictureError: no picture at <path>"),
    "no picture": ({"text": "a", "image": "data:image/png;base64,AAAA"}, STRICT, "PictureError: .*is not a picture"),
    "not allowed": ({"text": "a", "image": "http://10.0.0.1/a.png"}, None, "PictureError: .*not allowed"),
    "setting": ({"text": "a"}, {"span_threshold": 5}, r"SettingsError: span_threshold must be a number in \[0, 1\]"),
    "prompt": ({"text": "a"}, {"type_prompt": "v99"}, "SettingsError: no version 'v99' of the type prompt"),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_post_is_refused_with_a_reason(case: str, client: Any, served: Served) -> None:
    post, context, reason = BAD[case]
    with pytest.raises(Exception, match=reason) as fault:
        await client.runs.wait(None, "unco", input=post, context=context)
    for secret in (KEY, str(served.folder), "/srv/", str(Path(__file__).parents[2])):
        assert secret not in str(fault.value)


async def test_a_picture_that_cannot_be_used_does_not_cost_the_text(client: Any) -> None:
    for image in ("none.png", "data:image/png;base64,AAAA"):
        result = await client.runs.wait(None, "unco", input={"text": TEXT, "image": image}, context={"mode": "off"})
        assert [entity["text"] for entity in result["entities"]] == ["Eileen Collins", "Space Shuttle", "NASA"]
        assert result["picture"]["state"] == "unusable"
        assert any("the picture cannot be used" in warning for warning in result["warnings"])


def test_paths_are_left_out_of_what_a_client_reads_and_addresses_are_not() -> None:
    error = PictureError(
        "no picture at '/srv/my pictures/a.png', nor C:\\ at \"C:\\a b\\c\"; see /etc/x, http://a/b span/v1"
    )
    assert error.model_dump() == {
        "error": "PictureError",
        "message": "no picture at <path>, nor C:\\ at <path>; see <path>, http://a/b span/v1",
    }
    assert not hasattr(SetupError("the folder /srv is not there"), "model_dump")


def test_make_studio_calls_nobody_either() -> None:
    makefile = (Path(__file__).parents[2] / "Makefile").read_text("utf-8")
    assert all(f"{name}={value}" in makefile for name, value in QUIET.items())


async def test_it_ends_cleanly_while_runs_stream(served: Served, tmp_path: Path) -> None:
    from langgraph_sdk import get_client

    with langgraph_server(tmp_path, served.environment) as server:
        async with get_client(url=server.url) as client:
            begun = asyncio.Event()
            streams = [asyncio.create_task(follow(client, number, begun)) for number in range(5)]
            await begun.wait()
            start = time.monotonic()
            server.process.send_signal(signal.SIGTERM)
            ended = await asyncio.gather(*streams, return_exceptions=True)
        code = await asyncio.to_thread(server.process.wait, 20)
    assert code in (0, -signal.SIGTERM)
    assert time.monotonic() - start < 10
    assert not [fault for fault in ended if KEY in str(fault)]
    log = server.log.read_text(errors="replace")
    assert "Shutting down background workers" in log
    assert KEY not in log


async def follow(client: Any, number: int, begun: asyncio.Event) -> None:
    post = {"text": f"{TEXT} , take {number}"}  # asked for the first time
    async for part in client.runs.stream(None, "unco", input=post, context=ALWAYS, stream_mode=["updates"]):
        if part.event == "updates":
            begun.set()
