"""Copies of a model for several threads, each loaded when it is first needed."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from threading import BoundedSemaphore
from typing import Generic, TypeVar

from unco.fork_locks import ForkLock
from unco.processors import processors

Model = TypeVar("Model")


class Pool(Generic[Model]):
    """As many copies of a model as processors may run it at once; whoever comes when all are taken waits."""

    def __init__(self, load: Callable[[], Model], most: int) -> None:
        """Set how to load a copy; nothing is loaded yet.

        Args:
            load: gives a copy; called in one thread at a time, and again only if it failed.
            most: copies at most; there are no more than processors that this process may use.
        """
        self._load = load
        self._places = ForkLock(partial(BoundedSemaphore, min(most, processors())))
        self._free: list[Model] = []
        self._lock = ForkLock()

    @contextmanager
    def one(self) -> Iterator[Model]:
        """Lend a copy that no other thread has."""
        with self._places:
            with self._lock:  # imports of such libraries do not bear two threads
                model = self._free.pop() if self._free else self._load()
            try:
                yield model
            finally:
                self._free.append(model)
