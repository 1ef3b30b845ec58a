"""Inline pictures: base64 as people's encoders write it, and the reference of one that cannot be used."""

import re
from base64 import b64decode
from typing import get_args

from unco.errors import PictureError
from unco.types import PictureFault

MAX_BYTES = 20 * 1024 * 1024
"""Largest picture that is read, in bytes."""

_UNUSABLE = "data:unusable,"
_BLANKS = b" \t\r\n\f\v"
_TO_STANDARD = bytes.maketrans(b"-_", b"+/")
_ESCAPED = {"%2B": "+", "%2F": "/", "%3D": "=", "%2D": "-", "%5F": "_", "%0A": "", "%0D": "", "%20": "", "%09": ""}
"""What encoders escape in base64; an escaped letter is nobody's encoding, and millions of them are a bomb."""


_BARE = re.compile(r"\s*(?:/9j/|iVBORw0KGgo|R0lGOD[dl]h|UklGR|SUkqA|TU0AK|AAAA..Z0eX|Qk[\w+/-]{6}AAAA)[\w+/\s-]{60}")
"""How base64 of a picture begins: JPEG, PNG, GIF, WebP, TIFF, HEIC and AVIF, BMP."""


_URL = re.compile(r"\s*(?:data:|[a-z][a-z0-9+.-]+://)", re.IGNORECASE)


def as_reference(image: str) -> str:
    """Return a `data:` URL for the bare base64 of a picture, a URL without the blanks around it, a path as it is."""
    if _BARE.match(image):
        return f"data:;base64,{image}"
    return image.strip() if _URL.match(image) else image


def is_inline(start: bytes) -> bool:
    """Return whether bytes begin like a picture in base64 or a `data:` URL, and not like a file."""
    text = start.decode("latin-1")
    return bool(_BARE.match(text)) or text.lstrip()[:5].lower() == "data:"


def decode_data_url(url: str, name: str) -> bytes:
    """Decode the base64 of a `data:` URL; line feeds, blanks, the URL-safe alphabet and missing padding are fine.

    Args:
        url: as it came.
        name: for messages, see `brief`.

    Raises:
        PictureError: it is no such URL, or holds more than 20 MB.
    """
    if url.startswith(_UNUSABLE):
        raise _fault_of(url)
    head, comma, payload = url.partition(",")
    if not comma or not head.replace(" ", "").lower().endswith(";base64"):
        raise PictureError(
            f"{name}: malformed data: URL; it should read data:image/png;base64,... with the picture's bytes",
            "malformed",
        )
    if len(payload) > 2 * MAX_BYTES:  # a third more for base64, and some for escapes and line feeds
        raise too_many_bytes(name)
    try:
        return _decode_base64(payload)
    except ValueError as error:  # binascii's and Unicode's are ValueErrors
        raise PictureError(f"{name}: malformed data: URL: {error}", "malformed") from error


def too_many_bytes(name: str, most: int = MAX_BYTES) -> PictureError:
    """Make the error of a picture of more than so many bytes."""
    return PictureError(f"{name}: larger than {most // 2**20} MB; hand in a smaller copy", "too_large")


def unusable_reference(fault: PictureError) -> str:
    """Make the reference of an inline picture that cannot be used: `data:unusable,<reason>,<message>`."""
    return f"{_UNUSABLE}{fault.reason},{fault}"


def _fault_of(reference: str) -> PictureError:
    reason, _, message = reference.removeprefix(_UNUSABLE).partition(",")
    known: dict[str, PictureFault] = {one: one for one in get_args(PictureFault)}
    return PictureError(message or "an inline picture cannot be used", known.get(reason, "malformed"))


def _decode_base64(payload: str) -> bytes:
    if "%" in payload:
        for escape, character in _ESCAPED.items():
            payload = payload.replace(escape, character).replace(escape.lower(), character)
    letters = payload.encode("ascii").translate(_TO_STANDARD, _BLANKS).rstrip(b"=")
    return b64decode(letters + b"=" * (-len(letters) % 4), validate=True)
