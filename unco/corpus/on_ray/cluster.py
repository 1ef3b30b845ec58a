"""Connects to the Ray cluster that `RAY_ADDRESS` names, or starts one on this machine alone."""

import logging
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # read when Ray is imported: nothing about a run is sent anywhere
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # Ray's future default; else it warns

import ray  # noqa: E402

from unco.errors import SetupError  # noqa: E402


@dataclass(frozen=True, slots=True)
class Sizes:
    """Number of workers of each kind."""

    readers: int
    """Processes that read posts at the same time; each begins by importing unco, so few are quicker than many."""
    models: int
    gpu: bool
    """Whether each has a GPU of its own; else it has a CPU."""
    correctors: int
    at_once: int
    """Posts whose corrections wait for the MLLM at once, in each actor of these."""


def sizes_of(cpus: float, gpus: float, at_once: int) -> Sizes:
    """Choose sizes: a small model per GPU, or per two CPUs where there is none; a corrector actor per four CPUs.

    Args:
        cpus: of the whole cluster.
        gpus: of the whole cluster.
        at_once: posts whose corrections wait for the MLLM at once, in all; never more, but fewer where actors cannot
            have equal shares of it.
    """
    correctors = max(1, min(at_once, int(cpus) // 4))
    return Sizes(
        readers=max(1, int(cpus) // 16),
        models=int(gpus) or max(1, int(cpus) // 2),
        gpu=gpus >= 1,
        correctors=correctors,
        at_once=at_once // correctors,
    )


@contextmanager
def cluster() -> Iterator[tuple[float, float]]:
    """Connect to a cluster; one that was started here is stopped at the end.

    Yields:
        Its CPUs and its GPUs.

    Raises:
        SetupError: there is none, or it cannot be reached.
    """
    started_here = not ray.is_initialized()
    if started_here:
        try:
            _start()
        except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
            raise SetupError(f"no Ray cluster can be reached or started: {error}") from error
    try:
        resources: dict[str, float] = ray.cluster_resources()  # type: ignore[no-untyped-call]
        yield resources.get("CPU", 0.0), resources.get("GPU", 0.0)
    finally:
        if started_here:
            ray.shutdown()


def _start() -> None:
    """Start Ray without its logs on the terminal, and keep the handler of SIGTERM, which Ray would replace."""
    handler = signal.getsignal(signal.SIGTERM)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    # Without an address Ray would join any cluster that runs on this machine, whoever's it is.
    local: dict[str, Any] = {"address": "local", "include_dashboard": False}
    local = {} if os.environ.get("RAY_ADDRESS") else local
    ray.init(log_to_driver=False, logging_level=logging.ERROR, **local)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


def address() -> str:
    """Return the address of the connected cluster, in the form of `RAY_ADDRESS`."""
    return str(ray.get_runtime_context().gcs_address)
