"""Every command over every file that it reads, broken in every way: an error that says what to do, no trace left."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.bad_arguments import BAD_LINES, OUTPUTS, WRITERS
from tests.faults.bad_files import CONTENTS, PLACES
from tests.faults.commands import COMMANDS
from tests.faults.conftest import Unco
from unco.cli import app

pytestmark = pytest.mark.slow

WAYS = (*CONTENTS, *PLACES)


def cases() -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """(command, file, ways to break it): all ways at the file's first command, a few at others."""
    seen = set[str]()
    for number, (name, command) in enumerate(COMMANDS.items()):
        for file in command.reads:
            yield name, file, WAYS[number % 9 :: 9] if file in seen else WAYS
            seen.add(file)


CASES = list(cases())
WRITING = dict.fromkeys(COMMANDS[name].line for name in WRITERS)
UNWRITABLE = [line.replace("--out out", f"--out {place}") for line in WRITING for place in OUTPUTS]


def registered() -> Iterator[str]:
    """Names of all commands and groups of commands."""
    for one in app.registered_commands:
        assert one.callback is not None
        yield one.name or one.callback.__name__
    for group in app.registered_groups:
        name = group.name or (group.typer_instance and group.typer_instance.info.name)
        assert isinstance(name, str)
        yield name


def test_there_are_more_than_five_hundred_and_every_command_has_some() -> None:
    lines = [*BAD_LINES, *UNWRITABLE]
    assert len(set(lines)) == len(lines)
    assert sum(len(ways) for _, _, ways in CASES) + len(lines) >= 1000
    words = " ".join((*lines, *(command.line for command in COMMANDS.values()))).split()
    there = {name.replace("_", "-") for name in registered()}
    assert there - {"graph", "doctor"} <= set(words), "these two take no input"


@pytest.mark.parametrize(("name", "file", "ways"), CASES, ids=[f"{name}: {file}" for name, file, _ in CASES])
def test_a_broken_file_is_named(name: str, file: str, ways: tuple[str, ...], folder: Path, unco: Unco) -> None:
    command, faults = COMMANDS[name], []
    usual = None if command.slow else unco(command.line)
    clean(folder)
    for way in ways:
        with broken(folder / file, way):
            ended = unco(command.line)
        tolerated = ended.code == 0 and ({way, "*"} & set(command.tolerates))
        if fault := ended.disorder if tolerated else ended.fault:
            faults.append(f"{way}: {fault}: {ended.err[-300:]}")
        clean(folder)
    assert not faults
    if usual is not None:
        again = unco(command.line)
        assert (usual.code, again.code) == (command.code, command.code), again.err
        assert usual.out == again.out
    clean(folder)


@pytest.mark.parametrize("start", range(10))
def test_arguments_that_cannot_be_right_are_refused(start: int, folder: Path, unco: Unco) -> None:
    faults = []
    for line in BAD_LINES[start::10]:
        ended = unco(line)
        if ended.fault:
            faults.append(f"{line[:200]}: {ended.fault}: {ended.err[-300:]}")
        clean(folder)
    assert not faults


def test_what_cannot_be_written_is_said(folder: Path, unco: Unco) -> None:
    faults = []
    for line in UNWRITABLE:
        ended = unco(line)
        if ended.fault:
            faults.append(f"{line[:200]}: {ended.fault}: {ended.err[-300:]}")
    assert not faults


@contextmanager
def broken(path: Path, way: str) -> Iterator[None]:
    """Something else in a file's place, for a while."""
    kept = path.with_name(f"out.kept.{path.name}")
    path.rename(kept)
    try:
        if way in CONTENTS:
            path.write_bytes(CONTENTS[way])
        else:
            PLACES[way](path)
        yield
    finally:
        remove(path)
        kept.rename(path)


def clean(folder: Path) -> None:
    """Remove what a command was to write."""
    for path in folder.glob("out*"):
        remove(path)


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
