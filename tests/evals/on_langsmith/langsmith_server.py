"""A stand-in for LangSmith on this machine: takes what the official client sends, and gives back what it asks for."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

Json = dict[str, Any]
NOW = "2026-11-29T00:00:00+00:00"
TENANT = str(uuid4())
INFO = {
    "version": "0.15",
    "instance_flags": {},
    "batch_ingest_config": {
        "use_multipart_endpoint": False,
        "size_limit": 100,
        "size_limit_bytes": 20_971_520,
        "scale_up_nthreads_limit": 1,
        "scale_up_qsize_trigger": 1000,
        "scale_down_nempty_trigger": 4,
    },
}


@dataclass
class LangSmith:
    """What it was sent."""

    url: str = ""
    data_sets: list[Json] = field(default_factory=list)
    examples: list[Json] = field(default_factory=list)
    sessions: list[Json] = field(default_factory=list)
    runs: dict[str, Json] = field(default_factory=dict)
    feedback: list[Json] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    """Of all requests, as they came."""
    unknown: list[str] = field(default_factory=list)
    """Requests that it has no answer to."""

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: Any) -> Any:
        """Answer a request; None = nothing is there."""
        match method, path.strip("/").split("/"):
            case "GET", ["info"]:
                return INFO
            case "GET", ["datasets"]:
                return [one for one in self.data_sets if one["name"] == query.get("name", [one["name"]])[0]]
            case "GET", ["datasets", name]:
                return next((one for one in self.data_sets if one["id"] == name), None)
            case "POST", ["datasets"]:
                made = {"id": str(uuid4()), "name": body["name"], "data_type": "kv", "created_at": NOW}
                return added(self.data_sets, made | {"tenant_id": TENANT})
            case "POST", ["examples", "bulk"]:
                return [added(self.examples, {"id": str(uuid4()), "created_at": NOW, **one}) for one in body]
            case "GET", ["examples"]:
                return self.examples if query.get("offset", ["0"]) == ["0"] else []
            case "POST", ["sessions"]:
                return added(
                    self.sessions, {"start_time": NOW, "tenant_id": TENANT, "reference_dataset_id": None, **body}
                )
            case "GET", ["sessions"]:
                return [one for one in self.sessions if one["name"] == query.get("name", [one["name"]])[0]]
            case "PATCH", ["sessions", name]:
                return next(one for one in self.sessions if one["id"] == name)
            case "POST", ["runs", "batch"]:
                for one in [*body.get("post", ()), *body.get("patch", ())]:
                    self.runs.setdefault(one["id"], {}).update(one)
                return {}
            case "POST", ["feedback"]:
                return added(self.feedback, body)
        self.unknown.append(f"{method} {path}")
        return None


def added(rows: list[Json], row: Json) -> Json:
    rows.append(row)
    return row


@contextmanager
def serve_langsmith() -> Iterator[LangSmith]:
    """Run the stand-in until the block ends."""
    state = LangSmith()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            state.bodies.append(data)
            address = urlsplit(self.path)
            found = state.answer(
                self.command, address.path, parse_qs(address.query), json.loads(data) if data else None
            )
            text = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PATCH = _answer

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
