"""Checks of a file's structure before Pillow reads its header, which it does piece by piece and in Python.

A file of a few million pieces of four bytes would keep it busy for half a minute, and a WebP that claims a large canvas
gets the memory for it at once.
"""

from struct import error as StructError
from struct import unpack_from

from unco.errors import PictureError
from unco.tools.pictures.kinds import Kind
from unco.tools.pictures.work import MAX_SEGMENTS, MEMORY_OF_PIXEL, check_memory, count_scans

_MAX_BLOCKS = 500_000
"""Pieces of a GIF up to its second frame; each holds 255 bytes of pixels at most."""

_MAX_STRIPS = 100_000
_TIFF_OFFSETS = (273, 324)
"""Tags that list where a TIFF's strips or tiles lie."""


def check_header(kind: Kind, data: bytes, where: str) -> None:
    """Refuse a file that would be work before anything is decoded.

    Raises:
        PictureError: it would.
    """
    if kind == "WEBP":
        width, height = webp_size(data)
        check_memory(MEMORY_OF_PIXEL[kind] * width * height, f"{where}: {width} x {height} pixels of WebP")
    pieces, most = {
        "JPEG": (count_scans, MAX_SEGMENTS - 1),
        "GIF": (_gif_blocks, _MAX_BLOCKS - 1),
        "TIFF": (_tiff_strips, _MAX_STRIPS),
    }.get(kind, (len, len(data)))
    if pieces(data) > most:
        raise PictureError(f"{where} has over {most} pieces; hand in a copy saved anew", "too_large")


def webp_size(data: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP claims, in pixels."""
    if data[12:16] == b"VP8X":
        return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
    if data[12:16] == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _gif_blocks(data: bytes) -> int:
    """Count the pieces of a GIF up to its second frame, as far as `_MAX_BLOCKS`."""
    place, frames, within = 13 + _colours(data[10:11]), 0, False
    for blocks in range(_MAX_BLOCKS):
        mark = data[place : place + 1]
        if not mark or (mark == b";" and not within) or frames == 2:
            return blocks
        if within:
            place, within = place + 1 + mark[0], mark != b"\0"
        elif mark == b"!":
            place, within = place + 2, True
        elif mark == b",":
            place, within, frames = place + 11 + _colours(data[place + 9 : place + 10]), True, frames + 1
        else:
            place += 1
    return _MAX_BLOCKS


def _colours(flags: bytes) -> int:
    """Return the bytes of a colour table by the flags that stand before it."""
    return 3 * 2 ** ((flags[0] & 7) + 1) if flags and flags[0] & 0x80 else 0


def _tiff_strips(data: bytes) -> int:
    """Return how many strips or tiles the first page of a TIFF names; 0 where that cannot be read."""
    order = "<" if data[:2] == b"II" else ">"
    large = 43 in data[2:4]
    entry, number, start = (20, "Q", 8) if large else (12, "H", 4)
    try:
        (page,) = unpack_from(f"{order}{'Q' if large else 'I'}", data, start)
        (entries,) = unpack_from(f"{order}{number}", data, page)
        first = page + (8 if large else 2)
        tags = [
            unpack_from(f"{order}HH{'Q' if large else 'I'}", data, first + entry * n) for n in range(min(entries, 999))
        ]
    except StructError:
        return 0
    return max((count for tag, _, count in tags if tag in _TIFF_OFFSETS), default=0)
