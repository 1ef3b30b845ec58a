"""A server that is no MCP server, refuses, or sends too much costs a search, and its fault names no address or key."""

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
from pydantic import SecretStr

from unco.tools.search.mcp_tool import McpTool, check_installed
from unco.tools.search.search import Query
from unco.tools.search.search_tool import SearchTool

KEY = "made-up-key"


class Odd(BaseHTTPRequestHandler):
    """Answers everything alike."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    fields: ClassVar[dict[str, str]] = {}
    keys: ClassVar[list[str | None]] = []
    paths: ClassVar[list[str]] = []

    def do_POST(self) -> None:
        self.keys.append(self.headers["authorization"])
        self.paths.append(self.path)
        self.rfile.read(int(self.headers["content-length"] or 0))
        self.send_response(self.status)
        usual = {"content-type": "application/json", "content-length": str(len(self.body))}
        for name, value in (usual | self.fields).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_DELETE = do_POST

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    check_installed()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/mcp"
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "fields", "said"),
    [
        (401, KEY.encode(), {}, "answered with status 401"),
        (503, b"<html>", {}, "answered with status 503"),
        (404, b"", {}, "not MCP"),
        (200, b"<html>hi</html>", {"content-type": "text/html"}, "not MCP"),
        (200, b"", {}, "not MCP"),
        (200, b"{{{", {}, "not MCP"),
        (200, b"[1, 2]", {}, "not MCP"),
        (200, gzip.compress(b"x" * 10**7), {"content-encoding": "gzip"}, "packed"),
        (200, b"x" * (5 * 2**20), {}, "sent an answer of over 4194304 bytes"),
        (307, b"", {"location": "http://127.0.0.1:1/elsewhere"}, "not followed"),
    ],
)
async def test_it_is_said_and_nothing_raises(
    status: int, body: bytes, fields: dict[str, str], said: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"status": status, "body": body, "fields": fields, "keys": [], "paths": []}.items():
        monkeypatch.setattr(Odd, name, value)
    search = SearchTool(McpTool(f"{address}?code={KEY}", key=SecretStr(KEY), seconds=20.0), seconds=20.0)
    found = await search.search(Query(words="Ann", mode="live"))
    assert found.facts == ()
    assert found.look_up is not None
    assert said in found.look_up.fault
    assert "127.0.0.1:" not in found.look_up.fault
    assert KEY not in found.look_up.fault
    assert set(Odd.paths) == {f"/mcp?code={KEY}"}
    assert set(Odd.keys) == {f"Bearer {KEY}"}
