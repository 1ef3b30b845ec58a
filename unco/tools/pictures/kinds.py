"""Kinds of picture files: recognised by how they begin, whatever they are called, and opened by Pillow's plugins."""

from functools import lru_cache
from io import BytesIO
from typing import Literal, get_args

from PIL import Image
from PIL.ImageFile import ImageFile

from unco.errors import PictureError

Kind = Literal["JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "HEIF", "TIFF", "JPEG2000"]
"""Accepted formats, by Pillow's names; HEIF is decoded by the optional package pillow-heif."""

_STARTS: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "BMP"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\xff\x4f\xff\x51", "JPEG2000"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG2000"),
)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"})
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%pdf", "a PDF document"),
    (b"<svg", "an SVG drawing"),
    (b"<?xml", "an XML document, perhaps an SVG drawing"),
    (b"<!doctype html", "a web page"),
    (b"<html", "a web page"),
    (b"8bps", "a Photoshop file"),
    (b"\0\0\x01\0", "an icon"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"\0\0\0\x0cjxl ", "a JPEG XL picture"),
    (b"pk\x03\x04", "a zip archive"),
    (b"\x1a\x65\xdf\xa3", "a video"),
    (b"\x1f\x8b", "a packed file"),
    (b"version https://git-lfs", "a pointer of Git LFS, which `git lfs pull` replaces"),
    (b"/9j/", "a picture in base64"),
    (b"ivborw0kggo", "a picture in base64"),
    (b"data:image/", "a data: URL"),
    (b"{", "a JSON document, perhaps a server's error"),
)
"""What is handed in as a picture by mistake, in lower case, so that the message can name it."""


def kind_of(data: bytes, where: str) -> Kind:
    """Recognise a picture file.

    Raises:
        PictureError: it is of no kind that is decoded; says what it is, where that can be told.
    """
    for start, kind in _STARTS:
        if data.startswith(start):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    brands = _brands(data)
    if brands & {b"avif", b"avis"}:
        return "AVIF"
    if brands & _HEIC_BRANDS:
        return "HEIF"
    known = ", ".join(get_args(Kind))
    raise PictureError(
        f"{where} is {_name_of(data)}: hand in a picture of one of the formats {known}", "unknown_format"
    )


def opened(kind: Kind, data: bytes, where: str) -> ImageFile:
    """Read a picture's header; nothing is decoded yet. Unlike `Image.open`, it does not judge by pixels alone.

    Raises:
        PictureError: no plugin for that kind is installed.
        Exception: nearly any, where the header is broken.
    """
    _load_plugins()
    if kind not in Image.OPEN:
        what = "an HEIC picture, as phones take them: pip install pillow-heif, or hand in a JPEG copy"
        what = what if kind == "HEIF" else f"a {kind} picture, which this Pillow cannot decode: hand in a JPEG copy"
        raise PictureError(f"{where} is {what}", "unknown_format")
    return Image.OPEN[kind][0](BytesIO(data), "")


@lru_cache(maxsize=1)
def _load_plugins() -> None:
    """Load Pillow's plugins and, where it is installed, that for HEIC."""
    Image.init()
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return
    register_heif_opener()


def _brands(data: bytes) -> set[bytes]:
    """Return the brands of an ISO media file, which AVIF and HEIC are; empty for any other."""
    if data[4:8] != b"ftyp":
        return set()
    stop = min(int.from_bytes(data[:4], "big"), 256)
    return {data[8:12], *(data[place : place + 4] for place in range(16, stop, 4))}


def _name_of(data: bytes) -> str:
    start = data[:64].lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if data[4:8] == b"ftyp":
        return "a video"
    return next((name for prefix, name in _OTHERS if start.startswith(prefix)), "not a picture")
