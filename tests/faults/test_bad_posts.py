"""Hundreds of bad posts in one corpus: a line with an error for each, the usual result for the good ones between."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bad_posts import ODD_TEXTS, WORDS, bad_posts, broken_lines, odd_posts
from tests.faults.conftest import Unco

pytestmark = pytest.mark.slow

GOOD = {"text": WORDS, "id": "good"}
BAD, ODD, BROKEN = bad_posts(), odd_posts(), broken_lines()


def corpus(path: Path) -> list[str]:
    """Bad, odd and good posts in turns; the names of their lines."""
    lines = [(name, json.dumps(post).encode()) for name, post in (BAD | ODD).items()] + list(BROKEN.items())
    names = list[str]()
    with path.open("wb") as file:
        for name, line in lines:
            for one, data in ((name, line), ("good", json.dumps(GOOD).encode())):
                names.append(one)
                file.write(data + b"\n")
    return names


def test_there_are_hundreds() -> None:
    assert len(BAD) + len(BROKEN) + len(ODD) >= 215


def test_one_corpus_of_them_all(folder: Path, unco: Unco, tmp_path: Path) -> None:
    posts, out = tmp_path / "posts.jsonl", tmp_path / "out.jsonl"
    wanted = corpus(posts)
    ended = unco(f"run {posts} --out {out} --checkpoint model --mode off --strict-pictures")
    assert (ended.code, ended.disorder) == (0, "")
    found = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert len(found) == len(wanted)
    usual = {said(line) for name, line in zip(wanted, found, strict=True) if name == "good"}
    assert len(usual) == 1, "the good ones are as if they were alone"
    for number, (name, line) in enumerate(zip(wanted, found, strict=True), start=1):
        if name in BAD or name in BROKEN:
            assert line["error"]["type"] in ("PostError", "PictureError"), (name, line)
            assert line["post"] == number
            assert 5 < len(line["error"]["message"]) < 3000, name
        else:
            assert "error" not in line, (name, line)
    lenient = unco(f"run {posts} --out {tmp_path / 'lenient'} --checkpoint model --mode off")
    assert (lenient.code, lenient.disorder) == (0, "")
    for before, line in zip(
        found, map(json.loads, (tmp_path / "lenient").read_text("utf-8").splitlines()), strict=True
    ):
        if before.get("error", {}).get("type") != "PictureError":
            assert line.get("error") == before.get("error")
        elif "error" in line:
            assert any(word in line["error"]["message"] for word in ("not allowed", "is not read", "user name")), line
        else:
            assert line["picture"]["state"] == "unusable"
            assert line["picture"]["detail"] == before["error"]["message"]
    again = unco(f"evaluate --predictions {out} --gold gold.jsonl")
    assert again.fault == "", "it names the first of them"


def said(line: dict[str, Any]) -> tuple[Any, ...]:
    """Entities of a result; sums in another order, in a batch of another size, move the last digits."""
    return tuple(
        (entity["text"], entity["type"], *(round(value, 3) for value in entity["uncertainty"].values()))
        for entity in line["entities"]
    )


@pytest.mark.parametrize("text", [text for text in ODD_TEXTS if "\0" not in text], ids=lambda text: ascii(text[:20]))
def test_odd_posts_on_the_terminal(text: str, folder: Path, unco: Unco) -> None:
    """As a table: nothing in them works the terminal."""
    ended = unco(f"extract --checkpoint model --mode off --text {shlex.quote(text)}")
    assert (ended.code, ended.disorder) == (0, "")


LINES: tuple[tuple[list[str], int], ...] = (
    (["extract", "--text", "Ann", "--checkpoint", "model", "--image", "none\x1b[2J.png", "--strict-pictures"], 2),
    (["extract", "--text", "Ann", "--checkpoint", "data"], 3),
    (["run", "none.jsonl", "--out", "out", "--predictions", "predictions.jsonl"], 2),
    (["run", "posts.jsonl", "--out", "/proc/none/out", "--predictions", "predictions.jsonl"], 3),
)


@pytest.mark.parametrize(("arguments", "code"), LINES)
def test_processes_of_their_own_end_with_the_documented_code(arguments: list[str], code: int, folder: Path) -> None:
    ended = subprocess.run([sys.executable, "-m", "unco.cli", *arguments], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (code, "")
    assert ended.stderr.startswith("error: ")
    assert ended.stderr.count("\n") == 1
    assert "\x1b" not in ended.stderr
