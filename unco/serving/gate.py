"""The gate, outermost of all: who asks, how much comes in, and one line in the log for each request."""

import asyncio
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit
from uuid import uuid4

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from unco.serving.accounts.tokens import Token, TokenFile
from unco.serving.logs import note, note_fault
from unco.serving.metrics import REQUESTS, SECONDS
from unco.serving.problems import RequestError, problem_of
from unco.serving.service import CALLER, FACTS, NOBODY, REQUEST_ID
from unco.serving.settings import BODY_SECONDS, MAX_BODIES_BYTES, MAX_BODY_BYTES, MOST_REQUESTS
from unco.state import Json

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_OPEN = frozenset({"/health/live", "/health/ready", "/openapi.json"})
"""What needs no token to be read."""

_ROUTES = frozenset({*_OPEN, "/extract", "/extract/stream", "/extract/many", "/reviews", "/metrics", "/mcp"})
_DRAIN_S = 5.0
"""For the last refusals, once the time to finish what is under way is over."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_STOPPING = RequestError(503, "the service is stopping and could not finish this: send it again", retry_after=1.0)


@dataclass(slots=True)
class _Request:
    """One request, for its log line."""

    id: str
    start: float
    status: int = 0
    """0 = nothing was sent yet."""

    def sending(self, send: Send) -> Send:
        """Wrap what sends the answer, to add the request's id and note the status."""

        async def with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.id.encode())]
            await send(message)

        return with_id


class Gate:
    """Lets requests in to the application, or answers them itself."""

    def __init__(self, app: ASGIApp, tokens: TokenFile | None) -> None:
        """Bind the application, and who may come in; None = whoever reaches it from this machine."""
        self._app, self._tokens = app, tokens
        self._requests = self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, self._once_drained(receive), send)
            return
        scope = {**scope, "path": _without_last_slash(scope["path"])}
        headers = Headers(scope=scope)
        asked = headers.get("x-request-id", "")
        request = _Request(asked if _REQUEST_ID.fullmatch(asked) else uuid4().hex, time.perf_counter())
        REQUEST_ID.set(request.id)
        facts: Json = {}
        FACTS.set(facts)
        self._requests += 1
        try:
            await self._let_in(scope, headers, receive, request.sending(send))
        except asyncio.CancelledError:  # the service stops, and its time is over
            await _refuse(_STOPPING, request, scope, receive, send)
            raise
        except Exception as error:
            if problem_of(error).status >= 500:
                note_fault(error, request.id)
            await _refuse(error, request, scope, receive, send)
        finally:
            self._requests -= 1
            _account(scope, request, facts)

    def _once_drained(self, receive: Receive) -> Receive:
        """Hold back the word that the service ends until each request has its answer, if only a refusal."""

        async def receive_last() -> Message:
            message = await receive()
            end = time.monotonic() + _DRAIN_S
            while message["type"] == "lifespan.shutdown" and self._requests and time.monotonic() < end:
                await asyncio.sleep(0.02)
            return message

        return receive_last

    async def _let_in(self, scope: Scope, headers: Headers, receive: Receive, send: Send) -> None:
        held = 0
        try:
            if self._requests > MOST_REQUESTS:
                raise RequestError(429, f"{MOST_REQUESTS} requests are under way: try again in a second", 1.0)
            has_body = scope["method"] not in ("GET", "HEAD")
            if has_body or scope["path"] not in _OPEN:
                CALLER.set(self._caller(headers))
            if not has_body:
                # A HEAD is answered as a GET, whose body the server then leaves out.
                await self._app({**scope, "method": "GET"}, receive, send)
                return
            body = await self._read(headers, receive)
            held = len(body)
            await self._app(scope, _replay(body, receive), send)
        finally:
            self._bytes -= held

    def _caller(self, headers: Headers) -> Token:
        """Tell whose request it is.

        Raises:
            RequestError: it has no token that is known; or, without tokens, it may come from a page in a browser.
            SetupError: the file of tokens is none any more.
        """
        if self._tokens is None:
            _check_local(headers)
            return NOBODY
        given = headers.getlist("authorization")
        scheme, _, secret = given[0].partition(" ") if len(given) == 1 else ("", "", "")
        found = self._tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if found is None:
            raise RequestError(401, "a token is wanted, and known: send the header Authorization: Bearer <token>")
        return found

    async def _read(self, headers: Headers, receive: Receive) -> bytes:
        """Read a body as a whole, within the limits of bytes and seconds."""
        _check_encoding(headers)
        length = headers.get("content-length", "0")
        too_large = RequestError(413, f"the body is over {MAX_BODY_BYTES // 2**20} MB: send a smaller picture or part")
        if length.isascii() and length.isdigit() and (len(length) > 12 or int(length) > MAX_BODY_BYTES):
            raise too_large
        body = bytearray()
        try:
            async with asyncio.timeout(BODY_SECONDS):
                async for piece in _pieces(receive):
                    body += piece
                    self._bytes += len(piece)
                    if len(body) > MAX_BODY_BYTES:
                        raise too_large
                    if self._bytes > MAX_BODIES_BYTES:
                        raise RequestError(429, "other large requests are under way: try again in a second", 1.0)
        except BaseException as error:
            self._bytes -= len(body)
            if isinstance(error, TimeoutError):
                raise RequestError(408, f"the body was not there within {BODY_SECONDS:.0f} s: send it again") from None
            raise
        return bytes(body)


