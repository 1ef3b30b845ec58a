"""Serve the simulated model over HTTP: an OpenAI-compatible local server, with the faults that servers have."""

import json
import os
import socket
import struct
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from unco.evals.simulation.answering import Knowledge
from unco.evals.simulation.families import family_by_name
from unco.evals.simulation.gold import GoldIndex
from unco.evals.simulation.model import Simulation, choose
from unco.evals.simulation.profile import FAULTS, Fault, Profile
from unco.evals.simulation.question import read_question
from unco.tools.extraction.known_names import name_key
from unco.types import GoldPost


@contextmanager
def simulate(
    posts: Iterable[GoldPost],
    family: str,
    profile: Profile | None = None,
    seed: int = 0,
    port: int = 0,
    names: Collection[str] = (),
) -> Iterator[Simulation]:
    """Serve a simulated model until the block ends.

    Args:
        posts: gold posts that it knows the answers of.
        family: how it writes boxes, a name from `unco.evals.simulation.families`.
        profile: how it errs; None = never.
        seed: of its random choices.
        port: 0 = any that is free.
        names: of the training data, for a profile that errs more about other ones.

    Raises:
        SettingsError: there is no such family.
        OSError: the port is taken.
    """
    known = frozenset(map(name_key, names))
    knowledge = Knowledge(GoldIndex(posts), family_by_name(family), profile or Profile(), known)
    state = Simulation(knowledge, seed, f"simulated-{family}")
    server = _Server(("127.0.0.1", port), _handler(state))
    state.url = f"http://127.0.0.1:{server.server_port}/v1"
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield state
    finally:
        state.stopped.set()
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # the default of 5 resets connections as soon as a batch of posts asks at once

    def handle_error(self, *_: Any) -> None:
        """Log nothing: a client that no longer waits is no fault of this server."""


def _handler(state: Simulation) -> type[BaseHTTPRequestHandler]:
    profile = state.knowledge.profile

    class Handler(BaseHTTPRequestHandler):
        disable_nagle_algorithm = True  # else an answer's body waits 40 ms for its head to be acknowledged

        def do_POST(self) -> None:
            state.count("questions")
            try:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                question = read_question(body)
            except (ValueError, KeyError, TypeError, StopIteration, OSError) as error:
                return self._refuse(400, f"not a chat completion request: {error!r}")
            if refused := _unsupported(body, profile):
                state.count("response_format refused")
                return self._refuse(400, refused)
            draw = state.random_for(question)
            if fault := choose(FAULTS, profile.faults, draw):
                return self._fail(fault)
            state.stopped.wait(profile.latency_s)
            message = state.reply(question, draw)
            state.count_answer(question)
            self._send(200, state.completion(body, question, message))

        def _fail(self, fault: Fault) -> None:
            state.count(fault)
            match fault:
                case "rate_limit":
                    self._refuse(429, "too many requests")
                case "rate_limit_retry_after":
                    self._refuse(429, "too many requests", {"Retry-After": "1"})
                case "server_error":
                    self._refuse(500, "a simulated fault")
                case "reset":
                    # Closing with nothing left to linger for makes the other side see a reset, not an end.
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    os.close(self.connection.detach())
                case "hang":
                    state.stopped.wait(profile.hang_s)

        def _refuse(self, status: int, message: str, headers: dict[str, str] | None = None) -> None:
            self._send(status, {"error": {"message": message, "type": "simulated", "code": None}}, headers)

        def _send(self, status: int, data: dict[str, Any], headers: dict[str, str] | None = None) -> None:
            content = json.dumps(data).encode()
            self.send_response(status)
            for name, value in ({"Content-Type": "application/json"} | (headers or {})).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler


def _unsupported(body: dict[str, Any], profile: Profile) -> str | None:
    """Tell why a request's response_format is refused; None when it is understood."""
    asked = body.get("response_format") or {}
    if not isinstance(asked, dict):
        return f"response_format is an object, got {asked!r}"
    wanted = asked.get("type", "text")
    understood = {"none": ("text",), "json_object": ("text", "json_object")}.get(profile.response_format)
    if understood is None or wanted in understood:
        return None
    return f"response_format {wanted!r} is not supported"
