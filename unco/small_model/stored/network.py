"""The network of a checkpoint: NumPy runs it at first, and torch once there is enough to read.

Torch takes seconds to start, and then reads long batches in two thirds of the time. For a single post NumPy is as
quick. So torch is started when as much was read in batches as would have paid for it.
"""

import logging
import os
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from unco.small_model.batch import Array
from unco.small_model.config import ModelConfig
from unco.small_model.decoding.states import Runtime
from unco.small_model.stored.in_numpy import NumpyNetwork
from unco.small_model.stored.quantise import QuantisedRows

if TYPE_CHECKING:
    from unco.small_model.network.model import Network

log = logging.getLogger(__name__)

ENOUGH = 16384
"""Word pieces and steps in batches after which torch is started: NumPy has lost about as much time as it takes."""

_starting = Lock()
"""One for the process: torch is imported once, and a network with a lock of its own could not be copied."""


class TrainedNetwork(Protocol):
    """A network that a predictor can use: torch's own, or that of a checkpoint."""

    config: ModelConfig

    @property
    def device(self) -> Any:
        """Where it runs, as torch names it."""

    @property
    def call_cost(self) -> int:
        """What a batch costs beside its word pieces, in word pieces."""

    @property
    def in_torch(self) -> "Network":
        """The network in torch."""

    def runtime(self) -> Runtime:
        """Choose who runs the next batch."""

    def to(self, device: Any) -> "TrainedNetwork":
        """Let torch run it on a device, for everything that shares it."""


class StoredNetwork:
    """A network whose weights were read from a file; both ways of running it share them."""

    def __init__(self, config: ModelConfig, weights: dict[str, Array], pieces: QuantisedRows) -> None:
        """Take the weights, by the names that torch's network gives them, but for the word pieces."""
        self.config = config
        self._weights, self._pieces = weights, pieces
        self._in_numpy = NumpyNetwork(config, weights, pieces)
        self._in_torch: Network | None = None
        self._cannot_start = False

    @property
    def device(self) -> Any:
        """Where it runs."""
        return "cpu" if self._in_torch is None else self._in_torch.device

    @property
    def call_cost(self) -> int:
        """What a batch costs beside its word pieces: little in NumPy, where padding costs as much as words do."""
        return 256 if self._in_torch is None else self._in_torch.call_cost

    @property
    def in_torch(self) -> "Network":
        """The same network in torch, which is imported for it."""
        with _starting:
            return self._started()

    def runtime(self) -> Runtime:
        """Choose who runs the next batch: one of them at a time, as threads of both would get in each other's way."""
        if self._in_torch is None and self._in_numpy.long_work > ENOUGH:
            self._try_to_start()
        return self._in_numpy if self._in_torch is None else self._in_torch.runtime()

    def to(self, device: Any) -> TrainedNetwork:
        """Let torch run it on a device."""
        return self.in_torch.to(device)

    def _try_to_start(self) -> None:
        """Start torch, unless another thread does so; where it cannot be started, NumPy goes on."""
        if self._cannot_start or not _starting.acquire(blocking=False):
            return
        try:
            self._started()
        except (ImportError, OSError, MemoryError) as error:
            self._cannot_start = True
            log.warning("torch cannot be started, so NumPy goes on: %s", error)
        finally:
            _starting.release()

    def _started(self) -> "Network":
        if self._in_torch is None:
            from unco.small_model.stored.in_torch import network_of

            self._in_torch = network_of(self.config, self._weights, self._pieces)
        return self._in_torch


def _reset_lock() -> None:
    global _starting
    _starting = Lock()


# A thread that starts torch while the process forks does not go on in the child: its lock would never be free.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_lock)
