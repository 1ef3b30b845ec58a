"""Appends lines to a file that processes share: whole ones only, whatever the disk does.

A write may be cut off by a full disk or a dying process. What a full disk leaves is taken back at once, what a dying
process leaves by the next that appends; the lines before stay as they are.
"""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_BLOCK = 2**16


def append_line(path: Path, line: bytes, begins: bytes, mode: int = 0o666) -> None:
    """Append a line in one write; after an error the file is as it was.

    Args:
        path: the file; made, with its folder, where it is missing.
        line: ends in a line feed. Empty = only check that the file can be written.
        begins: how every line of such a file begins, by which a half one is known.
        mode: of a file that is made.

    Raises:
        OSError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0), mode)
    try:
        if line:
            with _locked(file):
                append_to(file, line, begins)
    finally:
        os.close(file)


def is_half(line: bytes, begins: bytes) -> bool:
    """Return whether a last line without a line feed is what a cut-off write left: no JSON, but begun as one of ours.

    A power cut may leave zeros in place of what was written.
    """
    start = line.rstrip(b"\0")
    if not (start.startswith(begins) or begins.startswith(start)):
        return False
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return True
    return False


def append_to(file: int, line: bytes, begins: bytes) -> None:
    """Append a line to an open file that nobody else writes; after an error the file is as it was.

    Args:
        file: its descriptor, opened for reading and appending.
        line: as of `append_line`.
        begins: as of `append_line`.

    Raises:
        OSError: it cannot be written.
    """
    size = os.fstat(file).st_size
    rest = _last_line(file, size)
    if is_half(rest, begins):
        os.ftruncate(file, size := size - len(rest))
        rest = b""
    try:
        _write(file, (b"\n" if rest else b"") + line)  # a line written by hand may lack its end
    except BaseException:
        with suppress(OSError):
            os.ftruncate(file, size)
        raise


def _write(file: int, data: bytes) -> None:
    """Write everything; what a nearly full disk takes only in part is written on, or raises."""
    while data:
        data = data[os.write(file, data) :]


def _last_line(file: int, size: int) -> bytes:
    """Return what stands behind the last line feed."""
    found = b""
    while b"\n" not in found and size > 0:
        start = max(0, size - _BLOCK)
        found, size = _read(file, start, size - start) + found, start
    return found.rpartition(b"\n")[2]


def _read(file: int, start: int, length: int) -> bytes:
    os.lseek(file, start, os.SEEK_SET)
    return os.read(file, length)


@contextmanager
def _locked(file: int) -> Iterator[None]:
    """Lock the file for others that append; where files cannot be locked it is written all the same."""
    if sys.platform == "win32":  # there an append cannot be cut in two by another
        yield
        return
    import fcntl

    with suppress(OSError):
        fcntl.flock(file, fcntl.LOCK_EX)  # let go with the file
    yield
