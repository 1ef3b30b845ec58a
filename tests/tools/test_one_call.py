"""Equal questions are one call: fifty at once in a process, and two processes on one cache."""

import asyncio
import subprocess
import sys
from pathlib import Path

from openai_server import Step, serve

from unco.tools.cache import Cache
from unco.tools.llm import Mllm
from unco.tools.request import Request

REQUEST = Request(model="small-vl", system="You correct.", user="Oslo")

ASK = """
import sys
from unco.tools.cache import Cache
from unco.tools.llm import Mllm
from unco.tools.request import Request
mllm = Mllm(sys.argv[1], "small-vl", cache=Cache(sys.argv[2]))
mllm._connection.connected()
print("ready", flush=True)
sys.stdin.readline()
reply = mllm.ask(Request(model="small-vl", system="You correct.", user="Oslo"), "live")
print(reply.text, reply.cached, flush=True)
"""


async def test_fifty_at_once_are_one_call(tmp_path: Path):
    with serve() as server:
        server.script = [Step(after_s=0.3)]
        mllm = Mllm(server.url, "small-vl", cache=Cache(tmp_path))
        replies = await asyncio.gather(*(mllm.aask(REQUEST, "live") for _ in range(50)))
        assert server.calls == 1
        assert sum(not reply.cached for reply in replies) == 1


def test_two_processes_are_one_call(tmp_path: Path):
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
        said = [process.communicate(timeout=30)[0].split() for process in pair]
        assert server.calls == 1
        assert sorted(words[-1] for words in said) == ["False", "True"]
