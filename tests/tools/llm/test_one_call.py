"""Equal questions are one call: fifty at once in a process, and two processes on one cache."""

import asyncio
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.tools.llm.cache.lock_holder import holder
from tests.tools.llm.openai_server import ANSWER, Step, serve
from unco.errors import CallFailed, Unavailable
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Purpose, Request

REQUEST = Request(model="small-vl", system="You correct.", user="Oslo")

ASK = """
import sys
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request
mllm = Mllm(sys.argv[1], "small-vl", cache=Cache(sys.argv[2]))
mllm._connection.get_client()
print("ready", flush=True)
sys.stdin.readline()
reply = mllm.ask(Request(model="small-vl", system="You correct.", user="Oslo"), "live")
print(reply.text, reply.cached, flush=True)
"""


async def test_fifty_at_once_are_one_call(tmp_path: Path) -> None:
    with serve() as server:
        server.script = [Step(after_s=0.3)]
        mllm = Mllm(server.url, "small-vl", cache=Cache(tmp_path))
        replies = await asyncio.gather(*(mllm.aask(REQUEST, "live") for _ in range(50)))
        assert server.calls == 1
        assert sum(not reply.cached for reply in replies) == 1


@pytest.mark.slow
def test_two_processes_are_one_call(tmp_path: Path) -> None:
    with serve() as server:
        server.script = [Step(after_s=1.0)]
        command = [sys.executable, "-c", ASK, server.url, str(tmp_path)]
        pair = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
            for _ in range(2)
        ]
        for process in pair:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in pair:
            assert process.stdin is not None
            process.stdin.write("go\n")
        outputs = [process.communicate(timeout=30)[0].split() for process in pair]
        assert server.calls == 1
        assert sorted(output[-1] for output in outputs) == ["False", "True"]


async def test_two_clients_on_one_cache_are_one_call(tmp_path: Path) -> None:
    with serve() as server:
        server.script = [Step(after_s=0.3)]
        pair = [Mllm(server.url, "small-vl", cache=Cache(tmp_path)) for _ in range(2)]
        replies = await asyncio.gather(*(mllm.aask(REQUEST, "live") for mllm in pair))
        assert server.calls == 1
        assert sorted(reply.cached for reply in replies) == [False, True]


async def test_one_posts_deadline_is_not_anothers(tmp_path: Path) -> None:
    with serve() as server:
        server.script = [Step(after_s=1.0)]
        mllm = Mllm(server.url, "small-vl", cache=Cache(tmp_path))
        await asyncio.to_thread(mllm._connection.get_client)
        hasty = replace(REQUEST, purpose=Purpose(deadline=time.time() + 0.6))
        leader = asyncio.create_task(mllm.aask(hasty, "live"))
        while not server.calls:
            await asyncio.sleep(0.01)
        patient = asyncio.create_task(mllm.aask(REQUEST, "live"))
        with pytest.raises(CallFailed):
            await leader
        assert (await patient).text == ANSWER


@pytest.mark.parametrize("sync", [True, False])
async def test_who_waits_for_another_waits_no_longer_than_its_own_deadline(tmp_path: Path, sync: bool) -> None:
    with serve() as server:
        server.script = [Step(after_s=1.0)]
        mllm = Mllm(server.url, "small-vl", cache=Cache(tmp_path))
        await asyncio.to_thread(mllm._connection.get_client)
        leader = asyncio.create_task(mllm.aask(REQUEST, "live"))
        await asyncio.sleep(0.1)
        hasty, start = replace(REQUEST, purpose=Purpose(deadline=time.time() + 0.2)), time.monotonic()
        with pytest.raises(Unavailable, match="equal question was under way"):
            await (asyncio.to_thread(mllm.ask, hasty, "live") if sync else mllm.aask(hasty, "live"))
        assert time.monotonic() - start < 0.8
        await leader


def test_a_byte_that_another_process_holds_is_waited_for_until_the_deadline(tmp_path: Path) -> None:
    mllm = Mllm("http://127.0.0.1:9/v1", "small-vl", cache=Cache(tmp_path), deadline_s=0.3)
    process = holder(tmp_path / "locks", mllm._key(REQUEST, "live"))
    try:
        with pytest.raises(Unavailable, match="another process was asking the same"):
            mllm.ask(REQUEST, "live")
    finally:
        process.kill()
        process.communicate()


def test_without_a_lock_file_questions_are_asked_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    with serve() as server:
        assert Mllm(server.url, "small-vl", cache=Cache(tmp_path)).ask(REQUEST, "live").text == ANSWER


FORK = """
import asyncio, os, sys, threading, time
from unco.tools.llm.cache.single_flight import SingleFlight
flights = SingleFlight()
async def seven():
    return 7
threading.Thread(target=asyncio.run, args=(flights.run("k", lambda: asyncio.sleep(2)),), daemon=True).start()
time.sleep(0.2)
child = os.fork()
if child == 0:
    os._exit(0 if asyncio.run(flights.run("k", seven)) == (7, True) else 1)
for _ in range(40):
    done, status = os.waitpid(child, os.WNOHANG)
    if done:
        sys.exit(os.waitstatus_to_exitcode(status))
    time.sleep(0.05)
os.kill(child, 9)
sys.exit(3)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_child_waits_for_nobody_of_its_parent() -> None:
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], timeout=30).returncode == 0
