"""The output file: a line for each post in the posts' order, so that a run that broke off goes on where it ended.

Beside it stands `<output>.run.json`, what the run was started with; another run does not go on in its file.
"""

import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from unco.errors import SettingsError, SetupError

SYNC_S = 1.0
"""Seconds of work that a power cut may cost; a killed process costs what was not finished, nothing that was written."""

Settings = dict[str, Any]


class Output:
    """An output file that is appended to, line by line."""

    def __init__(self, path: Path, settings: Settings, resume: bool) -> None:
        """Open it.

        Args:
            path: the file.
            settings: what the run was started with; plain JSON.
            resume: go on in a file that is there; a line that was cut off is done anew.

        Raises:
            SettingsError: the file is there and `resume` is not asked for, or is another run's.
            SetupError: it cannot be written.
        """
        self.path = path
        about = path.with_name(path.name + ".run.json")
        try:
            begun = path.exists() and path.stat().st_size > 0
            if begun and not resume:
                raise SettingsError(f"{path} is there already: go on with --resume, or name another file")
            if begun:
                _check(about, settings)  # and not written again: a kill could leave half of it
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                about.write_text(json.dumps(settings, indent=1) + "\n", "utf-8")
            self._file: BinaryIO = path.open("a+b")
            self.written = _whole_lines(self._file) if resume else 0
        except OSError as error:
            raise SetupError(f"{path} cannot be written: {error.strerror or error}") from error
        self._synced = time.monotonic()

    def write(self, line: bytes) -> None:
        """Append a line, handed to the operating system at once.

        Raises:
            SetupError: it cannot be written; what was written before is whole.
        """
        try:
            self._file.write(line + b"\n")
            self._file.flush()
            if time.monotonic() - self._synced > SYNC_S:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            why = error.strerror or error
            raise SetupError(f"{self.path} cannot be written: {why}: make room, then go on with --resume") from error
        self.written += 1

    def close(self) -> None:
        """Write through to the disk and close."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            why = error.strerror or error
            raise SetupError(f"{self.path} cannot be written: {why}: make room, then go on with --resume") from error
        finally:
            with suppress(OSError):  # it tries once more to write what could not be written
                self._file.close()


def _check(about: Path, settings: Settings) -> None:
    """Refuse to go on in another run's file."""
    try:
        before = dict(json.loads(about.read_text("utf-8")))
    except (OSError, ValueError, TypeError, RecursionError) as error:
        raise SettingsError(f"{about} cannot be read, so it is not known what run to go on with: {error}") from error
    differing = [name for name in settings if before.get(name) != settings[name]]
    if differing:
        said = "; ".join(f"{name} was {before.get(name)!r}, is {settings[name]!r}" for name in differing)
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
