"""Run LangGraph's development server in a process and a folder of its own: no call home, nothing left behind."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from unco.errors import SetupError

QUIET = {"LANGGRAPH_CLI_NO_ANALYTICS": "1", "LANGGRAPH_NO_VERSION_CHECK": "true", "LANGSMITH_TRACING": "false"}
"""Environment that keeps the server from calling home."""

GRAPHS = {"unco": "unco.graph.served:graph"}
SHIPPED = Path(__file__).parents[1] / "langgraph.json"
"""What the server is told of webhooks, the store and assistants."""

JOBS = 10
"""Runs at once, as `make studio` has it."""
START_S, STOP_S = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Server:
    """A running server."""

    url: str
    process: "subprocess.Popen[bytes]"
    log: Path
    """File with the server's output so far."""


def is_installed() -> bool:
    """Whether the extra `studio` is installed."""
    return all(find_spec(name) for name in ("langgraph_cli", "langgraph_api", "langgraph_sdk"))


@contextmanager
def langgraph_server(
    folder: Path, environment: Mapping[str, str], graphs: Mapping[str, str] = GRAPHS, jobs: int = JOBS
) -> Iterator[Server]:
    """Run the server until the block ends.

    Args:
        folder: to run in; the server writes its state there.
        environment: beside this process's own; it names the MLLM and the cache.
        graphs: name -> module:variable.
        jobs: runs at once.

    Raises:
        SetupError: the extra `studio` is missing, or the server does not start; quotes the end of its log.
    """
    if not is_installed():
        raise SetupError("LangGraph's server is not installed: pip install 'unco[studio]'")
    told = json.loads(SHIPPED.read_text("utf-8")) | {"dependencies": ["."], "graphs": dict(graphs)}
    (folder / "langgraph.json").write_text(json.dumps(told))
    port, log = free_port(), folder / "server.log"
    command = [sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload"]
    command += ["--port", str(port), "--n-jobs-per-worker", str(jobs)]
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **QUIET, **environment}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        yield _wait_until_up(Server(f"http://127.0.0.1:{port}", process, log))
    finally:
        stop(process)


def _wait_until_up(server: Server) -> Server:
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urlopen(f"{server.url}/ok", timeout=5):
                return server
        except (URLError, OSError):
            time.sleep(0.05)
    raise SetupError(f"LangGraph's server does not start: {server.log.read_text(errors='replace')[-2000:]}")


def stop(process: "subprocess.Popen[bytes]") -> int:
    """Terminate a process, and kill it when it does not end; gives its exit code."""
    process.terminate()
    try:
        return process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
