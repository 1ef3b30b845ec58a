"""Starts each server in an environment of its own, on 127.0.0.1, and stops it."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.langgraph_server import free_port, stop
from compat.posts import GOLD
from unco.errors import SetupError
from unco.evals.simulation import simulate

SCRIPTS = Path(__file__).parent
START_S = 120.0

LITELLM_SETTINGS = """\
model_list:
  - model_name: {model}
    litellm_params: {{model: "openai/{model}", api_base: "{url}", api_key: none}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that runs."""

    name: str
    what: str
    """What answers behind it, in words."""
    base_url: str
    model: str
    max_tokens: int | None = None
    """Limit of a reply; random weights would go on for ever."""
    frame: str | None = None
    """Box frame that is set, where none can be found."""
    log: Path


@contextmanager
def llama_cpp(servers: Path, folder: Path) -> Iterator[Server]:
    """Serve SmolLM2 by llama.cpp, with a random projector for pictures."""
    port = free_port()
    command = [str(servers / "python"), str(SCRIPTS / "llama_cpp.py"), str(folder / "projector.gguf"), str(port)]
    what = "SmolLM2-135M (Q4_1), pictures through random weights"
    with _running(command, folder, f"http://127.0.0.1:{port}") as (url, log):
        yield Server(name="llama.cpp", what=what, base_url=url, model="smollm2", max_tokens=48, frame="0-1000", log=log)


@contextmanager
def transformers_serve(servers: Path, folder: Path) -> Iterator[Server]:
    """Serve a tiny random vision model by `transformers serve`."""
    model, port = str(folder / "tiny-llava"), free_port()
    subprocess.run([servers / "python", SCRIPTS / "tiny_vision_model.py", model], check=True, capture_output=True)
    command = [str(servers / "transformers"), "serve", "--host", "127.0.0.1", "--port", str(port)]
    with _running(command, folder, f"http://127.0.0.1:{port}") as (url, log):
        yield Server(
            name="transformers serve",
            what="a LLaVA of 32 units, random weights",
            base_url=url,
            model=model,
            max_tokens=48,
            frame="0-1000",
            log=log,
        )


@contextmanager
def litellm_proxy(servers: Path, folder: Path) -> Iterator[Server]:
    """Serve LiteLLM's proxy in front of the simulated MLLM."""
    with simulate(GOLD, "qwen2.5-vl") as simulation:
        settings, port = folder / "litellm.yaml", free_port()
        settings.write_text(LITELLM_SETTINGS.format(model=simulation.model, url=simulation.url))
        command = [str(servers / "litellm"), "--config", str(settings), "--host", "127.0.0.1", "--port", str(port)]
        with _running(command, folder, f"http://127.0.0.1:{port}") as (url, log):
            yield Server(
                name="LiteLLM proxy",
                what="the simulated MLLM, which knows the answers",
                base_url=url,
                model=simulation.model,
                log=log,
            )


SERVERS: dict[str, Callable[[Path, Path], Any]] = {
    "llama.cpp": llama_cpp,
    "transformers": transformers_serve,
    "litellm": litellm_proxy,
}

_OFFLINE = {
    "HF_HUB_OFFLINE": "1",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
}
"""Keeps servers from calling home, and lets the proxy run without a key: it is reached from this machine alone."""


@contextmanager
def _running(command: list[str], folder: Path, address: str) -> Iterator[tuple[str, Path]]:
    log = folder / "server.log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **_OFFLINE}, stdout=file, stderr=subprocess.STDOUT
        )
    try:
        _wait_until_up(process, f"{address}/v1/models", log)
        yield f"{address}/v1", log
    finally:
        stop(process)


def _wait_until_up(process: "subprocess.Popen[bytes]", url: str, log: Path) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise SetupError(f"the server does not start: {log.read_text(errors='replace')[-2000:]}")
