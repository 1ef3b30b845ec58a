"""The programs in `examples` do what they say; the one with a review is tested in `graph/test_review_around.py`."""

import ast
import json
import os
import runpy
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import kind, span
from tests.tools.llm.openai_server import Step, completion, serve

TEXT = "Eileen Collins flew for NASA"
EXAMPLES = Path(__file__).parents[1] / "examples"

pytestmark = pytest.mark.slow


def example(name: str, **run: Any) -> dict[str, Any]:
    return runpy.run_path(str(EXAMPLES / name), **run)


@pytest.fixture(autouse=True)
def no_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["example"])


def test_it_is_a_part_of_a_chat(capsys: pytest.CaptureFixture[str]) -> None:
    example("part_of_a_chat.py", run_name="__main__")
    first, second = capsys.readouterr().out.splitlines()
    assert first == "I see Eileen Collins (PER), NASA (ORG) (2 messages)"
    assert "Elmira (LOC)" in second
    assert "(4 messages)" in second


def test_an_agent_has_it_as_tools(capsys: pytest.CaptureFixture[str]) -> None:
    example("agent_with_tools.py", run_name="__main__")
    printed = capsys.readouterr().out
    assert "extract_entities(text, image, regions, caption, id, near_misses): Finds the named entities" in printed
    for tool in ("extract_entities", "find_entities"):
        [answer] = [line for line in printed.splitlines() if line.startswith(f"{tool}: ")]
        assert TEXT in answer
    assert printed.splitlines()[-1] == "Eileen Collins, and NASA."


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """The second question is never answered; the other process asks it again, and only it."""
    with serve() as server:
        server.script = [Step(completion(span("Oslo"))), Step(after_s=600.0)]
        first = started(server.url, tmp_path, "1")
        until = time.monotonic() + 300
        while server.calls < 2 and first.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        first.kill()
        assert first.communicate()[0] == "begins\n"
        assert server.calls == 2
        server.answer = lambda: Step(completion(kind("ORG")))
        output = started(server.url, tmp_path, "2").communicate(timeout=300)[0]
        assert server.calls == 3
    assert output == "goes on\nOslo ORG ['span kept', 'type changed', 'region skipped']\n"


def started(url: str, folder: Path, cache: str) -> "subprocess.Popen[str]":
    """Start the example; each process has a cache of its own, so that only the checkpoint can know an answer."""
    settings = {"UNCO_LLM_BASE_URL": url, "UNCO_LLM_MODEL": "authored-test", "UNCO_CACHE_DIR": str(folder / cache)}
    return subprocess.Popen(
        [sys.executable, str(EXAMPLES / "killed_and_resumed.py"), "Oslo is cold"],
        cwd=folder,
        env=os.environ | settings | {"PYTHONPATH": str(EXAMPLES.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("notebook", sorted(EXAMPLES.glob("*.ipynb")), ids=lambda path: path.name)
async def test_a_notebook_runs_from_top_to_bottom(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Cell after cell inside a running event loop, as Jupyter runs them; it is kept without outputs."""
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path))
    monkeypatch.chdir(EXAMPLES)
    names: dict[str, Any] = {}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            code = compile("".join(cell["source"]), notebook.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if (waiting := eval(code, names)) is not None:
                await waiting
    if notebook.stem == "first_look":
        assert any(note.outcome == "changed" for one in names["corrected"].entities for note in one.corrections)
    else:
        assert names["alarm"].by[0] == "capitals"
