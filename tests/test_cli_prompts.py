"""`unco prompts`: list, show, compare and lock."""

import sys
from pathlib import Path

import pytest

from tests.command_line import Run
from unco.cli import guarded
from unco.cli.app import app
from unco.prompts import available_prompts, registry

DRAFT = """\
name: span
version: mine
answer: span
picture: false
changelog: A draft [of mine].
system: Correct it. Above $threshold, take care.
user: <post>$text</post> <entity>$entity</entity> $uncertainty
"""


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Exit code, output and errors of `unco prompts` with arguments."""

    def command(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["unco", "prompts", *arguments])
        code = guarded(lambda: app(standalone_mode=False))
        return code, *capsys.readouterr()

    monkeypatch.setenv("COLUMNS", "200")
    return command


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One draft of the user's own."""
    (tmp_path / "span").mkdir()
    (tmp_path / "span" / "mine.yaml").write_text(DRAFT, encoding="utf-8")
    monkeypatch.setenv("UNCO_PROMPTS", str(tmp_path))
    return tmp_path


def row(table: str, prompt_id: str) -> list[str]:
    (line,) = [line for line in table.splitlines() if f"│{prompt_id} " in line]
    return [cell.strip() for cell in line.strip("│").split("│")]


def test_list_names_every_prompt(run: Run, own: Path) -> None:
    code, out, _ = run("list")
    assert code == 0
    assert all(f"│{found} " in out for found in available_prompts())
    assert row(out, "span/v1")[1:4] == ["span", "no", "yes"]
    assert row(out, "region/v2")[1:4] == ["candidate", "marked", "yes"]
    assert row(out, "span/mine")[1:] == ["span", "no", "no", "A draft [of mine]."]


def test_list_tells_what_has_changed(run: Run, own: Path) -> None:
    run("lock")
    (own / "span" / "mine.yaml").write_text(DRAFT + "leaves_out: []\n", encoding="utf-8")
    assert row(run("list")[1], "span/mine")[3] == "CHANGED"


def test_show_prints_the_file(run: Run) -> None:
    assert run("show", "type/v1")[1] == (registry.FOLDER / "type/v1.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("prompt_id", available_prompts())
def test_show_fills_in_an_invented_example(run: Run, prompt_id: str) -> None:
    code, out, _ = run("show", prompt_id, "--rendered")
    assert code == 0
    assert "an invented example" in out
    assert "Mia Lindqvist plays" in out
    assert "$text" not in out


def test_diff_is_a_unified_diff(run: Run) -> None:
    code, out, _ = run("diff", "region/v1", "region/v1-no-unc")
    assert code == 0
    assert out.startswith("--- region/v1.yaml\n+++ region/v1-no-unc.yaml\n@@")
    assert "-  Uncertainty of this box: $uncertainty" in out
    assert run("diff", "region/v1", "region/v1")[1] == ""


@pytest.mark.parametrize("arguments", [("show", "span/v9"), ("diff", "span/v1", "v2"), ("show", "../locked")])
def test_an_unknown_prompt_is_one_line(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: there is no prompt")
    assert "span/v1" in err


def test_lock_says_what_it_locked_and_refuses_what_changed(run: Run, own: Path) -> None:
    assert run("lock")[:2] == (0, "locked span/mine\n")
    assert run("lock")[:2] == (0, "")
    (own / "span" / "mine.yaml").write_text(DRAFT + "leaves_out: []\n", encoding="utf-8")
    code, _, err = run("lock")
    assert code == 2
    assert "make a new version instead" in err
