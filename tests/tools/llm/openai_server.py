"""A tiny OpenAI-compatible server on this machine, whose behaviour a test writes down beforehand."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ANSWER = '{"reasoning_process": "A city.", "corrected_entity": "New Oslo"}'


def completion(text: str | None = ANSWER, finish_reason: str = "stop") -> str:
    """Build the body of a chat completion."""
    message = {"role": "assistant", "content": text}
    return json.dumps(
        {
            "id": "c1",
            "object": "chat.completion",
            "created": 1,
            "model": "served-model",
            "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
        }
    )


@dataclass(frozen=True)
class Step:
    """One scripted answer."""

    body: str | bytes = field(default_factory=completion)
    status: int = 200
    kind: str = "application/json"
    after_s: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False
    """Close the connection without an answer."""
    drip_s: float = 0.0
    """Pause after each byte of the body."""


def refusal(status: int, message: str) -> Step:
    """Build an error in OpenAI's form."""
    return Step(json.dumps({"error": {"message": message, "type": "x", "code": None}}), status)


@dataclass
class OpenAIServer:
    """A running server. The last step of `script` repeats."""

    script: list[Step] = field(default_factory=lambda: [Step()])
    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    """What was asked, in order."""
    models: list[str] | None = None
    """What it lists; None = it does not."""
    answer: Callable[[], Step] | None = None
    """Makes the answer to the last of `bodies`; None = the script does."""
    keys: list[str] = field(default_factory=list)
    """The Authorization header of each."""
    headers: list[dict[str, str]] = field(default_factory=list)
    """All headers of each, names in lower case."""
    paths: list[str] = field(default_factory=list)
    """The path of each, with its query."""

    @property
    def calls(self) -> int:
        return len(self.bodies)

    def step(self) -> Step:
        if self.answer is not None:
            return self.answer()
        return self.script[min(self.calls, len(self.script)) - 1]


@contextmanager
def serve() -> Iterator[OpenAIServer]:
    """Run a server until the block ends."""
    state = OpenAIServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            state.keys.append(self.headers.get("Authorization", ""))
            state.headers.append({name.lower(): value for name, value in self.headers.items()})
            state.paths.append(self.path)
            state.bodies.append(body)
            step = state.step()
            time.sleep(step.after_s)
            if step.drop:
                self.close_connection = True
                return
            data = step.body if isinstance(step.body, bytes) else step.body.encode()
            self.send_response(step.status)
            self.send_header("Content-Type", step.kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in step.headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for piece in [data] if not step.drip_s else [data[place : place + 1] for place in range(len(data))]:
                    self.wfile.write(piece)
                    time.sleep(step.drip_s)
            except OSError:
                pass  # the client no longer waits

        def do_GET(self) -> None:
            if state.models is None or self.path != "/v1/models":
                self.send_error(404)
                return
            listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in state.models]}
            data = json.dumps(listed).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
