"""What an endpoint can say or name to do harm: counts, reasons, nesting, addresses, proxies."""

import asyncio
import json
import socket
from dataclasses import replace
from typing import Any

import httpx2
import openai
import pytest
from tenacity import wait_none

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion, refusal
from tests.tools.llm.scripted_client import ASKED, PRICES, REQUEST, Ask, client, formats
from unco.errors import CallFailed, SettingsError, Unavailable
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.endpoint import in_words
from unco.tools.llm.models.options import CONNECT_S, CallLimits
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Purpose


@pytest.mark.parametrize(
    ("change", "tokens"),
    [
        ({"prompt_tokens": 1.5}, None),
        ({"prompt_tokens": -1000000}, None),
        ({"prompt_tokens": float("nan")}, None),
        ({"prompt_tokens": int("9" * 400)}, None),
        ({"prompt_tokens": 11, "prompt_tokens_details": {"cached_tokens": 10**6}}, 11),
    ],
)
def test_counts_that_can_be_none_are_none(
    server: OpenAIServer, ask: Ask, change: dict[str, Any], tokens: int | None
) -> None:
    body = json.loads(completion())
    body["usage"] |= change
    server.script = [Step(json.dumps(body))]
    terms = Terms(prices=PRICES, budget=Budget(Caps(usd=1.0)))
    reply = ask(client(server, terms), REQUEST)
    assert reply.input_tokens == tokens
    assert 0 < terms.budget.spent.usd < 1.0


@pytest.mark.parametrize("finish_reason", [5, {"a": 1}, ["stop"]])
def test_a_reason_that_is_no_word_is_none(server: OpenAIServer, ask: Ask, finish_reason: Any) -> None:
    body = json.loads(completion())
    body["choices"][0]["finish_reason"] = finish_reason
    server.script = [Step(json.dumps(body))]
    assert ask(client(server), REQUEST).finish_reason is None


def test_a_body_nested_without_end_is_a_failed_call(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step("[" * 200_000)]
    with pytest.raises(CallFailed, match="not"):
        ask(client(server), REQUEST)


def test_a_schema_that_is_accepted_says_nothing_of_another(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(), refusal(400, "minItems is not permitted"), Step()]
    mllm = client(server)
    ask(mllm, ASKED)
    ask(mllm, replace(ASKED, schema='{"type": "array", "minItems": 4}'))
    assert formats(server) == ["json_schema", "json_schema", "json_object"]


def test_a_proxy_of_the_environment_sees_nothing(
    server: OpenAIServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert ask(client(server), replace(REQUEST, purpose=Purpose(private=True))).text == ANSWER


async def test_a_task_that_is_cancelled_while_waiting_gives_its_slot_back(server: OpenAIServer) -> None:
    rate = RateLimit(requests_per_minute=60)
    mllm = client(server, Terms(rate=rate))
    await asyncio.to_thread(mllm._connection.get_client)
    rate.reserve(1)
    waiting = [asyncio.create_task(mllm.aask(replace(REQUEST, repeat=number), "live")) for number in range(20)]
    await asyncio.sleep(0.2)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    wait = rate.reserve(1)
    assert wait is not None
    assert wait <= 1.0


@pytest.mark.parametrize(
    "address",
    [
        "http://bob:secret@host/v1",  # pragma: allowlist secret
        "http://bob:secret@host/v1?key=secret",  # pragma: allowlist secret
        "http://[bad",
        "http://h:notaport/v1",
        "ftp://host",
        "host:1",
    ],
)
def test_an_address_that_is_none_or_tells_a_secret_is_refused_without_repeating_it(address: str) -> None:
    with pytest.raises(SettingsError) as caught:
        Mllm(address, "small-vl")
    assert "secret" not in str(caught.value)


def test_a_server_without_https_and_a_certificate_that_is_not_trusted_are_told(server: OpenAIServer, ask: Ask) -> None:
    mllm = Mllm(server.url.replace("http://", "https://"), "small-vl", attempts=1)
    with pytest.raises(Unavailable, match="does not speak https: does its address begin with http://") as raised:
        ask(mllm, REQUEST)
    assert raised.value.reason == "unreachable"
    broken = openai.APIConnectionError(request=httpx2.Request("POST", "https://127.0.0.1"))
    broken.__cause__ = httpx2.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate (_ssl.c:1006)")
    assert "certificate is not trusted" in in_words(broken, ())


def test_a_host_that_never_takes_up_the_connection_cannot_be_reached(ask: Ask) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        mllm = Mllm(f"http://127.0.0.1:{full.getsockname()[1]}/v1", "small-vl", timeout_s=0.3, attempts=1)
        with pytest.raises(Unavailable, match="cannot be reached: is it running") as raised:
            ask(mllm, REQUEST)
    assert raised.value.reason == "unreachable"


def test_a_host_that_takes_up_no_connection_does_not_look_late_by_the_deadline(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unco.tools.llm.endpoint.CONNECT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, socket.create_connection(full.getsockname()):
        url = f"http://127.0.0.1:{full.getsockname()[1]}/v1"
        mllm = Mllm(url, "small-vl", timeout_s=6.0, deadline_s=10.0, attempts=3, wait=wait_none())
        with pytest.raises(Unavailable) as raised:
            ask(mllm, REQUEST)
    assert raised.value.reason == "unreachable"


def test_all_attempts_to_connect_end_before_the_deadline() -> None:
    limits = CallLimits()
    most_to_wait = 8.0 * (limits.attempts - 1)
    assert CONNECT_S * limits.attempts + most_to_wait < limits.deadline_s
