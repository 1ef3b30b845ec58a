"""Variables of other programs: they neither break a call nor travel with it."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pydantic import SecretStr

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, completion
from tests.tools.llm.scripted_client import KEY, REQUEST, Ask, client
from unco.tools.llm.client import Mllm

FOREIGN = {
    "OPENAI_PROXY": "http://127.0.0.1:9",
    "OPENAI_CUSTOM_HEADERS": "X-Team: tea\u2019m\nAuthorization: Bearer sk-other\nnonsense",
    "OPENAI_ORG_ID": "org-mine",
    "OPENAI_ORGANIZATION": "org-mine",
    "OPENAI_PROJECT_ID": "proj-mine",
    "OPENAI_ADMIN_KEY": "sk-admin",
    "OPENAI_API_KEY": "sk-other",  # pragma: allowlist secret
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_API_BASE": "http://127.0.0.1:9/v1",
    "OPENAI_API_TYPE": "azure",
    "OPENAI_WEBHOOK_SECRET": "w",
    "LANGSMITH_GATEWAY": "http://127.0.0.1:9",
    "LANGSMITH_GATEWAY_API_KEY": "ls-other",  # pragma: allowlist secret
    "LC_OUTPUT_VERSION": "v1",
    "LANGCHAIN_OPENAI_TCP_KEEPIDLE": "soon",
    "LANGCHAIN_OPENAI_TCP_USER_TIMEOUT_MS": "99999999999999",
    "LANGCHAIN_OPENAI_STREAM_CHUNK_TIMEOUT_S": "never",
}


@pytest.fixture
def heard() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """Run a server that notes the headers of each request; yields its address and the notes."""
    notes: list[dict[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            notes.append({name.lower(): value for name, value in self.headers.items()})
            data = completion().encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1", notes
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("name", FOREIGN)
def test_a_foreign_variable_does_not_break_a_call(
    server: OpenAIServer, ask: Ask, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, FOREIGN[name])
    assert ask(client(server), REQUEST).text == ANSWER
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("version", ["v0", "v1", "responses/v1", "v9"])
def test_the_form_of_messages_is_ours(
    server: OpenAIServer, ask: Ask, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_OUTPUT_VERSION", version)
    assert ask(client(server), REQUEST).text == ANSWER


@pytest.mark.parametrize("key", [KEY, None])
def test_nothing_of_the_environment_is_sent_to_any_host(
    heard: tuple[str, list[dict[str, str]]], ask: Ask, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, notes = heard
    for name, value in FOREIGN.items():
        monkeypatch.setenv(name, value)
    ask(Mllm(url, "small-vl", SecretStr(key) if key else None), REQUEST)
    [headers] = notes
    assert headers["authorization"] == f"Bearer {key or 'none'}"
    assert not headers.keys() & {"openai-organization", "openai-project", "x-team"}
