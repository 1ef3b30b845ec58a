"""One code path for synchronous and asynchronous callers.

What may block is written once, as a coroutine. `block_on` runs it for a caller without an event loop: in the caller's
own thread, but for what needs a loop, which runs on one background loop of the process.
"""

import asyncio
import os
import threading
from asyncio import AbstractEventLoop
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from functools import cache
from typing import Any, ParamSpec, TypeVar

from unco.fork_locks import ForkLock

T = TypeVar("T")
P = ParamSpec("P")

_BLOCKING: ContextVar[bool] = ContextVar("unco_blocking", default=False)

_loop_lock = ForkLock()


def block_on(steps: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in this thread.

    Args:
        steps: awaits nothing but `in_thread`, `on_loop` and coroutines of the same kind.

    Raises:
        RuntimeError: it awaited something else.
    """
    token = _BLOCKING.set(True)
    try:
        steps.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        _BLOCKING.reset(token)
        steps.close()
    raise RuntimeError("what needs an event loop was awaited by a caller that has none: wrap it in `on_loop`")


def is_blocking() -> bool:
    """Return whether the caller is inside `block_on`, so that its thread may be blocked."""
    return _BLOCKING.get()


def in_event_loop() -> bool:
    """Return whether this thread runs an event loop, which stands still while the thread is blocked."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


async def in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a function that may block: directly inside `block_on`, else in a thread, off the event loop."""
    if _BLOCKING.get():
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)


async def on_loop(steps: Coroutine[Any, Any, T]) -> T:
    """Await what needs an event loop: on the caller's own, or inside `block_on` on the background loop."""
    if not _BLOCKING.get():
        return await steps
    token = _BLOCKING.set(False)  # the task takes over the caller's context, and does not wait like the caller
    try:
        future = asyncio.run_coroutine_threadsafe(steps, _background_loop())
    finally:
        _BLOCKING.reset(token)
    try:
        return future.result()
    except BaseException:  # an interrupt: nobody waits for the answer any more
        future.cancel()
        raise


async def on_background_loop(steps: Coroutine[Any, Any, T]) -> T:
    """Await on the background loop, whichever loop the caller has: for what is kept open from call to call."""
    loop = _background_loop()
    if asyncio.get_running_loop() is loop:
        return await steps
    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(steps, loop))


def _background_loop() -> AbstractEventLoop:
    with _loop_lock:
        return _loop_of(os.getpid())


@cache
def _loop_of(process: int) -> AbstractEventLoop:
    """Start a loop in a daemon thread, which does not keep a process alive; threads do not survive a fork."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name=f"unco-calls-{process}", daemon=True).start()
    return loop
