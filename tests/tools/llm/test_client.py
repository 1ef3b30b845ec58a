"""The MLLM client against a scripted server: modes, retries, what errors become, and what never leaks."""

import asyncio
import base64
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr
from tenacity import wait_none

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion, refusal, serve
from unco.context import Mode
from unco.errors import CallFailed, RecordingMiss, SettingsError, Unavailable
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request, SentPicture

KEY = "sk-secret-0123456789"
REQUEST = Request(model="small-vl", system="You correct.", user="Oslo", prompt="span/v1")

Ask = Callable[[Mllm, Request, Mode], Reply]


def sync_ask(mllm: Mllm, request: Request, mode: Mode) -> Reply:
    return mllm.ask(request, mode)


def async_ask(mllm: Mllm, request: Request, mode: Mode) -> Reply:
    return asyncio.run(mllm.aask(request, mode))


@pytest.fixture(params=[sync_ask, async_ask], ids=["sync", "async"])
def ask(request: pytest.FixtureRequest) -> Ask:
    chosen: Ask = request.param
    return chosen


def client(server: OpenAIServer, **settings: Any) -> Mllm:
    return Mllm(server.url, "small-vl", SecretStr(KEY), wait=wait_none(), **settings)


def test_a_reply_with_what_the_endpoint_says_about_it(server: OpenAIServer, ask: Ask) -> None:
    reply = ask(client(server), REQUEST, "live")
    assert reply.seconds > 0
    assert replace(reply, seconds=0.0) == Reply(
        text=ANSWER, finish_reason="stop", model="served-model", input_tokens=11, output_tokens=7
    )
    assert not reply.cached
    assert not reply.authored


def test_what_is_sent(server: OpenAIServer, ask: Ask) -> None:
    picture = SentPicture("image/png", "ab" * 32, b"\x89PNG")
    ask(client(server), replace(REQUEST, picture=picture, turns=(("what?", "JSON please"),)), "live")
    [body] = server.bodies
    system, user, answer, again = body["messages"]
    assert system == {"role": "system", "content": "You correct."}
    assert user["content"][0] == {"type": "text", "text": "Oslo"}
    sent = user["content"][1]["image_url"]["url"]
    assert base64.b64decode(sent.removeprefix("data:image/png;base64,")) == b"\x89PNG"
    assert (answer["role"], answer["content"], again["role"], again["content"]) == (
        "assistant",
        "what?",
        "user",
        "JSON please",
    )
    assert (body["model"], body["temperature"], body["max_completion_tokens"]) == ("small-vl", 0.0, 1024)
    assert not body["stream"]
    assert not body.keys() & {"response_format", "repeat"}
    assert server.keys == [f"Bearer {KEY}"]


