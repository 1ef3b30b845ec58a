"""Download of pictures: only from allowed hosts, with bounds on size and time."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from PIL import Image

from tests.pictures import as_bytes
from unco.environment import environment
from unco.errors import PictureError
from unco.tools.pictures import load as picture_bytes
from unco.tools.pictures.decode import open_picture


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
                for _ in range(picture_bytes.MAX_BYTES // 2**16 + 200):
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


def test_a_host_that_sends_slowly_is_given_up() -> None:
    with pytest.raises(TimeoutError, match="not finished after"):
        picture_bytes._read_bounded(BytesIO(b"drop"), deadline=0.0)


def test_allowed_hosts_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UNCO_ALLOWED_HOSTS", raising=False)
    assert environment().picture_hosts() == frozenset()
    monkeypatch.setenv("UNCO_ALLOWED_HOSTS", " PBS.twimg.com, ,localhost")
    assert environment().picture_hosts() == {"pbs.twimg.com", "localhost"}
