"""A coroutine that is waited for: in the caller's thread, but for what needs an event loop."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar

import pytest

from unco.tools.blocking import block_on, in_event_loop, in_thread, is_blocking, on_loop

POST: ContextVar[str] = ContextVar("post", default="none")


async def where() -> tuple[str, bool, bool]:
    """Thread, whether it may block, whether an event loop runs in it."""
    return threading.current_thread().name, is_blocking(), in_event_loop()


async def looked_up() -> str:
    return await in_thread(lambda: threading.current_thread().name)


def test_what_may_block_runs_in_the_callers_thread() -> None:
    here = threading.current_thread().name
    assert block_on(where()) == (here, True, False)
    assert block_on(looked_up()) == here
    assert not is_blocking()


async def test_for_a_caller_that_awaits_it_runs_off_the_loop() -> None:
    assert await where() == (threading.current_thread().name, False, True)
    assert await looked_up() != threading.current_thread().name
    assert await on_loop(where()) == (threading.current_thread().name, False, True)


def test_what_needs_a_loop_has_one_and_the_callers_context() -> None:
    async def on_the_loop() -> tuple[str, bool, bool, str]:
        await asyncio.sleep(0)
        return (*await where(), POST.get())

    POST.set("7")
    thread, blocking, loop, post = block_on(on_loop(on_the_loop()))
    assert thread.startswith("unco-calls-")
    assert (blocking, loop, post) == (False, True, "7")


def test_many_threads_share_one_loop_and_wait_side_by_side() -> None:
    async def nap() -> int:
        await asyncio.sleep(0.2)
        return id(asyncio.get_running_loop())

    start = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        loops = set(pool.map(lambda _: block_on(on_loop(nap())), range(10)))
    assert len(loops) == 1
    assert time.monotonic() - start < 1.5


async def test_a_caller_within_a_loop_waits_all_the_same() -> None:
    """The loop of the caller stands still, the background loop does not."""

    async def nap() -> str:
        await asyncio.sleep(0.01)
        return "done"

    assert block_on(on_loop(nap())) == "done"


def test_an_error_comes_to_the_caller() -> None:
    async def fails() -> None:
        await on_loop(asyncio.sleep(0))
        raise LookupError("nothing there")

    with pytest.raises(LookupError, match="nothing there"):
        block_on(fails())
    assert not is_blocking()


def test_waiting_within_waiting() -> None:
    async def inner() -> str:
        return await looked_up()

    async def outer() -> tuple[str, bool]:
        return block_on(inner()), is_blocking()

    assert block_on(outer()) == (threading.current_thread().name, True)


def test_an_await_that_needs_a_loop_says_what_to_do() -> None:
    async def forgets() -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="wrap it in `on_loop`"):
        block_on(forgets())


WAIT = """
import asyncio, signal, sys, threading
from unco.tools.blocking import block_on, on_loop
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job is started to ignore it
def wait():
    print("waiting", flush=True)
    block_on(on_loop(asyncio.sleep(60)))
"""


def started(code: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", WAIT + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    return process


def test_an_interrupt_ends_the_wait() -> None:
    process = started("wait()")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in errors
    assert process.returncode != 0


def test_a_process_that_ends_does_not_wait_for_the_background_loop() -> None:
    process = started("import time\nthreading.Thread(target=wait, daemon=True).start()\ntime.sleep(0.5)")
    _, errors = process.communicate(timeout=20)
    assert (process.returncode, errors) == (0, "")


FORK = """
import asyncio, os, sys
from unco.tools.blocking import block_on, on_loop
block_on(on_loop(asyncio.sleep(0)))
if (child := os.fork()) == 0:
    os._exit(block_on(on_loop(asyncio.sleep(0, 7))))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_has_a_loop_of_its_own() -> None:
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=30).returncode == 7