def test_the_environments_key_is_not_sent_unless_handed_in(
    server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    Mllm(server.url, "small-vl").ask(REQUEST, "live")
    assert KEY not in server.keys[0]


def test_one_client_serves_several_event_loops_and_threads(server: OpenAIServer) -> None:
    mllm = client(server)
    for _ in range(3):
        assert asyncio.run(mllm.aask(REQUEST, "live")).text == ANSWER
    assert mllm.ask(REQUEST, "live").text == ANSWER
    assert server.calls == 4


@pytest.mark.parametrize("fault", [Step("oops", 500), Step("busy", 503), refusal(429, "slow down"), Step(drop=True)])
def test_what_may_pass_is_asked_again(server: OpenAIServer, ask: Ask, fault: Step) -> None:
    server.script = [fault, Step()]
    assert ask(client(server), REQUEST, "live").text == ANSWER
    assert server.calls == 2


@pytest.mark.parametrize(
    ("fault", "calls", "message"),
    [
        (Step("oops", 500), 3, "status 500"),
        (refusal(429, "slow down"), 3, "status 429: slow down"),
        (refusal(400, "image too large"), 1, "status 400: image too large"),
        (refusal(401, f"bad key {KEY}"), 1, "status 401: it refuses the key, or wants one$"),
        (refusal(404, "no such model"), 1, "status 404: no such model"),
        (Step("<html>404</html>", 404, "text/html"), 1, r"status 404: is its base URL right\? Most end in /v1$"),
        (Step("<html>hello</html>", 200, "text/html"), 1, "a web page"),
        (Step("{broken", 200), 1, "not"),
        (Step("[]", 200), 1, "not a chat completion"),
        (Step("{}", 200), 1, "not a chat completion"),
        (Step('{"choices": null}', 200), 3, "without any choices"),
        (Step('{"choices": []}', 200), 3, "without any choices"),
        (Step("", 200), 3, "not a chat completion"),
        (Step('{"error": {"message": "no"}}', 200), 3, "status 502: no"),
        (Step('{"error": {"message": "slow down", "code": 429}}', 200), 3, "status 429: slow down"),
        (Step('{"error": "wrong key", "choices": []}', 200), 3, "status 502: wrong key"),
        (Step('{"error": {"message": "what?", "type": "invalid_request_error"}}', 200), 7, "status 400: what"),
        (Step(drop=True), 3, "broke off"),
    ],
)
def test_what_does_not_pass_is_a_failed_call(
    server: OpenAIServer, ask: Ask, fault: Step, calls: int, message: str
) -> None:
    server.script = [fault]
    with pytest.raises(CallFailed, match=message):
        ask(client(server), REQUEST, "live")
    assert server.calls == calls


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_neither_key_nor_address_shows_in_an_error(server: OpenAIServer, ask: Ask, status: int) -> None:
    server.script = [refusal(status, f"key {KEY} (Bearer {KEY}) refused by {server.url} on 127.0.0.1")]
    mllm = client(server)
    with pytest.raises(CallFailed) as caught:
        ask(mllm, REQUEST, "live")
    shown = "".join(traceback.format_exception(caught.value)) + repr(mllm) + repr(vars(mllm))
    assert KEY not in shown
    assert "127.0.0.1" not in str(caught.value)


def test_a_slow_endpoint_is_a_failed_call(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(after_s=0.5)]
    with pytest.raises(CallFailed, match="too long"):
        ask(client(server, timeout_s=0.1, attempts=2), REQUEST, "live")
    assert server.calls == 2


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/v1", "http://no-such-host.invalid/v1"])
def test_an_endpoint_that_is_not_there_is_unavailable(ask: Ask, address: str) -> None:
    with pytest.raises(Unavailable, match="cannot be reached"):
        ask(Mllm(address, "small-vl", wait=wait_none(), attempts=2), REQUEST, "live")


@pytest.mark.parametrize("text", ["", None])
def test_an_empty_answer_is_a_reply(server: OpenAIServer, ask: Ask, text: str | None) -> None:
    server.script = [Step(completion(text))]
    assert ask(client(server), REQUEST, "live").text == ""


def test_the_cache_answers_the_second_time(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    first = ask(client(server, cache=Cache(tmp_path)), REQUEST, "live")
    second = ask(client(server, cache=Cache(tmp_path)), REQUEST, "live")
    assert second == replace(first, cached=True)
    assert ask(client(server, cache=Cache(tmp_path)), replace(REQUEST, repeat=1), "live").cached is False
    assert server.calls == 2


@pytest.mark.parametrize(
    "bad", [completion(""), completion(ANSWER[:20], "length"), completion(ANSWER[:20], "content_filter")]
)
def test_an_empty_or_cut_off_answer_is_not_kept(server: OpenAIServer, ask: Ask, tmp_path: Path, bad: str) -> None:
    server.script = [Step(bad), Step()]
    mllm = client(server, cache=Cache(tmp_path))
    ask(mllm, REQUEST, "live")
    assert ask(mllm, REQUEST, "live").text == ANSWER
    assert server.calls == 2


def test_a_damaged_cache_row_is_asked_anew(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    mllm = client(server, cache=cache)
    ask(mllm, REQUEST, "live")
    cache.put(mllm._key(REQUEST, "live"), '{"text": 7}')
    assert not ask(mllm, REQUEST, "live").cached


def test_equal_questions_at_once_are_one_call(server: OpenAIServer) -> None:
    server.script = [Step(after_s=0.3)]
    mllm = client(server)
    mllm._connection.get_client()
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda _: mllm.ask(REQUEST, "live"), range(4)))
    assert server.calls == 1
    assert sorted(reply.cached for reply in replies) == [False, True, True, True]


async def test_equal_questions_of_tasks_are_one_call_and_different_ones_are_not(server: OpenAIServer) -> None:
    server.script = [Step(after_s=0.3)]
    mllm = client(server)
    other = replace(REQUEST, user="Bergen")
    replies = await asyncio.gather(*(mllm.aask(asked, "live") for asked in (REQUEST, other, REQUEST, other)))
    assert server.calls == 2
    assert sum(reply.cached for reply in replies) == 2


def test_off_asks_nobody(server: OpenAIServer, ask: Ask) -> None:
    with pytest.raises(Unavailable, match="off"):
        ask(client(server), REQUEST, "off")
    with pytest.raises(Unavailable, match="set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"):
        ask(Mllm(), REQUEST, "off")
    assert server.calls == 0


def test_live_without_an_endpoint_is_unavailable(ask: Ask) -> None:
    with pytest.raises(Unavailable, match="set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL"):
        ask(Mllm(), REQUEST, "live")


def test_record_then_replay_without_the_server(ask: Ask, tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    with serve() as server:
        mllm = client(server, recording=Recording(path), cache=Cache(tmp_path / "cache"))
        ask(mllm, REQUEST, "live")
        recorded = ask(mllm, REQUEST, "record")
        assert recorded.cached, "what was paid for is written down, not asked again"
        assert not ask(mllm, replace(REQUEST, user="Tromso"), "record").cached
        assert ask(mllm, replace(REQUEST, user="Tromso"), "record").cached
        assert server.calls == 2
        assert KEY not in path.read_text(encoding="utf-8")
        assert "127.0.0.1" not in path.read_text(encoding="utf-8")
    assert ask(Mllm(recording=Recording(path)), REQUEST, "replay") == replace(recorded, cached=True)
    with pytest.raises(RecordingMiss, match="First difference in user"):
        ask(Mllm(recording=Recording(path)), replace(REQUEST, user="Bergen"), "replay")


@pytest.mark.parametrize("mode", ["record", "replay"])
def test_record_and_replay_need_a_recording(server: OpenAIServer, ask: Ask, mode: Mode) -> None:
    with pytest.raises(SettingsError, match="UNCO_RECORDING"):
        ask(client(server), REQUEST, mode)


def test_replay_opens_no_socket_and_imports_no_client(tmp_path: Path) -> None:
    path = tmp_path / "asked.jsonl"
    Recording(path).add(REQUEST, Reply(text=ANSWER, finish_reason="stop", model="authored"))
    program = f"""
import socket, sys
def no_socket(*args, **kwargs): raise AssertionError("a socket was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = no_socket
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Request
request = Request(model="small-vl", system="You correct.", user="Oslo")
reply = Mllm("http://127.0.0.1:9/v1", "small-vl", recording=Recording({str(path)!r})).ask(request, "replay")
assert reply.authored and reply.cached
assert not {{"langchain_openai", "openai", "torch"}} & sys.modules.keys()
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def test_a_cassette_miss_is_not_swallowed(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    vcr = pytest.importorskip("vcr")
    with (
        vcr.use_cassette(str(tmp_path / "empty.yaml"), record_mode="none"),
        pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
    ):
        ask(client(server), REQUEST, "live")
    assert server.calls == 0


def test_no_thread_is_left_behind(server: OpenAIServer) -> None:
    before = threading.active_count()
    client(server).ask(REQUEST, "live")
    assert threading.active_count() <= before + 1, "only the server's own"


def test_the_http_library_is_the_one_that_the_client_uses() -> None:
    import openai

    assert isinstance(openai.DefaultHttpxClient(), httpx2.Client)
