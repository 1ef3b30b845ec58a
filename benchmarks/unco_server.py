"""Run `unco serve` in a process of its own, in a folder of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.langgraph_server import Server, free_port, stop
from unco.errors import SetupError

START_S = 180.0
"""Of several workers, on a busy machine."""


@contextmanager
def unco_server(
    folder: Path, environment: Mapping[str, str], options: Sequence[str] = (), port: int | None = None
) -> Iterator[Server]:
    """Run the service until the block ends.

    Args:
        folder: for its state and its log.
        environment: beside this process's own; it names the MLLM and the cache.
        options: of the command.
        port: None = any that is free.

    Raises:
        SetupError: it does not start; quotes the end of its log.
    """
    port, log = port or free_port(), folder / "serve.log"
    command = [sys.executable, "-m", "unco", "serve", "--port", str(port), "--state", str(folder / "state"), *options]
    with log.open("ab") as file:
        process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=file, stderr=file)
    try:
        yield wait_until_up(Server(f"http://127.0.0.1:{port}", process, log))
    finally:
        stop(process)


def wait_until_up(server: Server) -> Server:
    """Wait until the service answers."""
    end = time.monotonic() + START_S
    while time.monotonic() < end and server.process.poll() is None:
        try:
            with urlopen(f"{server.url}/health/ready", timeout=5):
                return server
        except (URLError, OSError):
            time.sleep(0.05)
    raise SetupError(f"unco serve does not start: {server.log.read_text(errors='replace')[-2000:]}")
