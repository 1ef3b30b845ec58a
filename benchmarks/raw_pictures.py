"""Picture files written by hand: forms of PNG and BMP that Pillow reads and does not write, and spoilt ones."""

import struct
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
"""height x width, or height x width x channels."""

Chunk = tuple[bytes, bytes]
"""Name and content of a piece of a PNG."""

_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Of an interlaced PNG: first column, first row, and the steps between its columns and rows."""


def chunk(name: bytes, body: bytes, good: bool = True) -> bytes:
    """Write a piece of a PNG; `good`: with the right checksum."""
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body) ^ (not good))


def with_chunks(data: bytes, *chunks: Chunk, good: bool = True) -> bytes:
    """Put further pieces behind the header of a PNG."""
    return data[:33] + b"".join(chunk(*one, good=good) for one in chunks) + data[33:]


def raw_png(
    pixels: Pixels, colours: int, depth: int = 8, interlaced: bool = False, before: Iterable[Chunk] = (), piece: int = 0
) -> bytes:
    """Write a PNG.

    Args:
        pixels: of `depth` bits each.
        colours: 0 grey, 2 RGB, 3 palette, 4 grey and alpha, 6 RGBA.
        depth: bits of a value: 1, 2, 4, 8 or 16.
        interlaced: in seven passes, as pictures for slow lines are.
        before: pieces between header and pixels, such as a palette.
        piece: most bytes of a piece of pixels; 0 = all in one.
    """
    height, width = pixels.shape[:2]
    passes = [pixels[y::down, x::right] for x, y, right, down in _PASSES] if interlaced else [pixels]
    rows = b"".join(b"\0" + _packed(row, depth) for one in passes for row in one)
    packed = zlib.compress(rows)
    pieces = [packed[at : at + piece] for at in range(0, len(packed), piece)] if piece else [packed]
    header = struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, interlaced)
    parts = [(b"IHDR", header), *before, *((b"IDAT", one) for one in pieces), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def _packed(row: Pixels, depth: int) -> bytes:
    values = row.reshape(-1)
    if depth == 16:
        return values.astype(">u2").tobytes()
    if depth == 8:
        return values.astype(np.uint8).tobytes()
    bits = (values[:, None].astype(np.uint8) >> np.arange(depth - 1, -1, -1, dtype=np.uint8)) & 1
    return np.packbits(bits.reshape(-1)).tobytes()


def raw_bmp(pixels: Pixels, bits: int, packing: int = 0, upside_down: bool = True, header: int = 40) -> bytes:
    """Write a BMP of RGB pixels.

    Args:
        pixels: height x width x 3, uint8.
        bits: of a pixel: 16 (five of each colour), 24 or 32.
        packing: 0, or 3 with masks.
        upside_down: as most are; otherwise the first row comes first.
        header: length of it: 12 (OS/2), 40, 108 or 124.
    """
    height, width = pixels.shape[:2]
    rows = b"".join(_bmp_row(row, bits) for row in (pixels[::-1] if upside_down else pixels))
    if header == 12:
        told = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        signed = height if upside_down else -height
        told = struct.pack("<IiiHHIIiiII", header, width, signed, 1, bits, packing, len(rows), 2835, 2835, 0, 0)
        masks = struct.pack("<III", 0xFF0000, 0xFF00, 0xFF) if packing == 3 else b""
        told += masks if header == 40 else masks.ljust(header - 40, b"\0")
    start = 14 + len(told)
    return struct.pack("<2sIHHI", b"BM", start + len(rows), 0, 0, start) + told + rows


def _bmp_row(row: Pixels, bits: int) -> bytes:
    if bits == 16:
        five = row.astype(np.uint16) >> 3
        data = (five[:, 0] << 10 | five[:, 1] << 5 | five[:, 2]).astype("<u2").tobytes()
    else:
        reordered = row[:, ::-1]
        data = (reordered if bits == 24 else np.pad(reordered, ((0, 0), (0, 1)))).tobytes()
    return data + bytes(-len(data) % 4)
