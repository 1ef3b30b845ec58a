"""Dynamic batching for concurrent callers: posts that wait at the same time run through the model as one batch.

One worker thread runs the batches, so any number of threads, tasks and event loops may call. It starts at the first
post and ends when nothing has come for a while. A forked child starts one of its own, with nothing waiting.
"""

import asyncio
import atexit
import os
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from threading import Condition, Thread, current_thread
from time import monotonic
from typing import TYPE_CHECKING
from weakref import WeakSet

from unco.errors import Overloaded
from unco.small_model.batch_retry import Predict, run_batch
from unco.small_model.batching import Batching, choose_batch
from unco.small_model.model_input import ModelInput

if TYPE_CHECKING:
    from unco.small_model.uncertainty.prediction import Prediction

IDLE_TIMEOUT = 10.0
"""Seconds without a post after which the worker thread ends and releases the model."""

CLOSE_TIMEOUT = 5.0
"""Seconds that closing waits for the batch under way."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A post in the queue."""

    post: ModelInput
    future: "Future[list[Prediction]]"
    since: float
    """When it came, in seconds of the monotonic clock."""


class MicroBatcher:
    """Predicts single posts for many concurrent callers, in batches on one worker thread."""

    def __init__(self, predict: Predict, batching: Batching | None = None) -> None:
        """Set up an empty queue; the worker thread starts at the first post.

        Args:
            predict: runs a batch; called in the worker's thread, one batch at a time.
            batching: None = the defaults.
        """
        self._predict = predict
        self._batching = batching or Batching()
        self._closed = False
        self._reset()
        _batchers.add(self)

    def __call__(self, post: ModelInput) -> "list[Prediction]":
        """Predict the entities of a post; blocks until they are there.

        Raises:
            Overloaded: too many posts wait.
            SetupError: there is not enough memory for this one post.
        """
        future = self.submit(post)
        try:
            return future.result()
        finally:
            future.cancel()  # of a caller who was interrupted; what is done stays done

    async def acall(self, post: ModelInput) -> "list[Prediction]":
        """Predict the entities of a post without holding a thread; a cancelled task leaves the queue at once."""
        future = self.submit(post)
        try:
            return await asyncio.wrap_future(future)
        finally:
            future.cancel()

    def submit(self, post: ModelInput) -> "Future[list[Prediction]]":
        """Queue a post; cancelling the future takes it out again, unless its batch is under way.

        Raises:
            Overloaded: too many posts wait.
            RuntimeError: the batcher is closed.
        """
        future: Future[list[Prediction]] = Future()
        with self._changed:
            self._check_queue()
            self._ensure_worker()
            ticket = next(self._tickets)
            self._waiting[ticket] = _Waiting(post, future, monotonic())
            if len(self._waiting) in (1, self._batching.most_posts):
                self._changed.notify()
        future.add_done_callback(lambda done: self._remove(ticket, done))
        return future

    def close(self) -> None:
        """Stop accepting posts; queued ones get a `RuntimeError`, the running batch has a few seconds to end."""
        self._closed = True
        worker = self._worker
        self._refuse_waiting(RuntimeError("the small model was closed while the post waited for it"))
        if worker is not None and worker is not current_thread():
            worker.join(CLOSE_TIMEOUT)

    def _reset(self) -> None:
        """Start with an empty queue and no worker: a forked child inherits no thread, and perhaps a held lock."""
        self._changed = Condition()
        self._waiting: dict[int, _Waiting] = {}
        self._tickets = count()
        self._worker: Thread | None = None

    def _check_queue(self) -> None:
        if self._closed:
            raise RuntimeError("the small model is closed: it takes no more posts")
        if len(self._waiting) >= self._batching.queue:
            raise Overloaded(
                f"{self._batching.queue} posts wait for the small model, and no more may: hand in fewer at once, as "
                "with graph.abatch(posts, {'max_concurrency': 256}), or try again later"
            )

    def _ensure_worker(self) -> None:
        if self._worker is None or not self._worker.is_alive():
            self._worker = Thread(target=self._work, name="unco-small-model", daemon=True)
            self._worker.start()

    def _remove(self, ticket: int, future: "Future[list[Prediction]]") -> None:
        """Remove a post that was cancelled while it waited."""
        with self._changed:
            waited = self._waiting.pop(ticket, None) is not None
        if waited and future.cancelled():
            future.set_running_or_notify_cancel()  # else `concurrent.futures.wait` would never return

    def _refuse_waiting(self, error: Exception) -> None:
        with self._changed:
            left = list(self._waiting.values())
            self._waiting.clear()
            self._worker = None
            self._changed.notify_all()
        _resolve(left, [error] * len(left))

    def _work(self) -> None:
        """Run batches until there are none."""
        batch: list[_Waiting] = []
        try:
            while batch := self._next_batch():
                batch = [waiting for waiting in batch if waiting.future.set_running_or_notify_cancel()]
                if batch:
                    _resolve(batch, run_batch(self._predict, [waiting.post for waiting in batch]))
        except BaseException as error:  # a bug of ours: no caller may wait for ever on a dead worker
            failure = RuntimeError(f"the small model's worker broke down: {error!r}")
            failure.__cause__ = error
            _resolve(batch, [failure] * len(batch))
            self._refuse_waiting(failure)

    def _next_batch(self) -> list[_Waiting]:
        """Wait for the next batch to be due and take it from the queue; an empty one ends the worker."""
        with self._changed:
            while not self._closed and (pause := self._seconds_until_due()) > 0.0:
                if not self._changed.wait(pause) and not self._waiting:
                    break
            if not self._waiting:
                self._worker = None
                return []
            tickets = list(self._waiting)
            lengths = [len(waiting.post.words) for waiting in self._waiting.values()]
            return [self._waiting.pop(tickets[place]) for place in choose_batch(lengths, self._batching)]

    def _seconds_until_due(self) -> float:
        """Compute the seconds until a batch is due or, with an empty queue, until the worker may end."""
        if not self._waiting:
            return IDLE_TIMEOUT
        if len(self._waiting) >= self._batching.most_posts:
            return 0.0
        oldest = next(iter(self._waiting.values()))
        return oldest.since + self._batching.wait - monotonic()


def _resolve(batch: Sequence[_Waiting], results: "Sequence[list[Prediction] | Exception]") -> None:
    for waiting, result in zip(batch, results, strict=True):
        with suppress(InvalidStateError):  # done or cancelled in the meantime
            if isinstance(result, Exception):
                waiting.future.set_exception(result)
            else:
                waiting.future.set_result(result)


_batchers: "WeakSet[MicroBatcher]" = WeakSet()


def _close_all() -> None:
    for batcher in list(_batchers):
        batcher.close()


def _reset_all() -> None:
    for batcher in list(_batchers):
        batcher._reset()


# A thread that is inside torch when the interpreter takes itself apart would abort the process.
atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_reset_all)
