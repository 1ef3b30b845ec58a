"""Files of questions: within a provider's limits, whole or not there, and nobody's answers lost."""

import os
from pathlib import Path

import pytest

from tests.corpus.question_lines import questions
from unco.corpus.batch.question_files import QuestionFiles, read_questions
from unco.errors import SettingsError, SetupError


def broken_off(folder: Path) -> None:
    with QuestionFiles(folder) as files:
        files.add("k9", {"model": "m"})
        _ = 1 / 0


def test_files_keep_to_the_limits_and_get_their_names_when_they_are_whole(tmp_path: Path) -> None:
    with QuestionFiles(tmp_path / "q", most_questions=2, most_bytes=400) as files:
        for number in range(3):
            files.add(f"k{number}", {"model": "m"})
        files.add("long", {"model": "m", "messages": "x" * 300})
    assert [len(questions(path)) for path in files.written] == [2, 1, 1]
    with pytest.raises(ZeroDivisionError):
        broken_off(tmp_path / "q")
    assert read_questions(tmp_path / "q") == {"k0": "m", "k1": "m", "k2": "m", "long": "m"}
    with QuestionFiles(tmp_path / "q") as files:
        files.add("k9", {"model": "m"})
    assert [path.name for path in files.written] == ["0004.jsonl"]
    with pytest.raises(SetupError, match="cannot be written"), QuestionFiles(tmp_path / "q" / "0001.jsonl") as files:
        files.add("k", {"model": "m"})


def test_a_file_that_was_taken_away_does_not_give_its_name_to_another(tmp_path: Path) -> None:
    for key in "abc":
        with QuestionFiles(tmp_path) as files:
            files.add(key, {"model": "m"})
    (tmp_path / "0001.jsonl").unlink()
    with QuestionFiles(tmp_path) as files:
        files.add("d", {"model": "m"})
    assert [path.name for path in files.written] == ["0004.jsonl"]
    assert read_questions(tmp_path).keys() == {"b", "c", "d"}


def test_a_folder_is_its_owner_s_and_one_export_s_at_a_time(tmp_path: Path) -> None:
    ready, done = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:  # another process: locks do not exclude within one
        with QuestionFiles(tmp_path / "q") as files:
            files.add("a", {"model": "m"})
            os.write(ready[1], b"x")
            os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    with pytest.raises(SettingsError, match="another export writes into"):
        QuestionFiles(tmp_path / "q").__enter__()
    os.write(done[1], b"x")
    assert os.waitpid(child, 0)[1] == 0
    assert (tmp_path / "q").stat().st_mode & 0o777 == 0o700
    assert read_questions(tmp_path / "q") == {"a": "m"}


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuestionFiles, "_unfinished", lambda self: Path("/dev/full"))
    with pytest.raises(SetupError, match="cannot be written: No space left on device: make room, then export again"):
        fill(tmp_path)


def fill(folder: Path) -> None:
    with QuestionFiles(folder) as files:
        for number in range(3000):
            files.add(str(number), {"model": "m"})
