"""Serve an MLLM on 127.0.0.1 that takes its time and fails in many ways, each as servers on the internet do."""

import asyncio
import json
import random
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field

MODEL = "faulty-vl"

_ANSWER = json.dumps({"reasoning_process": "By a fixed rule.", "corrected_type": "PER"})
_COMPLETION = json.dumps(
    {
        "id": "1",
        "object": "chat.completion",
        "created": 1,
        "model": MODEL,
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": _ANSWER}},
        ],
        "usage": {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120},
    }
).encode()
_SLOW_DOWN = b'{"error": {"message": "slow down"}}'
_PAGE = b"<html><body><h1>Bad Gateway</h1></body></html>"


def _response(status: str, body: bytes, headers: str = "", length: int | None = None) -> bytes:
    size = len(body) if length is None else length
    kind = "text/html" if body == _PAGE else "application/json"
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\nConnection: close\r\n{headers}\r\n"
    return head.encode() + body


FAULTS: dict[str, bytes] = {
    "429": _response("429 Too Many Requests", _SLOW_DOWN),
    "429, Retry-After: 1": _response("429 Too Many Requests", _SLOW_DOWN, "Retry-After: 1\r\n"),
    "503, retry-after-ms: 300": _response("503 Busy", _SLOW_DOWN, "retry-after-ms: 300\r\n"),
    "500": _response("500 Oops", b'{"error": "out of memory"}'),
    "502 of a proxy": _response("502 Bad Gateway", _PAGE),
    "a page with status 200": _response("200 OK", _PAGE),
    "an error with status 200": _response("200 OK", b'{"error": {"message": "overloaded", "code": 503}}'),
    "half a JSON object": _response("200 OK", _COMPLETION[: len(_COMPLETION) // 2]),
    "half a body": _response("200 OK", _COMPLETION[: len(_COMPLETION) // 2], length=len(_COMPLETION)),
    "no choices": _response("200 OK", b'{"choices": []}'),
    "a reset connection": b"",
}


@dataclass(slots=True)
class FaultyEndpoint:
    """What is served, and what was asked so far."""

    latency_s: float
    faults: float = 0.0
    """Share of the requests that fail, each kind as often as another."""
    slow: dict[int, float] = field(default_factory=dict)
    """Seconds that the request of a number takes, from 1."""
    url: str = ""
    counts: Counter[str] = field(default_factory=Counter)
    """Of requests, answers and each kind of fault."""
    answered: Counter[str] = field(default_factory=Counter)
    """How often each post was answered, by its number."""

    def handle(self, draw: random.Random, asked: bytes) -> tuple[bytes, float]:
        """Return what to send, and after how many seconds."""
        self.counts["requests"] += 1
        seconds = self.slow.get(self.counts["requests"], self.latency_s)
        kind = draw.choice(list(FAULTS)) if draw.random() < self.faults else "answers"
        self.counts[kind] += 1
        if kind != "answers":
            return FAULTS[kind], seconds
        found = re.search(rb"number(\d+)", asked)
        self.answered[found[1].decode() if found else ""] += 1
        return _response("200 OK", _COMPLETION), seconds


@contextmanager
def serve(endpoint: FaultyEndpoint, seed: int = 1) -> Iterator[FaultyEndpoint]:
    """Serve until the block ends; in a thread of its own."""
    loop, draw = asyncio.new_event_loop(), random.Random(seed)

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
            content, seconds = endpoint.handle(draw, await reader.readexactly(int(length[1]) if length else 0))
            await asyncio.sleep(seconds)
            if content:
                writer.write(content)
                await writer.drain()
            else:
                writer.transport.abort()

    server = loop.run_until_complete(asyncio.start_server(respond, "127.0.0.1", 0, backlog=512))
    endpoint.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield endpoint
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        server.close()
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.01))
        loop.close()
