"""The output file: a line for each post in the posts' order, so that a run that broke off goes on where it ended.

Beside it stands `<output>.run.json`, what the run was started with; another run does not go on in its file.
"""

import json
import logging
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

from unco.corpus.replaced_lines import LineReplacer, Write
from unco.errors import SettingsError, SetupError
from unco.state import read_result
from unco.tools.llm.cache.process_locks import lock_byte
from unco.types import PASSING_REASONS

SYNC_S = 1.0
"""Seconds of work that a power cut may cost; a killed process costs what was not finished, nothing that was written."""

BEYOND = 2**60
"""Position of the byte that a run holds as long as it writes the file: behind any line."""

STDOUT = Path("-")

Settings = dict[str, Any]

_MAKE_ROOM = ": make room, then go on with --resume"

_MAY_BE_OPEN = re.compile(rb'"reason":\s*"(?:' + "|".join(sorted(PASSING_REASONS)).encode() + rb')"')

log = logging.getLogger(__name__)


class Output:
    """An output file that is appended to, line by line."""

    def __init__(self, path: Path, settings: Settings, resume: bool) -> None:
        """Open it.

        Args:
            path: the file.
            settings: what the run was started with; plain JSON.
            resume: go on in a file that is there; a line that was cut off is done anew.

        Raises:
            SettingsError: the file is there and `resume` is not asked for, or is another run's, or one writes it now.
            SetupError: it cannot be written.
        """
        self.path = path
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        try:
            with _writing(path):
                _hold(self._file, path)
                _begin(path, settings, resume)
                self.written = _whole_lines(self._file) if resume else 0
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def open_posts(self) -> tuple[int, ...]:
        """Give the numbers of posts that were written without an answer, for a reason that passes; from 1."""
        with _writing(self.path):
            self._file.seek(0)
            found = tuple(number for number, line in enumerate(self._file, start=1) if is_open(line))
            self._file.seek(0, os.SEEK_END)
        return found if self.written else ()

    @contextmanager
    def replacing(self) -> Iterator[Write]:
        """Give a function that puts a line in another's place, by number, in rising order.

        The lines go into a copy, `<output>.new`, which takes this file's place when all is done. When an error ends the
        work, the lines that were replaced until then stay replaced.

        Raises:
            SetupError: the copy cannot be written; the file stays as it is.
        """
        new = self.path.with_name(self.path.name + ".new")
        with _writing(new, _MAKE_ROOM):
            replacer = LineReplacer(self._file, new.open("w+b"))

        def put(number: int, line: bytes) -> None:
            with _writing(new, _MAKE_ROOM):
                replacer.put(number, line)

        try:
            yield put
        finally:
            with _writing(new, _MAKE_ROOM):
                copy = replacer.finish()
                _hold(copy, new)
                os.replace(new, self.path)
            self._file.close()
            self._file = copy

    def append(self, _: int, line: bytes) -> None:
        """Append a line, handed to the operating system at once; lines come in the order of their posts.

        Raises:
            SetupError: it cannot be written; what was written before is whole.
        """
        with _writing(self.path, _MAKE_ROOM):
            self._file.write(line + b"\n")
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        self.written += 1

    def close(self) -> None:
        """Write through to the disk and close."""
        with _writing(self.path, _MAKE_ROOM):
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            finally:
                with suppress(OSError):  # it tries once more to write what could not be written
                    self._file.close()


class Printed:
    """Standard output in place of a file; what was printed is gone, so there is no going on."""

    written = 0

    def open_posts(self) -> tuple[int, ...]:
        """Give none: what was printed is gone."""
        return ()

    def replacing(self) -> NoReturn:
        """Refuse: what was printed is gone.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("a line that was printed cannot be replaced")

    def append(self, _: int, line: bytes) -> None:
        """Print a line at once.

        Raises:
            SetupError: nobody reads it any more, or it cannot be written.
        """
        with _writing(Path("standard output")):
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    def close(self) -> None:
        """Nothing is left to do."""


def is_open(line: bytes) -> bool:
    """Tell whether a line is a result that lacks an answer for a reason that passes."""
    if not _MAY_BE_OPEN.search(line):
        return False
    try:
        return read_result(json.loads(line)).is_open
    except (ValueError, RecursionError):  # another's line; pydantic's error is a ValueError
        return False


def open_output(path: Path, settings: Settings, resume: bool) -> Output | Printed:
    """A file, or standard output for `-`.

    Raises:
        SettingsError: as `Output`; or `resume`, and it is standard output.
        SetupError: it cannot be written.
    """
    if path != STDOUT:
        return Output(path, settings, resume)
    if resume:
        raise SettingsError("--resume needs a file to go on in: standard output keeps nothing")
    return Printed()


@contextmanager
def _writing(path: Path, then: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror or error}{then}") from error


def _hold(file: BinaryIO, path: Path) -> None:
    """Two runs that append to one file would mix their lines."""
    try:
        held = lock_byte(file.fileno(), BEYOND)
    except OSError as error:
        log.warning("%s cannot be locked: see to it that no other run writes it (%s)", path, error.strerror)
        return
    if not held:
        raise SettingsError(f"another run writes {path} at this moment: wait for its end, or name another file")


def _begin(path: Path, settings: Settings, resume: bool) -> None:
    """Write down what a run was started with, or refuse to go on in another run's file."""
    about = path.with_name(path.name + ".run.json")
    if path.stat().st_size == 0:
        about.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    elif not resume:
        raise SettingsError(f"{path} is there already: go on with --resume, or name another file")
    else:
        _check(about, settings)  # and not written again: a kill could leave half of it


def _check(about: Path, settings: Settings) -> None:
    try:
        before = dict(json.loads(about.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise SettingsError(f"{about} cannot be read, so it is not known what run to go on with: {error}") from error
    names = [*settings, *(name for name in before if name not in settings)]
    differing = [name for name in names if before.get(name) != settings.get(name)]
    if differing:
        said = "; ".join(f"{name} was {before.get(name)!r}, is {settings.get(name)!r}" for name in differing)
        raise SettingsError(f"--resume: this is another run than the one that {about} tells of: {said}")


def _whole_lines(file: BinaryIO) -> int:
    """Lines that are whole; what a break left of one more is cut off."""
    file.seek(0)
    lines = end = 0
    for line in file:
        if not line.endswith(b"\n"):
            file.truncate(end)
            break
        lines, end = lines + 1, end + len(line)
    file.seek(0, os.SEEK_END)
    return lines
