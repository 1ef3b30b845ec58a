"""Standard streams that are full, closed or of another encoding: nothing is lost in silence, nothing is a traceback."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from unco.state import RESULT

pytestmark = pytest.mark.slow


def test_bytes_that_are_no_utf8_are_an_error_without_a_traceback() -> None:
    """In a process of its own, because Python turns them into half characters at its start."""
    code = "from unco.cli import main; main()"
    arguments = [b"extract", b"--mode", b"\xff\x1b[31mon", b"--text", b"a"]
    finished = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, check=False)
    assert (finished.returncode, finished.stdout) == (2, b"")
    assert b"Traceback" not in finished.stderr
    assert b"\x1b" not in finished.stderr
    assert b"choose one of off, live, record, replay" in finished.stderr


def _in_shell(line: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a line of the shell in which `unco` is the command."""
    command = shlex.join([sys.executable, "-c", "from unco.cli import main; main()"])
    return subprocess.run(
        ["sh", "-c", line.replace("unco", command)], capture_output=True, text=True, check=False,
        env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.parametrize("command", ["unco --version", "unco --help", "unco extract --mode off Oslo --json"])
@pytest.mark.parametrize(("where", "why"), [("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_an_output_that_would_be_lost_is_an_error(command: str, where: str, why: str) -> None:
    finished = _in_shell(f"{command} {where}")
    assert (finished.returncode, finished.stderr) == (3, f"error: standard output cannot be written: {why}\n")


def test_who_reads_no_further_is_told_nothing() -> None:
    finished = _in_shell("(sleep 1; unco --version; echo $? >&2) | true")
    assert finished.stderr == "1\n"


def test_a_file_takes_the_place_of_no_closed_stream(tmp_path: Path) -> None:
    posts, results = tmp_path / "posts.txt", tmp_path / "results.jsonl"
    posts.write_text("Ann Lee sings\n")
    finished = _in_shell(f"unco run {posts} --mode off --out {results} <&- >&- 2>&-")
    assert (finished.returncode, len(results.read_bytes().splitlines())) == (0, 1)
    assert _in_shell("unco extract --mode off '' 2>&-").returncode == 2
    assert _in_shell(f"unco run {posts} --mode off --out - <&- >&- 2>&-").returncode == 3


def test_a_terminal_without_a_width_shows_a_result() -> None:
    assert "Oslo" in _in_shell("unco extract --mode off Oslo", COLUMNS="0", LINES="0").stdout


def test_words_of_a_command_are_utf_8_whatever_the_locale_says() -> None:
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    finished = _in_shell("unco extract --mode off --json --caption 'Malm\u00f6' 'Beyonc\u00e9 sings'", **locale)
    assert RESULT.validate_json(finished.stdout).text == "Beyonc\u00e9 sings"
