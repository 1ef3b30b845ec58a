"""Keys in the query of an address are sent and never shown; the rest counts like the address itself."""

import json
import logging
import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion, refusal
from tests.tools.llm.scripted_client import REQUEST, Ask, client
from unco.errors import CallFailed, SettingsError
from unco.testing.cassettes import recording
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.checks.own_settings import account_of
from unco.tools.llm.checks.query import fill_in, split_address
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.models.options import ModelOptions
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import request_key

VERSION = "api-version=2024-10-21"
AZURE = "https://name.openai.azure.com/openai/deployments/d"


@pytest.mark.parametrize(
    ("query", "seen", "keys"),
    [
        (VERSION, f"?{VERSION}", ""),
        (f"{VERSION}&code=abc", f"?{VERSION}", "code=abc"),
        ("sv=1&sig=a%2Bb%3D&se=2", "?sv=1&se=2", "sig=a%2Bb%3D"),
        ("api_key=a&tavilyApiKey=b&access_token=c&X-Amz-Signature=d&password=e", "", None),
        ("subscription%2Dkey=a", "", None),
        ("sas=a&jwt=b&pass=c&k=d&keys=e&key[]=f&key1=g&apikey_v2=h", "", None),
        ("a=1;key=x&b=2?key=y", "", None),
        ("!team=a&b=1", "?b=1", "team=a"),
        ("monkey_business=a&max_tokens=5&encoding=x&design=y&region=eu", None, ""),
        ("", "", ""),
        ("&&", "", ""),
    ],
)
def test_parameters_that_are_named_like_keys_are_secret(query: str, seen: str | None, keys: str | None) -> None:
    found = split_address(f"https://host/v1?{query}")
    assert found.seen == "https://host/v1" + (f"?{query}" if seen is None else seen)
    assert found.keys == (query if keys is None else keys)


@pytest.mark.parametrize("path", ["", "/", "/chat/completions", "/chat/completions/"])
def test_an_address_keeps_its_query_below_the_path_of_questions(path: str) -> None:
    assert Mllm(f"{AZURE}{path}?{VERSION}&sig=s", "gpt-4o").base_url == f"{AZURE}{'/' * (path == '/')}?{VERSION}"


def test_the_query_goes_with_each_request(server: OpenAIServer, ask: Ask) -> None:
    address = f"{server.url}/chat/completions?{VERSION}&code=a%20b"
    assert ask(Mllm(address, "small-vl"), REQUEST).text == ANSWER
    assert server.paths == [f"/v1/chat/completions?{VERSION}&code=a%20b"]


def test_a_key_in_the_query_is_in_no_file_log_or_message(
    server: OpenAIServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key = "QkX-7f3a9c"
    mllm = Mllm(
        f"{server.url}?{VERSION}&code={key}",
        "small-vl",
        cache=Cache(tmp_path / "cache"),
        recording=Recording(tmp_path / "recording.jsonl"),
        terms=Terms(egress=EgressLog(tmp_path / "egress.jsonl")),
    )
    assert mllm.ask(REQUEST, "record").text == ANSWER
    server.script = [refusal(400, f"no access with code={key} here")]
    with pytest.raises(CallFailed, match=re.escape("code=*** here")):
        client(server, options=ModelOptions(secret_query=f"code={key}")).ask(REQUEST, "live")
    assert any(key in path for path in server.paths)
    assert key not in caplog.text
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and key.encode() in file.read_bytes()]
    assert key not in repr(mllm.options)


def test_what_may_be_seen_of_a_query_counts_in_the_key_of_a_question_and_a_secret_does_not() -> None:
    addresses = ["https://host/v1", "https://host/v1?route=eu", "https://host/v1?route=eu&key=a"]
    plain, routed, with_key = (request_key(REQUEST, Mllm(address, "m").base_url) for address in addresses)
    assert plain == request_key(REQUEST, "https://host/v1")
    assert plain != routed == with_key


def test_a_key_may_be_a_header_alone(server: OpenAIServer, ask: Ask) -> None:
    ask(Mllm(server.url, "small-vl", options=ModelOptions(secret_headers=(("api-key", "k"),))), REQUEST)
    assert server.headers[0]["api-key"] == "k"
    assert "authorization" not in server.headers[0]


@pytest.mark.parametrize(
    ("address", "headers", "sent"),
    [
        (f"{AZURE}?{VERSION}", {}, {"api-key": "k"}),
        ("https://n.services.ai.azure.com/models", {"X-A": "1"}, {"X-A": "1", "api-key": "k"}),
        (AZURE, {"Api-Key": "own"}, {"Api-Key": "own"}),
        ("https://azure.com.example/v1", {}, {}),
    ],
)
def test_azure_gets_the_key_in_its_own_header_too(address: str, headers: dict[str, str], sent: dict[str, str]) -> None:
    assert account_of(address, SecretStr("k"), headers) == sent


def test_a_settings_file_names_the_variable_of_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_KEY", " a&b ")
    filled = split_address(fill_in("https://h/v1?code=${GATEWAY_KEY}&team=${GATEWAY_KEY}&v=1", "base_url"))
    assert filled == ("https://h/v1?v=1", "code=a%26b&team=a%26b")
    with pytest.raises(SettingsError, match="'code' of base_url may hold a secret: put it into an environment") as told:
        fill_in("https://h/v1?code=abc123", "base_url")
    assert "abc123" not in str(told.value)
    with pytest.raises(SettingsError, match="base_url needs the environment variable NOT_SET"):
        fill_in("https://h/v1?code=${NOT_SET}", "base_url")


def test_an_error_of_the_server_is_told_without_the_keys_of_its_headers(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(json.dumps({"error": {"message": "bad header k-123456"}}), 400)]
    with pytest.raises(CallFailed, match=re.escape("bad header ***")):
        ask(client(server, options=ModelOptions(secret_headers=(("x-key", "k-123456"),))), REQUEST)


def test_a_cassette_holds_no_key_of_a_query(server: OpenAIServer, tmp_path: Path) -> None:
    key = "QkX-7f3a9c-81d2"
    server.script = [Step(completion(f'{{"reasoning_process": "code={key}", "corrected_entity": "New Oslo"}}'))]
    with recording(tmp_path / "one.yaml"):
        Mllm(f"{server.url}?{VERSION}&code={key}", "small-vl").ask(REQUEST, "live")
    written = (tmp_path / "one.yaml").read_text()
    assert "code=(key)" in written
    assert key not in written
