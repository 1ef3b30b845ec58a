"""The output file: a line for each post in the posts' order, so that a run can be resumed where it ended.

Beside it stands the run's file; a run with other settings cannot resume it.
"""

import json
import logging
import os
import re
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Literal, NoReturn

from unco.corpus.replaced_lines import LineReplacer, Write
from unco.corpus.run_file import Settings, run_file_of
from unco.errors import SettingsError, SetupError
from unco.state import read_result
from unco.tools.llm.budget import Note, Spent
from unco.tools.llm.cache.process_locks import lock_byte
from unco.types import PASSING_REASONS, Correction, PostQuestion

SYNC_S = 1.0
"""Seconds of written lines that a power cut may cost; killing the process costs none of them."""

LOCK_OFFSET = 2**60
"""Offset of the byte that a run locks while it writes the file: behind any line."""

STDOUT = Path("-")

Retry = Literal["open", "unavailable"]
"""Posts that are run again: those that lack an answer for a reason that passes; or for whatever reason."""

_MAKE_ROOM = ": make room, then go on with --resume"

_MAY_BE: dict[Retry, re.Pattern[bytes]] = {
    "open": re.compile(rb'"reason":\s*"(?:' + "|".join(sorted(PASSING_REASONS)).encode() + rb')"'),
    "unavailable": re.compile(rb'"reason":\s*"'),
}

log = logging.getLogger(__name__)


class Output:
    """An output file that grows line by line."""

    def __init__(self, path: Path, settings: Settings, resume: bool, retry: Retry = "open") -> None:
        """Open the file.

        Args:
            path: the file.
            settings: what the run was started with; plain JSON.
            resume: go on in a file that is there; a line that was cut off is done anew.
            retry: which posts are run again.

        Raises:
            SettingsError: the file is there and `resume` is not asked for, or is another run's, or one writes it now;
                or it is a device, whose lines cannot be read again.
            SetupError: it cannot be written.
        """
        if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):
            raise SettingsError(f"{path} is a device or a pipe, no file: name a file, or - for standard output")
        self.path, self._retry = path, retry
        self._run_file = run_file_of(path, settings)
        with _write_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: BinaryIO = path.open("a+b")
        try:
            with _write_errors(path):
                lock_output(self._file, path)
                self.spent = self._spent_before(resume)
                self._run_file.begin(self.spent)
                self.written = complete_lines(self._file) if resume else 0
        except BaseException:
            self._file.close()
            raise
        self._synced = time.monotonic()

    def _spent_before(self, resume: bool) -> Spent:
        """Return what the run has spent so far, having checked that it is this one."""
        if self.path.stat().st_size and not resume:
            raise SettingsError(f"{self.path} is there already: go on with --resume, or name another file")
        if self.path.stat().st_size:
            self._run_file.check(self._retry == "unavailable")
        return self._run_file.spent() if resume else Spent()

    @property
    def note(self) -> Note:
        """What writes down the calls and US dollars that are spent or reserved."""
        return self._run_file.note

    def last_line(self) -> bytes:
        """Return the last line that was written; none = empty. Another handle of the file, closed, would unlock it."""
        with _write_errors(self.path):
            self._file.seek(0)
            last = deque(self._file, maxlen=1)
            self._file.seek(0, os.SEEK_END)
        return last[0] if last else b""

    def open_posts(self) -> tuple[int, ...]:
        """Find the posts that were written without an answer and are run again; numbers from 1."""
        with _write_errors(self.path):
            self._file.seek(0)
            found = tuple(number for number, line in enumerate(self._file, start=1) if is_open(line, self._retry))
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
                lock_output(copy, new)
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
                    complete_lines(file)
                raise
            finally:
                self._file.close()


class StandardOutput:
    """Standard output in place of a file; printed lines cannot be read back, so there is no resuming."""

    written = 0
    spent = Spent()

    def note(self, calls: int, usd: float) -> None:
        """Note nothing: there is no file."""

    def last_line(self) -> bytes:
        """Return none: printed lines cannot be read back."""
        return b""

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


def is_open(line: bytes, retry: Retry = "open") -> bool:
    """Return whether a line is a result that lacks an answer, so that its post is run again."""
    if not _MAY_BE[retry].search(line):
        return False
    try:
        result = read_result(json.loads(line))
        return result.is_open or (retry == "unavailable" and any(map(_is_unavailable, result.notes)))
    except (ValueError, RecursionError):  # another's line; pydantic's error is a ValueError
        return False


def _is_unavailable(note: Correction | PostQuestion) -> bool:
    """Return whether there was nobody to ask; a post without a picture has none the next time either."""
    return note.outcome == "unavailable" and note.reason not in (None, "no_picture")


def open_output(path: Path, settings: Settings, resume: bool, retry: Retry = "open") -> Output | StandardOutput:
    """Open a file, or standard output for `-`.

    Raises:
        SettingsError: as `Output`; or `resume`, and it is standard output.
        SetupError: it cannot be written.
    """
    if path != STDOUT:
        return Output(path, settings, resume, retry)
    if resume:
        raise SettingsError("--resume needs an output file: standard output keeps nothing")
    return StandardOutput()


@contextmanager
def _write_errors(path: Path, then: str = "") -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SetupError(f"{path} cannot be written: {error.strerror or error}{then}") from error


def lock_output(file: BinaryIO, path: Path) -> None:
    """Lock the file: two runs that append to it would mix their lines."""
    try:
        held = lock_byte(file.fileno(), LOCK_OFFSET)
    except OSError as error:
        log.warning("%s cannot be locked: see to it that no other run writes it (%s)", path, error.strerror)
        return
    if not held:
        raise SettingsError(f"another run writes {path} at this moment: wait for its end, or name another file")


def complete_lines(file: BinaryIO) -> int:
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
