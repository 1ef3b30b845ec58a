"""`unco` as a shell runs it, but in this process; and the folder of good files that it runs in."""

import os
import shlex
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from huggingface_hub import constants

from unco.cli import main
from unco.graph import default_graph
from unco.prompts import registry
from unco.small_model import checkpoint
from unco.tools.memory import file
from unco.tools.pictures import view

USAGE = ("Usage", "─ Error ─")
"""Signs of a message of the argument parser's own."""


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int | str | None
    out: str
    err: str

    @property
    def fault(self) -> str:
        """What is wrong with how it ended, given that its input was bad; empty = nothing."""
        lines = self.err.splitlines() or [""]
        if self.code not in (2, 3):
            return f"ended with {self.code}"
        told = lines[-1].startswith("error: ") or (
            self.code == 2 and any(sign in self.out + self.err for sign in USAGE)
        )
        if not told:
            return f"says nothing: {lines[-1]!r}"
        return self.disorder

    @property
    def disorder(self) -> str:
        """What may not be, whatever the input."""
        if self.code not in (0, 2, 3):
            return f"ended with {self.code}"
        if "Traceback" in self.err:
            return "a traceback"
        shown = self.out + self.err.replace("\r", "")  # a bar draws itself anew
        if any(char in shown for char in map(chr, (*range(9), *range(11, 32), *range(127, 160)))):
            return "a control character"
        return f"{len(self.err)} characters of error" if len(self.err) > 4000 else ""


Unco = Callable[[str], Ended]


@pytest.fixture(autouse=True)
def environment_as_before() -> Iterator[None]:
    """Put back what a command set for its own process: `unco serve` closes the server's pictures to its clients."""
    with patch.dict(os.environ):
        yield


@pytest.fixture
def folder(good_files: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of good files, as the current one; in the end there is in it what was in it."""
    monkeypatch.chdir(good_files)
    before = names(good_files)
    yield good_files
    assert names(good_files) == before


def names(folder: Path) -> set[str]:
    """Of all files but those that a command was to write, and a database's own."""
    found = {str(path.relative_to(folder)) for path in folder.rglob("*")}
    return {name for name in found if not name.startswith(("out", "cache/", "memory.db-"))}


@pytest.fixture
def unco(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Unco:
    """Run a line; whatever else it raises is how it ended."""
    monkeypatch.setenv("COLUMNS", "160")
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)  # else it tries again and again

    def run(line: str) -> Ended:
        forget()
        words = shlex.split(line)
        with monkeypatch.context() as own:
            while "=" in words[0]:
                own.setenv(*words.pop(0).split("=", 1))
            own.setattr(sys, "argv", ["unco", *words])
            try:
                main()
                code: int | str | None = "no exit"
            except SystemExit as ended:
                code = ended.code
            except Exception as error:
                code = f"{type(error).__name__}: {error}"
        return Ended(code, *capsys.readouterr())

    return run


def forget() -> None:
    """A process of its own would remember nothing."""
    for remembered in (default_graph, registry._load, checkpoint._load, checkpoint._read_network, file._open):
        remembered.cache_clear()
    view._kept.clear()
