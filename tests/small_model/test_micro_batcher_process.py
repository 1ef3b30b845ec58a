"""The micro-batcher across a fork, and at the end of the interpreter."""

import os
import subprocess
import sys

import pytest

SCRIPT = """
import os, sys, threading
from unco.small_model.batching import Batching
from unco.small_model.micro_batcher import MicroBatcher
from unco.small_model.model_input import ModelInput
entered, gate = threading.Event(), threading.Event()
def predict(posts):
    if posts[0].words[0] == "slow":
        entered.set()
        gate.wait({slow})
    return [post.words[0] for post in posts]
batcher = MicroBatcher(predict, Batching(wait=0.0))
assert batcher(ModelInput(("before",))) == "before"
{then}
"""
FORK = """
batcher.submit(ModelInput(("slow",)))
entered.wait()
left = batcher.submit(ModelInput(("waits",)))
child = os.fork()
if child == 0:
    os._exit(0 if batcher(ModelInput(("child",))) == "child" and not left.done() else 1)
assert os.waitpid(child, 0)[1] == 0
gate.set()
assert left.result() == "waits"
"""
LEAVE = """
batcher.submit(ModelInput(("slow",)))
entered.wait()
left = batcher.submit(ModelInput(("waits",)))
left.add_done_callback(lambda done: print(done.exception()))
"""


def run_script(then: str, slow: float) -> str:
    code = SCRIPT.format(then=then, slow=slow)
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_worker_of_its_own() -> None:
    assert run_script(FORK, slow=30.0) == ""


def test_leaving_the_interpreter_does_not_hang() -> None:
    assert "closed while the post waited" in run_script(LEAVE, slow=0.2)
