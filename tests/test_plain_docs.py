"""README and docs are in plain English, name the commands that there are, and their made pages are current.

What is counted is prose: no blocks of code, no headings, no targets of links. Cells of tables are counted for the
length of their sentences, not for the reading ease. Code within a sentence counts as one word. For the reading ease,
code and numbers are left out.
"""

import re
import runpy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from unco.cli import app

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST_WORDS, LEAST_EASE = 35, 50.0
"""Words of a sentence; Flesch reading ease of a page (60 to 70 is plain English, below 50 is difficult)."""

CODE = "0"
"""Stands for a piece of code: a word without letters."""

OTHERS = {"--build-arg", "--read-only", "--texts", "--unco-record"}
"""Options of other programs that the docs name by themselves: of a benchmark, of pytest."""

BUILD = runpy.run_path(str(ROOT / "docs" / "build_pages.py"))


def without_code(page: str) -> str:
    return re.sub(r"^ *```.*?^ *```$", "\n", page, flags=re.DOTALL | re.MULTILINE)


def cells(page: str) -> str:
    """Give the cells of all tables of a page as paragraphs of a page of their own."""
    rows = re.findall(r"^\|(.*)\|$", re.sub(r"`[^`\n]+`", CODE, without_code(page)), re.MULTILINE)
    return "\n\n".join(cell.strip() for row in rows for cell in row.split("|"))


def paragraphs(page: str) -> list[str]:
    """Give the prose of a page, paragraph by paragraph; an item of a list is one."""
    text = without_code(page)
    text = re.sub(r"^(\||#|<).*$", "\n", text, flags=re.MULTILINE)
    text = re.sub(r"!\[[^\]]*\]\([^)]*\)", "", text)
    text = re.sub(r"`[^`]+`", CODE, text)
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
    parts = re.split(r"\n\s*\n|\n(?= *(?:[-*]|\d+\.) )", text.replace("**", ""))
    return [re.sub(r"^([-*]|\d+\.) ", "", " ".join(part.split())) for part in parts if part.strip()]


def sentences(page: str) -> list[str]:
    return [part for text in paragraphs(page) for part in re.split(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]*[A-Z0-9])", text)]


def words(sentence: str) -> list[str]:
    return re.findall(r"[^\W_][\w'’.,%]*", sentence)


def syllables(word: str) -> int:
    """Estimate how many syllables an English word has."""
    letters = re.sub(r"[^a-z]", "", word.lower())
    letters = re.sub(r"(?<=[^aeiouy])e$|(?<=[^aeioutd])ed$|(?<=[^aeiouscxzgh])es$", "", letters)
    letters += "e" if re.search(r"[^aeiouy]l$", letters) and word.lower().endswith("le") else ""
    return max(1, len(re.findall(r"[aeiouy]+", letters)))


def ease(page: str) -> float:
    """Return the Flesch reading ease."""
    said = sentences(page)
    every = [word for sentence in said for word in words(sentence) if re.search("[A-Za-z]", word)]
    return 206.835 - 1.015 * len(every) / len(said) - 84.6 * sum(map(syllables, every)) / len(every)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_is_plain_english(page: Path) -> None:
    text = page.read_text("utf-8")
    every = sentences(text) + sentences(cells(text))
    long = [sentence for sentence in every if len(words(sentence)) > MOST_WORDS]
    assert long == [], f"more than {MOST_WORDS} words"
    assert ease(text) >= LEAST_EASE


def test_counting() -> None:
    assert [syllables(word) for word in ("post", "picture", "table", "uncertainty", "used", "wanted", "names")] == [
        1, 2, 2, 4, 1, 2, 1,
    ]  # fmt: skip
    page = "# Long heading of many words\n\nOne `unco run`. Two\n[here](x.md)!\n\n| a. | b. |\n\n- three\n- four\n"
    assert sentences(page) == ["One 0.", "Two here!", "three", "four"]
    assert sentences(cells(page)) == ["a.", "b."]


@cache
def commands() -> dict[str, Any]:
    found: dict[str, Any] = BUILD["tree"](typer.main.get_command(app))
    return found


def option_names(path: str) -> set[str]:
    return {*BUILD["options"](commands()[path]), "--help"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_calls_is_there(page: Path) -> None:
    text = page.read_text("utf-8").replace("\\\n", " ")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    lines = [line for language, block in blocks if language in ("", "bash") for line in block.splitlines()]
    text = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    every = {name for path in commands() for name in option_names(path)} | {"--version"} | OTHERS
    for called in re.findall(r"\bunco [a-z][^|#\n]*", "\n".join([*lines, *re.findall(r"`([^`\n]+)`", text)])):
        path = " ".join(called.split()[:2])
        path = path if path in commands() else " ".join(called.split()[:3])
        if any(known.startswith(f"{path} ") for known in commands()):
            continue
        assert path in commands(), f"{page.name}: {called}"
        unknown = set(re.findall(r"(?<![\w-])--[a-z][\w-]*", called)) - option_names(path)
        assert unknown == set(), f"{page.name}: {called}"
    assert set(re.findall(r"`(--[a-z][\w-]*)[^`\n]*`", text)) <= every


@pytest.mark.parametrize("name", BUILD["pages"]())
def test_a_made_page_is_current(name: str) -> None:
    assert (ROOT / "docs" / name).read_text("utf-8") == BUILD["pages"]()[name], "run `make pages`"


def test_every_command_and_option_is_in_the_docs() -> None:
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for path in commands():
        assert f"\n## {path}\n" in page
        section = page.partition(f"\n## {path}\n")[2].partition("\n## ")[0]
        assert all(f"`{name}`" in section for name in option_names(path) - {"--help"}), path
