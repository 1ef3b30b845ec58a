"""Mending of files whose pixels are fine: a PNG without its side data, a WebP of the length that it should have.

Beside the pixels of a PNG stand texts, profiles, editors' histories, of any size and often broken.

Nothing of it is shown, and a decoder that unpacks it takes what it is given. Checksums are made anew, so that a wrong
one does not cost the picture; browsers open such files, too.
"""

from struct import pack, pack_into, unpack_from
from zlib import crc32

from unco.errors import PictureError

_SIGNATURE = 8
_MAX_CHUNKS = 100_000
_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"eXIf", b"acTL", b"fcTL", b"fdAT"})
"""Pixels, palette and transparency; the orientation; the frames of an animation."""

_SPARE = 1024
"""Zeros that a WebP gets beyond the bytes that are missing: its decoder may read more of them than of those."""

_BEHIND_PIXELS = {b"EXIF": 0x08, b"XMP ": 0x04}
"""Chunks of a WebP that a cut takes first, and their flags: its decoder refuses one that announces what it lacks."""


def pixels_of_png(data: bytes, where: str) -> tuple[bytes, list[str]]:
    """Copy a PNG without its side data.

    Returns:
        The copy, and warnings.

    Raises:
        PictureError: it consists of pieces without end.
    """
    kept, notes, place = [data[:_SIGNATURE]], set[str](), _SIGNATURE
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            return b"".join(kept), sorted(notes)
        length, name = unpack_from(">I4s", data, place)
        body = data[place + 8 : place + 8 + length]
        if name in _KEPT:
            checksum = pack(">I", crc32(body, crc32(name)))
            if len(body) == length and data[place + 8 + length : place + 12 + length] != checksum:
                notes.add("a checksum in it is wrong: parts of it may be shown wrongly")
            kept += [pack(">I", len(body)), name, body, checksum]
        place += 12 + length
        if name == b"IEND":
            return b"".join(kept), sorted(notes)
    raise PictureError(f"{where} has over {_MAX_CHUNKS} pieces; hand in a copy saved anew", "too_large")


def webp_of_full_length(data: bytes) -> tuple[bytes, list[str]]:
    """Fill up a WebP that is cut short, if most of it is there: its decoder refuses one that lacks a byte.

    Returns:
        The copy, and warnings.
    """
    missing = int.from_bytes(data[4:8], "little") + 8 - len(data)
    if not 0 < missing < len(data):
        return data, []
    filled = bytearray(data + bytes(missing + (len(data) + missing) % 2 + _SPARE))
    places = _webp_chunks(data)
    for start in (0, max(places.values(), default=0)):  # of the file, and of the chunk that is cut
        pack_into("<I", filled, start + 4, len(filled) - start - 8)
    if b"VP8X" in places:
        lost = sum(flag for name, flag in _BEHIND_PIXELS.items() if name not in places)
        filled[places[b"VP8X"] + 8] &= ~lost
    return bytes(filled), ["it is cut short: the lower part may be missing"]


def _webp_chunks(data: bytes) -> dict[bytes, int]:
    """Return where the chunks of a WebP begin, by name; of those of one name, the last."""
    found, place = dict[bytes, int](), 12
    for _ in range(_MAX_CHUNKS):
        if place + 8 > len(data):
            break
        name, length = unpack_from("<4sI", data, place)
        found[name] = place
        place += 8 + length + length % 2
    return found
