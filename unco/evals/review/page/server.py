"""The server of `unco review`: this machine only, a random token in its address, one page, its pictures, the answers.

It opens no file that a request names: pictures go by the number of their post. Requests that a page of somebody else's
makes the browser send lack the token, and carry another `Host` or `Origin`.
"""

import json
import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

from unco.errors import PictureError, SetupError, UncoError, shorten
from unco.evals.report.page import fill_page
from unco.evals.report.pictures import as_jpeg, picture_file
from unco.evals.review.page.card import card_of
from unco.evals.review.session import ReviewSession

LONGEST = 1600
"""Pixels of the longer side of a picture, as it is shown."""

MOST_BYTES = 1_000_000
"""A longer request is refused."""

SLOWEST_S = 20.0
"""Seconds without a byte, after which a connection is closed."""


log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReviewPage:
    """What the page shows and changes."""

    session: ReviewSession
    pictures: Path | None
    """Folder of the posts' pictures; None = boxes stand in empty frames."""
    by: str
    """Who answers."""
    token: str
    all_done: Event

    def html(self) -> bytes:
        """Render the page."""
        return fill_page(__package__, "review", ["review.js"], {"types": self.session.types, "by": self.by}).encode()

    def next_post(self, number: int) -> dict[str, Any]:
        """Return the next open post, as the page shows it, and how far the review is."""
        found, progress = self.session.next_open(number), self.session.progress
        post = None if found is None else self.session.post(found)
        card = None if post is None else card_of(post, self._file(found or 0) is not None)
        return {"number": found, "card": card, "done": progress.done, "left": progress.left}

    def picture(self, number: int) -> bytes | None:
        """Return a post's picture as JPEG; None = it has none that can be shown."""
        path = self._file(number)
        try:
            return None if path is None else as_jpeg(path, LONGEST)
        except PictureError:
            return None

    def _file(self, number: int) -> Path | None:
        post = self.session.post(number)
        if post is None or self.pictures is None:
            return None
        return picture_file(post.result, self.pictures, self.session.numbers)


class _Handler(BaseHTTPRequestHandler):
    page: ReviewPage
    timeout = SLOWEST_S

    def do_GET(self) -> None:
        """Send the page, a post, or a picture."""
        match self._path():
            case [""]:
                self._send(200, self.page.html(), "text/html; charset=utf-8")
            case ["post", number]:
                self._send_json(self.page.next_post(int(number)))
            case ["picture", number] if (jpeg := self.page.picture(int(number))) is not None:
                self._send(200, jpeg, "image/jpeg")
            case _:
                self._send(404)

    def do_POST(self) -> None:
        """Take the answers to a post."""
        match self._path():
            case ["answers", number]:
                self._answer(int(number))
            case _:
                self._send(404)

    def _answer(self, number: int) -> None:
        try:
            size = int(self.headers.get("Content-Length", ""))
            if not 0 < size <= MOST_BYTES or self.headers.get("Content-Type") != "application/json":
                raise ValueError
            faults = self.page.session.answer(number, json.loads(self.rfile.read(size)))
        except (ValueError, RecursionError):
            return self._send(400, b"answers are a list of JSON")
        except UncoError as error:
            return self._send(507 if isinstance(error, SetupError) else 422, shorten(str(error)).encode())
        if faults is None:
            return self._send(409)
        left = self.page.session.progress.left
        self._send_json({"faults": faults, "left": left})
        if not left:
            self.page.all_done.set()

    def _path(self) -> list[str] | None:
        """Split the path behind the token; None = the request is not of our page. A number is digits alone."""
        own = f"127.0.0.1:{self.connection.getsockname()[1]}"
        _, token, *rest = [*self.path.split("/"), ""]
        is_ours = self.headers.get("Host") == own and self.headers.get("Origin", f"http://{own}") == f"http://{own}"
        if not (is_ours and secrets.compare_digest(token.encode(), self.page.token.encode())):
            return None
        rest = rest[:-1]
        return rest if all(one.isascii() and one.isdigit() and len(one) < 10 for one in rest[1:]) else None

    def _send_json(self, value: Any) -> None:
        self._send(200, json.dumps(value, allow_nan=False).encode(), "application/json")

    def _send(self, status: int, body: bytes = b"", kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in (
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("X-Frame-Options", "DENY"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: the address holds the token."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Let a connection go that broke; the page says that nothing was saved."""
        log.debug("a request of the review page failed", exc_info=True)


@contextmanager
def served(session: ReviewSession, pictures: Path | None, by: str) -> Iterator[tuple[str, Callable[[float], bool]]]:
    """Serve the page until the block ends; yields its address, and a function that waits until all posts are done.

    Args:
        session: the review.
        pictures: folder of the posts' pictures; None = none are shown.
        by: who answers.
    """
    page = ReviewPage(session, pictures, by, secrets.token_urlsafe(16), Event())
    server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"page": page}))
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{page.token}/", page.all_done.wait
    finally:
        server.shutdown()
        server.server_close()
