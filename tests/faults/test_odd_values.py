"""One odd value at any place of any JSON file is that line's error, never a traceback."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest

from tests.faults.commands import COMMANDS
from tests.faults.conftest import Unco
from tests.faults.test_bad_files import clean

pytestmark = pytest.mark.slow

ODD: tuple[Any, ...] = ("\ud800", float("nan"), 10**400, "\0")
CASES = [
    (name, file)
    for name, command in COMMANDS.items()
    for file in command.reads
    if file.endswith((".json", ".jsonl")) and not file.startswith("model/")
]
"""A checkpoint's own files are the model's, and take long to read."""


def places(value: Any) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value inside another; of a list the first item's alone."""
    inner: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(value, dict):
        inner = iter(value.items())
    elif isinstance(value, list):
        inner = iter(list(enumerate(value))[:1])
    for key, item in inner:
        yield (key,)
        yield from ((key, *rest) for rest in places(item))


def put(value: Any, place: tuple[Any, ...], odd: Any) -> Any:
    """Return a copy with another value at a place."""
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = odd
    return copy


@pytest.mark.parametrize(("name", "file"), CASES, ids=[f"{name}: {file}" for name, file in CASES])
def test_an_odd_value_is_an_error_of_its_line(name: str, file: str, folder: Path, unco: Unco) -> None:
    path, faults = folder / file, []
    good = path.read_text("utf-8")
    whole = file.endswith(".json")
    first = json.loads(good if whole else good.splitlines()[0])
    rest = "" if whole else good.partition("\n")[2]
    try:
        for place, odd in zip(places(first), cycle(ODD)):  # each place one of them: a run takes a while
            path.write_text(json.dumps(put(first, place, odd)) + "\n" + rest, "utf-8")
            ended = unco(COMMANDS[name].line)
            if fault := ended.fault if ended.code else ended.disorder:
                faults.append(f"{place} = {str(odd)[:9]!a}: {fault}: {ended.err[-200:]!a}")
            clean(folder)
    finally:
        path.write_text(good, "utf-8")
    assert not faults, "\n".join(faults)
