"""Limits on the work of decoding: memory and scans are estimated from the header, before anything is decoded.

A file's size says little: 34 bytes can claim a picture of 39 million pixels, and a JPEG of 200 KB can hold 400 scans,
each over all its pixels. A large JPEG or JPEG 2000 is decoded at a half, a quarter or an eighth of its size.
"""

import re
from dataclasses import dataclass

from PIL.ImageFile import ImageFile
from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile
from PIL.JpegImagePlugin import JpegImageFile

from unco.errors import PictureError
from unco.tools.pictures.kinds import Kind

WORKING_PIXELS = 16_000_000
"""Most pixels of a decoded picture; a larger one is kept reduced. Models are sent far fewer."""

_QUICK_PIXELS, _QUICK_BYTES = 4_000_000, 4_000_000
"""Most pixels of a JPEG 2000 that are decoded, and most bytes: three million of either take a second."""

MAX_PIXELS = 220_000_000
"""Largest width x height that is read at all, which is what the largest phones take."""

MAX_MEMORY = 300 * 2**20
"""Most bytes that decoding may take, the reduced copy aside."""

MAX_SCANNED = 1_500_000_000
"""Most pixels that the scans of a JPEG go over, all together: some seconds."""

MAX_SEGMENTS = 20_000
"""Pieces of a JPEG that are looked at."""

_MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
MEMORY_OF_PIXEL: dict[Kind, int] = {"WEBP": 13, "AVIF": 8, "HEIF": 6, "JPEG2000": 20}
"""Bytes for each pixel where a library decodes into buffers of its own first, as measured."""


@dataclass(frozen=True, slots=True)
class Work:
    """What decoding a picture takes."""

    memory: int
    """Bytes, estimated."""
    scans: int
    """Of a JPEG; 1 for any other."""


def limit_work(image: ImageFile, kind: Kind, data: bytes, where: str) -> Work:
    """Set the size at which a picture is decoded, and estimate what decoding takes.

    Raises:
        PictureError: it takes too much memory or time.
    """
    width, height = image.size
    scans = count_scans(data) if kind == "JPEG" else 1
    check_pixels(width, height, where)
    if scans * width * height > MAX_SCANNED:
        raise PictureError(f"{where}: {scans} scans of {width} x {height} pixels take too long", "too_large")
    whole = _coefficients(image) * width * height if isinstance(image, JpegImageFile) and scans > 1 else 0
    _decode_reduced(image, data)
    each = MEMORY_OF_PIXEL.get(kind) or (1 if image.mode in ("1", "L", "P") else 4)
    memory = each * _pixels_decoded(image) + whole + 2 * len(data)
    check_memory(memory, f"{where}: {width} x {height} pixels")
    return Work(memory, scans)


def check_pixels(width: int, height: int, where: str) -> None:
    """Refuse a picture without pixels, or with more than any camera makes.

    Raises:
        PictureError: it has.
    """
    if width * height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        message = f"{where}: {width} x {height} is over {limit} pixels; hand in a smaller copy"
        raise PictureError(message, "too_large")
    if not width or not height:
        raise PictureError(f"{where} has no pixels: {width} x {height}", "damaged")


def check_memory(needed: int, what: str) -> None:
    """Refuse what takes too much memory.

    Raises:
        PictureError: it does.
    """
    if needed > MAX_MEMORY:
        message = f"{what} take {needed // 2**20} MB to decode, over {MAX_MEMORY // 2**20}; hand in a smaller copy"
        raise PictureError(message, "too_large")


def count_scans(data: bytes) -> int:
    """Count the scans of a JPEG by its markers; what comes behind its end, such as a phone's video, is not read."""
    scans, place = 0, 2
    for _ in range(MAX_SEGMENTS):
        found = _MARKER.search(data, place)
        if found is None or found[1] == b"\xd9":
            return scans
        scans += found[1] == b"\xda"
        place = found.end() + (0 if found[1] in b"\x01\xd8" else int.from_bytes(data[found.end() : found.end() + 2]))
    return MAX_SEGMENTS


def _coefficients(image: JpegImageFile) -> int:
    """Return the bytes for each pixel that libjpeg keeps while scans are not complete."""
    samples = [layer[1] * layer[2] for layer in image.layer] or [3]
    return max(1, round(2 * sum(samples) / max(samples)))


def _decode_reduced(image: ImageFile, data: bytes) -> None:
    width, height = image.size
    if isinstance(image, JpegImageFile):
        step = next((step for step in range(3) if (width >> step) * (height >> step) <= WORKING_PIXELS), 3)
        if step:
            image.draft(None, (max(1, width >> step), max(1, height >> step)))
    elif isinstance(image, Jpeg2KImageFile):
        most = levels_of(data)
        quick = (step for step in range(most) if _is_quick(width >> step, height >> step, len(data) >> 2 * step))
        image.reduce = next(quick, most)


def _is_quick(width: int, height: int, size: int) -> bool:
    return width * height <= _QUICK_PIXELS and size <= _QUICK_BYTES


def levels_of(data: bytes) -> int:
    """Return how often a JPEG 2000 can be halved while it is decoded, as its header says."""
    place = data.find(b"\xff\x4f\xff\x51") + 2
    for _ in range(MAX_SEGMENTS):
        marker, length = data[place : place + 2], int.from_bytes(data[place + 2 : place + 4])
        if marker == b"\xff\x52":
            return next(iter(data[place + 9 : place + 10]), 0)
        if marker[:1] != b"\xff" or marker == b"\xff\x90":
            break
        place += 2 + length
    return 0


def _pixels_decoded(image: ImageFile) -> int:
    reduced = image.reduce if isinstance(image, Jpeg2KImageFile) else 0
    step = reduced if isinstance(reduced, int) else 0
    return (image.width >> step) * (image.height >> step)
