"""Download of pictures: only from allowed hosts, with bounds on size and time."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from PIL import Image

from tests.pictures import as_bytes
from unco.environment import environment
from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES
from unco.tools.pictures.decode import open_picture
from unco.tools.pictures.downloads import download


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/a.png")
            self.end_headers()
        elif self.path == "/endless":
            self.send_response(200)
            self.end_headers()
            try:
                for _ in range(MAX_BYTES // 2**16 + 200):
                    self.wfile.write(bytes(2**16))
            except OSError:
                pass
        else:
            self.send_response(200 if self.path == "/a.png" else 404)
            self.end_headers()
            self.wfile.write(as_bytes(Image.new("RGB", (64, 48), "teal")))

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_download_only_from_allowed_hosts(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    here = frozenset({"127.0.0.1"})
    assert open_picture(f"{server}/a.png", allowed_hosts=here).info.ref == f"{server}/a.png"
    with pytest.raises(PictureError, match="host '127.0.0.1' is not allowed .*UNCO_ALLOWED_HOSTS"):
        open_picture(f"{server}/a.png")
    with pytest.raises(PictureError, match="host 'evil.example' is not allowed"):
        open_picture("https://evil.example/127.0.0.1", allowed_hosts=here)
    with pytest.raises(PictureError, match="user name or password"):
        open_picture("http://127.0.0.1@evil.example/a.png", allowed_hosts=here)
    with pytest.raises(PictureError, match="is not an address"):
        open_picture("http://[::1/a.png", allowed_hosts=here)


@pytest.mark.parametrize(
    ("path", "message"), [("moved", "redirects are not followed"), ("gone", "404"), ("endless", "larger than 20 MB")]
)
def test_download_faults(server: str, path: str, message: str) -> None:
    with pytest.raises(PictureError, match=message):
        open_picture(f"{server}/{path}", allowed_hosts=frozenset({"127.0.0.1"}))


DRIPS = {
    "status": (b"HTTP/1.1 200 O", b"K"),
    "header": (b"HTTP/1.1 200 OK\r\nX-A: ", b"a"),
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "chunk size": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=", b"a"),
    "trailer": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", b"X: a\r\n"),
    "body": (b"HTTP/1.1 200 OK\r\n\r\n", b"a"),
}
"""What a host sends at once, and then again and again."""


@pytest.mark.parametrize("kind", DRIPS)
def test_a_host_that_drips_is_given_up(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would go on for a minute; each byte comes in time for the socket's own timeout."""
    monkeypatch.setattr(download, "SECONDS", 0.3)
    start, drop = DRIPS[kind]

    def drip() -> None:
        connection = listener.accept()[0]
        with connection, suppress(OSError):
            connection.recv(65536)
            connection.sendall(start)
            for _ in range(600):
                connection.sendall(drop)
                given_up.wait(0.1)

    given_up = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/a.png"
        with pytest.raises(PictureError, match="not finished after") as caught:
            open_picture(address, allowed_hosts=frozenset({"127.0.0.1"}))
        assert caught.value.reason == "unreachable"
        given_up.set()
        thread.join()


def test_allowed_hosts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNCO_ALLOWED_HOSTS", raising=False)
    assert environment().picture_hosts() == frozenset()
    monkeypatch.setenv("UNCO_ALLOWED_HOSTS", " PBS.twimg.com, ,localhost")
    assert environment().picture_hosts() == {"pbs.twimg.com", "localhost"}