def _without_last_slash(path: str) -> str:
    """Take a slash at the end for none: Starlette redirects such a client, past the TLS of a proxy in front."""
    return path.rstrip("/") or "/"


def _check_encoding(headers: Headers) -> None:
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise RequestError(415, f"the body's Content-Encoding is {encoding[:60]}, which is not read: send it as it is")


async def _pieces(receive: Receive) -> AsyncIterator[bytes]:
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise RequestError(499, "the client went away")
        yield message.get("body", b"")
        if not message.get("more_body", False):
            return


def _replay(body: bytes, receive: Receive) -> Receive:
    """Hand on a body that was read, and then what comes after it."""
    left = deque[Message]([{"type": "http.request", "body": body, "more_body": False}])

    async def from_memory() -> Message:
        return left.popleft() if left else await receive()

    return from_memory


def _check_local(headers: Headers) -> None:
    """Refuse what a page in a browser on this machine may have sent, where no token tells it from a program."""
    host = headers.get("host", "")
    if not is_loopback(_name(f"//{host}")):
        raise RequestError(403, "without tokens this service answers to localhost alone: use that as the host")
    origin = headers.get("origin")
    if origin is not None and origin.partition("//")[2] != host:
        raise RequestError(403, "without tokens this service answers no page of another origin: use a token")


def _name(address: str) -> str:
    """Return the host's name in an address, without port; empty where there is none."""
    with suppress(ValueError):
        return urlsplit(address).hostname or ""
    return ""


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine, by its name alone."""
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return host == "localhost"


async def _refuse(error: Exception, request: _Request, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with a problem, unless an answer was begun."""
    if not request.status:
        with suppress(Exception):  # nobody may be there to read it
            await problem_of(error).response(request.id)(scope, receive, request.sending(send))


def _account(scope: Scope, request: _Request, facts: Json) -> None:
    """Count the request and write its line in the log; of a path only what the service knows is written."""
    path, method = scope["path"], scope["method"]
    review = "/reviews/{id}" if path.startswith("/reviews/") else "other"
    route = path if path in _ROUTES else review
    seconds = time.perf_counter() - request.start
    REQUESTS.labels(route, str(request.status or 499)).inc()
    SECONDS.labels(route).observe(seconds)
    if route.startswith("/health/") and request.status == 200:
        return  # probes come every few seconds
    known: Json = {"request_id": request.id, "method": method if method in _METHODS else "other", "route": route}
    note("request", **known, status=request.status or 499, seconds=round(seconds, 4), token=CALLER.get().name, **facts)
