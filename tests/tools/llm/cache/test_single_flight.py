"""One call for equal questions, whoever asks; and nobody hangs, or fails for another's cancellation."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from unco.tools.llm.cache.single_flight import SingleFlight


class Counter:
    """Counts calls, each of which takes a while."""

    def __init__(self) -> None:
        self.calls = 0
        self._lock = threading.Lock()

    async def call(self) -> int:
        with self._lock:
            self.calls += 1
            number = self.calls
        await asyncio.sleep(0.2)
        return number


def run_in_a_new_loop(flights: SingleFlight[int], call: Callable[[], Awaitable[int]]) -> tuple[int, bool]:
    """Run a call as a thread without an event loop does."""
    return asyncio.run(flights.run("k", call))


def test_threads_make_one_call() -> None:
    flights, counter = SingleFlight[int](), Counter()
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda _: run_in_a_new_loop(flights, counter.call), range(5)))
    assert sorted(results) == [(1, False)] * 4 + [(1, True)]


async def test_tasks_make_one_call() -> None:
    flights, counter = SingleFlight[int](), Counter()
    results = await asyncio.gather(*(flights.run("k", counter.call) for _ in range(5)))
    assert sorted(results) == [(1, False)] * 4 + [(1, True)]


async def test_a_thread_and_a_task_make_one_call() -> None:
    flights, counter = SingleFlight[int](), Counter()
    thread = asyncio.create_task(asyncio.to_thread(run_in_a_new_loop, flights, counter.call))
    await asyncio.sleep(0.05)
    assert await flights.run("k", counter.call) == (1, False)
    assert await thread == (1, True)
    task = asyncio.create_task(flights.run("k", counter.call))
    await asyncio.sleep(0.05)
    assert await asyncio.to_thread(run_in_a_new_loop, flights, counter.call) == (2, False)
    assert await task == (2, True)


async def test_other_keys_and_later_questions_are_calls_of_their_own() -> None:
    flights, counter = SingleFlight[int](), Counter()
    await asyncio.gather(flights.run("a", counter.call), flights.run("b", counter.call))
    await flights.run("a", counter.call)
    assert counter.calls == 3
    assert flights._flights == {}


async def test_a_cancelled_leader_hands_over() -> None:
    flights, counter = SingleFlight[int](), Counter()
    leader = asyncio.create_task(flights.run("k", counter.call))
    await asyncio.sleep(0.05)
    followers = [asyncio.create_task(flights.run("k", counter.call)) for _ in range(3)]
    await asyncio.sleep(0.05)
    leader.cancel()
    results = await asyncio.gather(*followers)
    assert sorted(results) == [(2, False), (2, False), (2, True)]
    assert leader.cancelled()


async def test_a_cancelled_task_hands_over_to_a_thread() -> None:
    flights, counter = SingleFlight[int](), Counter()
    leader = asyncio.create_task(flights.run("k", counter.call))
    await asyncio.sleep(0.05)
    follower = asyncio.create_task(asyncio.to_thread(run_in_a_new_loop, flights, counter.call))
    await asyncio.sleep(0.05)
    leader.cancel()
    assert await follower == (2, True)


async def test_a_cancelled_follower_disturbs_nobody() -> None:
    flights, counter = SingleFlight[int](), Counter()
    leader, follower, other = (asyncio.create_task(flights.run("k", counter.call)) for _ in range(3))
    await asyncio.sleep(0.05)
    follower.cancel()
    assert list(await asyncio.gather(leader, other)) == [(1, True), (1, False)]
    assert follower.cancelled()


async def test_an_exception_goes_to_all_and_is_not_remembered() -> None:
    flights, counter = SingleFlight[int](), Counter()

    async def fail() -> int:
        await counter.call()
        raise OSError("down")

    results = await asyncio.gather(*(flights.run("k", fail) for _ in range(3)), return_exceptions=True)
    assert [str(result) for result in results] == ["down"] * 3
    assert counter.calls == 1
    assert await flights.run("k", counter.call) == (2, True)


def test_an_exception_in_a_thread_goes_to_all() -> None:
    flights = SingleFlight[int]()

    async def fail() -> int:
        await asyncio.sleep(0.2)
        raise OSError("down")

    def expect_failure(_: int) -> str:
        with pytest.raises(OSError, match="down"):
            run_in_a_new_loop(flights, fail)
        return "raised"

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(expect_failure, range(3))) == ["raised"] * 3


async def test_a_leader_whose_loop_is_blocked_is_not_waited_for() -> None:
    """As where a program within a loop waits for threads, and one of them for a task of this loop."""
    flights, counter = SingleFlight[int](patience_s=0.05), Counter()
    leader = asyncio.create_task(flights.run("k", counter.call))
    await asyncio.sleep(0.05)
    with ThreadPoolExecutor(2) as pool:
        others = list(pool.map(lambda _: run_in_a_new_loop(flights, counter.call), range(2)))
    assert sorted(others) == [(2, False), (2, True)]
    assert await leader == (1, True)
    assert flights._flights == {}


def test_a_leader_whose_loop_was_stopped_is_not_waited_for() -> None:
    """As after `loop.run_until_complete`, which leaves the other tasks where they are."""
    flights, counter = SingleFlight[int](), Counter()
    loop = asyncio.new_event_loop()
    leader = loop.create_task(flights.run("k", counter.call))
    loop.run_until_complete(asyncio.sleep(0.05))
    assert run_in_a_new_loop(flights, counter.call) == (2, True)
    assert loop.run_until_complete(leader) == (1, True)
    loop.close()


async def test_a_slow_leader_is_waited_for() -> None:
    flights, counter = SingleFlight[int](patience_s=0.02), Counter()
    thread = asyncio.create_task(asyncio.to_thread(run_in_a_new_loop, flights, counter.call))
    await asyncio.sleep(0.05)
    assert await asyncio.gather(*(flights.run("k", counter.call) for _ in range(2))) == [(1, False)] * 2
    assert await thread == (1, True)
