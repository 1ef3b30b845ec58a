"""Opens files of text as bytes of UTF-8, also those that are packed or written in UTF-16 or UTF-32."""

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import Any, BinaryIO, cast

PACKED = (".gz", ".bz2", ".xz")
"""Endings of packed files. What counts is how the file begins."""

_PACKERS: tuple[tuple[re.Pattern[bytes], Callable[[BinaryIO], Any]], ...] = (
    (re.compile(rb"\x1f\x8b\x08"), gzip.open),
    (re.compile(rb"BZh[1-9]1AY&SY"), bz2.open),
    (re.compile(rb"\xfd7zXZ\0"), lzma.open),
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as the mark of UTF-16 does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_UNMARKED = (
    (re.compile(rb"([^\0]\0\0\0){2}"), "utf-32-le"),
    (re.compile(rb"(\0\0\0[^\0]){2}"), "utf-32-be"),
    (re.compile(rb"([^\0]\0){4}"), "utf-16-le"),
    (re.compile(rb"(\0[^\0]){4}"), "utf-16-be"),
)
"""How text begins that has no mark, as its first letters are those of JSON or of a table."""

_HEAD_BYTES = 16


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of text for reading, as UTF-8; see `as_utf8`.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        yield as_utf8(file)


def as_utf8(file: BinaryIO) -> BufferedReader:
    """Return the file itself; or, where it is packed or in another encoding, one that reads its text as UTF-8.

    The file stays open when that one is closed. Reading raises OSError where the file is damaged; what is no character
    becomes bytes that are no UTF-8.
    """
    plain = file if isinstance(file, BufferedReader) else BufferedReader(cast(RawIOBase, file))
    for begins, unpack in _PACKERS:
        if begins.match(plain.peek(_HEAD_BYTES)):
            plain = BufferedReader(_Converted(unpack(plain).read))
            break
    encoding = _encoding_of(plain.peek(_HEAD_BYTES))
    return plain if encoding is None else BufferedReader(_Converted(_recoder(plain, encoding)))


def is_as_it_stands(path: Path) -> bool:
    """Return whether a file is UTF-8 and not packed, so that it can be read from any line on.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return as_utf8(file) is file


def _encoding_of(head: bytes) -> str | None:
    """Return the encoding of text that is not UTF-8, by its first bytes."""
    marked = next((name for mark, name in _MARKS if head.startswith(mark)), None)
    return marked or next((name for begins, name in _UNMARKED if begins.match(head)), None)


def _recoder(file: BufferedReader, encoding: str) -> Callable[[int], bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("surrogatepass")

    def read(size: int) -> bytes:
        while chunk := file.read1(size // 2):  # two bytes become three at most
            if text := decoder.decode(chunk):
                return text.encode("utf-8", "surrogatepass")
        cut_off, _ = decoder.getstate()
        decoder.reset()
        return b"\xff" if cut_off else b""

    return read


class _Converted(RawIOBase):
    """What a function reads, as a file."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._read(len(buffer))
        except (EOFError, ValueError, zlib.error, lzma.LZMAError) as error:
            raise OSError(f"damaged or cut short: {error}") from error
        buffer[: len(data)] = data
        return len(data)
