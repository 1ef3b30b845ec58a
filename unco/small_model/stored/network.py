"""The network of a checkpoint: NumPy runs it at first, and torch once there is enough to read.

Torch takes seconds to start, and then reads long batches in two thirds of the time. For a single post NumPy is as
quick. So torch is started when the posts that were read in batches would have paid for it.
"""

from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from unco.small_model.config import ModelConfig
from unco.small_model.decoding.arrays import Array
from unco.small_model.decoding.states import Runtime
from unco.small_model.stored.in_numpy import NumpyNetwork
from unco.small_model.stored.quantise import QuantisedRows

if TYPE_CHECKING:
    import torch

    from unco.small_model.network.model import Network

FEW = 64
"""Word pieces of a batch, padding included, up to which NumPy is at least as quick as torch."""

ENOUGH = 8192
"""Word pieces in larger batches after which torch is started: NumPy has lost about half a second on them."""


class TrainedNetwork(Protocol):
    """A network that a predictor can use: torch's own, or that of a checkpoint."""

    config: ModelConfig

    @property
    def device(self) -> Any:
        """Where it runs, as torch names it."""

    @property
    def in_torch(self) -> "Network":
        """The network in torch."""

    def runtime(self, pieces: int) -> Runtime:
        """Choose who runs a batch of so many word pieces, padding included."""

    def to(self, device: Any) -> "TrainedNetwork":
        """Move to a device, for everything that shares it."""


class StoredNetwork:
    """A network whose weights were read from a file; both ways of running it share them."""

    def __init__(self, config: ModelConfig, weights: dict[str, Array], pieces: QuantisedRows) -> None:
        """Take the weights, by the names that torch's network gives them, but for the word pieces."""
        self.config = config
        self._weights, self._pieces = weights, pieces
        self._in_numpy = NumpyNetwork(config, weights, pieces)
        self._in_torch: Network | None = None
        self._lock = Lock()
        self._read = 0

    @property
    def device(self) -> "torch.device | str":
        """Where it runs."""
        return "cpu" if self._in_torch is None else self._in_torch.device

    @property
    def in_torch(self) -> "Network":
        """The same network in torch, which is imported for it."""
        with self._lock:
            if self._in_torch is None:
                from unco.small_model.stored.in_torch import network_of

                self._in_torch = network_of(self.config, self._weights, self._pieces)
            return self._in_torch

    def runtime(self, pieces: int) -> Runtime:
        """Choose who runs a batch.

        Args:
            pieces: word pieces of the batch, padding included.
        """
        if pieces <= FEW:
            return self._in_numpy
        self._read += pieces
        if self._in_torch is None and self._read <= ENOUGH:
            return self._in_numpy
        return self.in_torch.runtime(pieces)

    def to(self, device: "torch.device | str") -> TrainedNetwork:
        """Move to a device; only torch runs it on another than the processor."""
        if str(device) != "cpu":
            return self.in_torch.to(device)
        if self._in_torch is not None:
            self._in_torch.to(device)
        return self
