"""A file of lines that processes share holds whole ones only, whatever disk and processes do."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from unco.errors import RecordingMiss, SetupError
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request
from unco.tools.whole_lines import append_line, is_half

BEGINS = b'{"n":'
FIRST = b'{"n": 1, "text": "\xc3\xa4"}\n'
SECOND = b'{"n": 2}\n'
REQUEST = Request(model="small-vl", system="You correct.", user="A concert in Oslo 🚀", prompt="span/v1")
REPLY = Reply(text="{}", finish_reason="stop", model="served")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lines.jsonl"


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as a full disk would: a write is cut off there, the next one fails."""
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_lines_are_appended_to_a_file_that_is_made(tmp_path: Path) -> None:
    path = tmp_path / "new" / "lines.jsonl"
    for line in (FIRST, SECOND):
        append_line(path, line, BEGINS, 0o600)
    assert path.read_bytes() == FIRST + SECOND
    assert os.name == "nt" or path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("room", range(len(FIRST), len(FIRST + SECOND)))
def test_what_a_full_disk_left_is_taken_back_at_once(path: Path, room: int) -> None:
    append_line(path, FIRST, BEGINS)
    with room_for(room), pytest.raises(OSError, match=r"\[Errno"):
        append_line(path, SECOND, BEGINS)
    assert path.read_bytes() == FIRST
    append_line(path, SECOND, BEGINS)
    assert path.read_bytes() == FIRST + SECOND


@pytest.mark.parametrize("cut", range(1, len(FIRST) - 1))
def test_half_a_line_of_one_that_died_is_cut_off_by_the_next(path: Path, cut: int) -> None:
    path.write_bytes(SECOND + FIRST[:cut])
    append_line(path, FIRST, BEGINS)
    assert path.read_bytes() == SECOND + FIRST


@pytest.mark.parametrize("half", [b"\0" * 100, FIRST[:8] + b"\0" * 4096, b'{"n": ["' + b"x" * 200_000])
def test_so_are_zeros_of_a_power_cut_and_a_long_one(path: Path, half: bytes) -> None:
    path.write_bytes(SECOND + half)
    append_line(path, FIRST, BEGINS)
    assert path.read_bytes() == SECOND + FIRST


@pytest.mark.parametrize("other", [SECOND[:-1], b"a note of mine", b'{"m": 7'])
def test_what_is_not_half_a_line_of_ours_stays_and_gets_an_end(path: Path, other: bytes) -> None:
    path.write_bytes(FIRST + other)
    assert not is_half(other, BEGINS)
    append_line(path, SECOND, BEGINS)
    assert path.read_bytes() == FIRST + other + b"\n" + SECOND


def test_a_recording_serves_what_was_written_before_a_full_disk_and_after_it(path: Path) -> None:
    recording = Recording(path)
    recording.add(REQUEST, REPLY)
    other, third = (Request(model="small-vl", system="You correct.", user=city) for city in ("Bergen", "Tromsø"))
    with room_for(path.stat().st_size + 40), pytest.raises(SetupError, match="cannot be written"):
        recording.add(other, REPLY)
    with pytest.raises(RecordingMiss):  # what was not written is not served either
        recording.find(other)
    recording.add(third, REPLY)
    again = Recording(path)
    assert [again.find(request).text for request in (REQUEST, third)] == ["{}", "{}"]
    assert [json.loads(line)["request"]["user"] for line in path.read_bytes().splitlines()] == [REQUEST.user, "Tromsø"]


def test_half_a_last_line_of_a_recording_is_left_out_and_the_rest_serves(path: Path) -> None:
    Recording(path).add(REQUEST, REPLY)
    whole = path.read_bytes()
    for cut in (1, 5, whole.index("🚀".encode()) + 2, len(whole) - 2):
        path.write_bytes(whole + whole[:cut])
        assert Recording(path).find(REQUEST).text == "{}"
        assert path.read_bytes() == whole + whole[:cut]  # who only reads changes nothing
        Recording(path).add(REQUEST, REPLY)
        assert path.read_bytes() == whole + whole


def test_an_egress_log_holds_whole_lines_only(path: Path) -> None:
    log = EgressLog(path)
    log.write("http://mllm.example/v1", REQUEST)
    before = path.read_bytes()
    with room_for(len(before) + 100), pytest.raises(SetupError, match="so nothing is sent"):
        log.write("http://mllm.example/v1", REQUEST)
    assert path.read_bytes() == before
    path.write_bytes(before + before[:50])
    log.write("http://mllm.example/v1", REQUEST)
    assert [json.loads(line)["host"] for line in path.read_bytes().splitlines()] == ["mllm.example"] * 2


@pytest.mark.slow
def test_processes_and_kills_leave_whole_lines(path: Path) -> None:
    """Four processes append long lines, one of them is killed again and again."""
    code = f"""
import sys
from pathlib import Path
from unco.tools.whole_lines import append_line
for number in range(int(sys.argv[1])):
    append_line(Path({str(path)!r}), b'{{"n": "' + sys.argv[2].encode() * 100_000 + b'"}}\\n', {BEGINS!r})
"""
    others = [subprocess.Popen([sys.executable, "-c", code, "100", letter]) for letter in "abc"]
    for _ in range(8):
        killed = subprocess.Popen([sys.executable, "-c", code, "100000", "d"])
        with pytest.raises(subprocess.TimeoutExpired):
            killed.wait(0.3)
        killed.kill()
        killed.wait()
    assert [other.wait() for other in others] == [0, 0, 0]
    append_line(path, SECOND, BEGINS)
    found = [json.loads(line)["n"] for line in path.read_bytes().splitlines()]
    assert all(found.count(letter * 100_000) == 100 for letter in "abc")
