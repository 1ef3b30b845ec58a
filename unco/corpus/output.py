"""The output file: a line for each post in the posts' order, so that a run can be resumed where it ended.

Beside it stands `<output>.run.json`, the settings of the run; a run with other settings cannot resume it.
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
"""Seconds of written lines that a power cut may cost; killing the process costs none of them."""

LOCK_OFFSET = 2**60
"""Offset of the byte that a run locks while it writes the file: behind any line."""

STDOUT = Path("-")

Settings = dict[str, Any]

_MAKE_ROOM = ": make room, then go on with --resume"

_MAY_BE_OPEN = re.compile(rb'"reason":\s*"(?:' + "|".join(sorted(PASSING_REASONS)).encode() + rb')"')

log = logging.getLogger(__name__)


class Output:
    """An output file that grows line by line."""

    def __init__(self, path: Path, settings: Settings, resume: bool) -> None:
        """Open the file.

        Args:
            path: the file.
            settings: what the run was started with; plain JSON.
            resume: go on in a file that is there; a line that was cut off is done anew.

        Raises:
            SettingsError: the file is there and `resume` is not asked for, or is another run's, or one writes it now.
            SetupError: it cannot be written.
        """
        self.path = path
        with _write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        try:
            with _write_errors(path):
                _lock(self._file, path)
                _check_or_write_settings(path, settings, resume)
                self.written = _complete_lines(self._file) if resume else 0
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def open_posts(self) -> tuple[int, ...]:
        """Find the posts that were written without an answer, for a reason that passes; numbers from 1."""
        with _write_errors(self.path):
            self._file.seek(0)
            found = tuple(number for number, line in enumerate(self._file, start=1) if is_open(line))
            self._file.seek(0, os.SEEK_END)
        return found if self.written else ()

    @contextmanager
    def replacing(self) -> Iterator[Write]:
        """Replace lines: yields a function that puts a line in the place of a post's, in rising order.

        The lines go into a copy, `<output>.new`, which takes this file's place when all is done. When an error ends the
        work, the lines that were replaced until then stay replaced.

        Raises:
            SetupError: the copy cannot be written; the file stays as it is.
        """
        new = self.path.with_name(self.path.name + ".new")
        with _write_errors(new, _MAKE_ROOM):
            replacer = LineReplacer(self._file, new.open("w+b"))

        def put(number: int, line: bytes) -> None:
            with _write_errors(new, _MAKE_ROOM):
                replacer.put(number, line)

        try:
            yield put
        finally:
            with _write_errors(new, _MAKE_ROOM):
                copy = replacer.finish()
                _lock(copy, new)
                os.replace(new, self.path)
            self._file.close()
            self._file = copy

    def append(self, _: int, line: bytes) -> None:
        """Append a line and flush it; lines come in the order of their posts.

        Raises:
            SetupError: it cannot be written; what was written before is whole.
        """
        with _write_errors(self.path, _MAKE_ROOM):
            self._file.write(line + b"\n")
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        self.written += 1

    def close(self) -> None:
        """Write everything to the disk and close the file; what a full disk left of a line is cut off."""
        with _write_errors(self.path, _MAKE_ROOM):
            try:
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError:
                self._file.raw.close()  # type: ignore[attr-defined]  # a buffered file would try once more to write
                with suppress(OSError), self.path.open("r+b") as file:
                    _complete_lines(file)
                raise
            finally:
                self._file.close()


class StandardOutput:
    """Standard output in place of a file; printed lines cannot be read back, so there is no resuming."""

    written = 0

    def open_posts(self) -> tuple[int, ...]:
        """Return none: printed lines cannot be read back."""
        return ()

    def replacing(self) -> NoReturn:
        """Refuse: printed lines cannot be replaced.

        Raises:
            AssertionError: always.
        """
        raise AssertionError("a line that was printed cannot be replaced")

    def append(self, _: int, line: bytes) -> None:
        """Print a line and flush it.

        Raises:
            SetupError: nobody reads it any more, or it cannot be written.
        """
        with _write_errors(Path("standard output")):
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    def close(self) -> None:
        """Do nothing: every line was flushed."""


def is_open(line: bytes) -> bool:
    """Return whether a line is a result that lacks an answer for a reason that passes."""
    if not _MAY_BE_OPEN.search(line):
        return False
    try:
        return read_result(json.loads(line)).is_open
    except (ValueError, RecursionError):  # another's line; pydantic's error is a ValueError
        return False


def open_output(path: Path, settings: Settings, resume: bool) -> Output | StandardOutput:
    """Open a file, or standard output for `-`.

    Raises:
        SettingsError: as `Output`; or `resume`, and it is standard output.
        SetupError: it cannot be written.
    """
    if path != STDOUT:
        return Output(path, settings, resume)
    if resume:
        raise SettingsError("--resume needs a file to go on in: standard output keeps nothing")
    return StandardOutput()


@contextmanager
def _write_errors(path: Path, then: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror or error}{then}") from error


def _lock(file: BinaryIO, path: Path) -> None:
    """Lock the file: two runs that append to it would mix their lines."""
    try:
        held = lock_byte(file.fileno(), LOCK_OFFSET)
    except OSError as error:
        log.warning("%s cannot be locked: see to it that no other run writes it (%s)", path, error.strerror)
        return
    if not held:
        raise SettingsError(f"another run writes {path} at this moment: wait for its end, or name another file")


def _check_or_write_settings(path: Path, settings: Settings, resume: bool) -> None:
    """Write the settings of a new run, or refuse to resume a run with other settings."""
    settings_path = path.with_name(path.name + ".run.json")
    if path.stat().st_size == 0:
        settings_path.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
    elif not resume:
        raise SettingsError(f"{path} is there already: go on with --resume, or name another file")
    else:
        _check(settings_path, settings)  # and not written again: a kill could leave half of it


def _check(settings_path: Path, settings: Settings) -> None:
    try:
        before = dict(json.loads(settings_path.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise SettingsError(
            f"{settings_path} cannot be read, so it is not known what run to go on with: {error}"
        ) from error
    names = [*settings, *(name for name in before if name not in settings)]
    differing = [name for name in names if before.get(name) != settings.get(name)]
    if differing:
        differences = "; ".join(f"{name} was {before.get(name)!r}, is {settings.get(name)!r}" for name in differing)
        raise SettingsError(f"--resume: this is another run than the one that {settings_path} tells of: {differences}")


def _complete_lines(file: BinaryIO) -> int:
    """Count the complete lines and cut off an incomplete last one."""
    file.seek(0)
    lines = end = 0
    for line in file:
        if not line.endswith(b"\n"):
            file.truncate(end)
            break
        lines, end = lines + 1, end + len(line)
    file.seek(0, os.SEEK_END)
    return lines
