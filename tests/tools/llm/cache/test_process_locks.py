"""A key is held by one process at a time, and let go of when its holder dies."""

import asyncio
import time
from pathlib import Path

from tests.tools.llm.cache.lock_holder import holder
from unco.tools.llm.cache.process_locks import ProcessLocks

KEY, OTHER = "ab" * 32, "cd" * 32


async def test_another_process_waits_until_the_holder_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "locks"
    process = await asyncio.to_thread(holder, path, KEY)
    locks = ProcessLocks(path)
    try:
        async with locks.held(OTHER):
            assert not locks._try_lock(KEY), "another key does not wait, this one would"
        process.kill()
        start = time.monotonic()
        async with locks.held(KEY):
            assert time.monotonic() - start < 5
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


async def test_a_task_waits_without_stopping_the_loop(tmp_path: Path) -> None:
    path = tmp_path / "locks"
    process = await asyncio.to_thread(holder, path, KEY)
    try:
        ticks = 0

        async def hold() -> None:
            async with ProcessLocks(path).held(KEY):
                pass

        waiting = asyncio.create_task(hold())
        while ticks < 5:
            await asyncio.sleep(0.01)
            ticks += 1
        assert not waiting.done()
        process.kill()
        await asyncio.wait_for(waiting, 5)
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)


async def test_the_file_stays_empty(tmp_path: Path) -> None:
    locks = ProcessLocks(tmp_path / "deep" / "locks")
    for number in range(100):
        async with locks.held(f"{number:060x}"):
            pass
    assert (tmp_path / "deep" / "locks").stat().st_size == 0
