"""Limits the bytes of an answer while it is read: of the body as it comes, and of what it unpacks to.

Imported when a client is built. The seconds are limited by the call's deadline.
"""

import ssl
from collections.abc import AsyncIterator

import httpx2

from unco.tools.llm.checks.query import with_query

MAX_ANSWER_BYTES = 4 * 2**20
"""Of a body, packed and unpacked. The longest answer that is asked for, with its reasoning, has a tenth of it."""

NO_KEY = "none"  # pragma: allowlist secret
"""Sent as a key where there is none: the openai package wants one."""


class AnswerTooLarge(httpx2.TransportError):
    """A body goes on beyond the limit."""


class LimitedTransport(httpx2.AsyncHTTPTransport):
    """Reads each body as a whole, and no further than the limit."""

    def __init__(self, tls: ssl.SSLContext, limits: httpx2.Limits, query: str = "", with_bearer: bool = True) -> None:
        """Open nothing yet; a proxy that the environment names is not used.

        Args:
            tls: certificates.
            limits: of connections.
            query: added to the address of each request. It may hold keys: added here, it is in no log of httpx2.
            with_bearer: False = `Authorization` is left out where the openai package only makes up a key.
        """
        super().__init__(verify=tls, limits=limits, trust_env=False)
        self._query, self._with_bearer = query, with_bearer

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request and read the answer.

        Raises:
            AnswerTooLarge: it is over the limit.
        """
        if not self._with_bearer and request.headers.get("authorization") == f"Bearer {NO_KEY}":
            del request.headers["authorization"]
        response = await super().handle_async_request(_asking(request, self._query))
        try:
            body = await _read(response)
        finally:
            await response.aclose()
        # As bytes: some gateways put names of models into headers, in the letters of any writing.
        headers = [(name, value) for name, value in response.headers.raw if name.lower() not in _OF_THE_BODY]
        return httpx2.Response(response.status_code, headers=headers, content=body, extensions=response.extensions)


_REFUSALS = frozenset({401, 402, 403, 407, 429, 500, 502, 503, 504})
"""Statuses that say no more than themselves, whatever the protocol; 404 and 405 mean something in MCP."""


class BoundedTransport(httpx2.AsyncHTTPTransport):
    """Passes each body on as it comes, up to the limit: for streams of events, which may have no end."""

    def __init__(self, tls: ssl.SSLContext, query: str = "") -> None:
        """Open nothing yet; see `LimitedTransport`."""
        super().__init__(verify=tls, limits=httpx2.Limits(max_keepalive_connections=0), trust_env=False)
        self._query = query

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request.

        Raises:
            HTTPStatusError: the server refuses, or breaks down.
            AnswerTooLarge: the body is packed, so that nobody knows how large it is.
        """
        request.headers["accept-encoding"] = "identity"
        response = await super().handle_async_request(_asking(request, self._query))
        if response.status_code in _REFUSALS:
            await response.aclose()
            raise httpx2.HTTPStatusError(str(response.status_code), request=request, response=response)
        if response.headers.get("content-encoding", "identity") != "identity":
            await response.aclose()
            raise AnswerTooLarge("an answer that is packed, though nobody asked for that")
        assert isinstance(response.stream, httpx2.AsyncByteStream)
        response.stream = _Limited(response.stream)
        return response


_OF_THE_BODY = (b"content-encoding", b"content-length", b"transfer-encoding")
"""Headers that hold for the body as it came, no longer for the one that was read."""


def _asking(request: httpx2.Request, query: str) -> httpx2.Request:
    """Return a request with further parameters in its address."""
    if not query:
        return request
    url = httpx2.URL(with_query(str(request.url), query))
    asking = httpx2.Request(request.method, url, headers=request.headers, extensions=request.extensions)
    asking.stream = request.stream
    return asking


async def _read(response: httpx2.Response) -> bytes:
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Limited(response.stream)
    body = bytearray()
    async for piece in response.aiter_bytes():  # unpacks piece by piece, each of a mebibyte at most
        body += piece
        _check(len(body))
    return bytes(body)


class _Limited(httpx2.AsyncByteStream):
    """A body as it comes, with an end: a packed one may unpack to nothing for ever."""

    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for piece in self._stream:
            size += len(piece)
            _check(size)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


def _check(size: int) -> None:
    if size > MAX_ANSWER_BYTES:
        raise AnswerTooLarge(f"an answer of over {MAX_ANSWER_BYTES} bytes")
