"""Runs `unco` in this process, as the shell would."""

import sys
from collections.abc import Callable

import pytest

from unco.cli import main

Run = Callable[..., tuple[int, str, str]]
"""Runs a command with arguments: exit code, output and errors."""


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run `unco` with these arguments; return the exit code."""
    monkeypatch.setattr(sys, "argv", ["unco", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    assert isinstance(ended.value.code, int)
    return ended.value.code
