"""Decoding of pictures: every input becomes upright 8-bit RGB, or an error that says what to do.

Boxes count in pixels of the picture as it is shown, so EXIF orientation is applied here and nowhere else.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from threading import Lock

from PIL import Image, ImageOps, UnidentifiedImageError

from unco.errors import PictureError
from unco.tools.pictures.load import brief, read_picture_bytes, scheme_of
from unco.types import PictureInfo

__all__ = ["Picture", "encode_jpeg_or_png", "open_picture", "picture_from_pil"]

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
"""Accepted formats, by Pillow's names."""

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded; a header can declare more than fits in memory."""

TINY = 16
"""Pixels; a picture with a shorter side gets a warning that it is too small for regions."""

PNG_COLOURS = 4096
"""A picture of at most this many colours is sent as PNG: it is a drawing or screenshot, which JPEG would blur."""

# Pillow reports through `warnings`; catching those changes global state, so only one thread at a time may.
_warnings_lock = Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture."""

    info: PictureInfo
    image: Image.Image
    """Mode RGB, upright, without metadata. Shared: do not draw on it."""
    warnings: tuple[str, ...] = ()
    """Warnings for the user: first frame of several, too small, damaged EXIF."""


def open_picture(ref: str, *, allowed_hosts: frozenset[str] = frozenset()) -> Picture:
    """Open a picture by path, `data:` URL, or http(s) URL.

    Args:
        ref: the reference; for a `data:` URL `info.ref` becomes `data:sha256,<hash>`.
        allowed_hosts: hosts that may be fetched from, lower case, without port; see `Environment.picture_hosts`.

    Raises:
        PictureError: missing, not a picture, damaged, too large, or not allowed.
    """
    data = read_picture_bytes(ref, allowed_hosts)
    digest = sha256(data).hexdigest()
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        image, notes = _decode(data, brief(ref))
    notes += [f"the decoder says: {warning.message}" for warning in caught]
    name = f"data:sha256,{digest}" if scheme_of(ref) == "data" else ref
    return _picture(image, name, digest, notes)


def picture_from_pil(image: Image.Image) -> Picture:
    """Convert a picture that is already open; its hash is over size and RGB pixels, as there is no file.

    Raises:
        PictureError: too large, or its pixels cannot be read.
    """
    with _warnings_lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _as_picture_error("the picture"):
            upright, notes = _upright_rgb(image, "the picture")
    digest = sha256(f"RGB {upright.width}x{upright.height}:".encode() + upright.tobytes()).hexdigest()
    return _picture(upright, f"data:sha256,{digest}", digest, notes)


def encode_jpeg_or_png(image: Image.Image, size: tuple[int, int] | None = None) -> tuple[str, bytes]:
    """Encode a picture without EXIF or other metadata; deterministic.

    Args:
        image: in RGB.
        size: (width, height) in pixels to resize to; None = as it is.

    Returns:
        MIME type and bytes: PNG for drawings and screenshots (few colours), else JPEG.
    """
    few_colours = image.getcolors(PNG_COLOURS) is not None
    if size is not None and size != image.size:
        image = image.resize(size, Image.Resampling.LANCZOS)
    mime, kind, options = ("image/png", "PNG", {}) if few_colours else ("image/jpeg", "JPEG", {"quality": 90})
    buffer = BytesIO()
    try:
        image.save(buffer, kind, **options)
    except (OSError, ValueError) as error:
        raise PictureError(f"a picture of {image.width} x {image.height} pixels cannot be sent: {error}") from error
    return mime, buffer.getvalue()


def _picture(image: Image.Image, ref: str, digest: str, notes: list[str]) -> Picture:
    if min(image.size) < TINY:
        notes = [*notes, f"the picture has {image.width} x {image.height} pixels: too small to look for regions"]
    return Picture(PictureInfo(ref, digest, image.width, image.height), image, tuple(notes))


def _decode(data: bytes, where: str) -> tuple[Image.Image, list[str]]:
    with _as_picture_error(where):
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError as error:
            known = ", ".join(FORMATS)
            raise PictureError(f"{where} is not a picture: hand in a file of one of the formats {known}") from error
        with image:
            return _upright_rgb(image, where)


@contextmanager
def _as_picture_error(where: str) -> Iterator[None]:
    """Convert Pillow's errors to `PictureError`; on damaged bytes its decoders raise nearly anything."""
    try:
        yield
    except PictureError:
        raise
    except Image.DecompressionBombError as error:
        raise PictureError(f"{where} has too many pixels: {error}") from error
    except Exception as error:
        raise PictureError(f"{where} is damaged or cut short: {error}") from error


def _upright_rgb(image: Image.Image, where: str) -> tuple[Image.Image, list[str]]:
    _check_size(image, where)
    notes: list[str] = []
    # A phone's JPEG may hold a second picture (MPO); that is no animation.
    if getattr(image, "is_animated", False) and image.format != "MPO":
        notes.append("animated: only its first frame is used")
    image.load()
    try:
        image = ImageOps.exif_transpose(image)
    except Exception:  # The EXIF block is a file format of its own and as often broken; the pixels are fine.
        notes.append("its EXIF block cannot be read: shown as it is stored")
    rgb = _flat_rgb(image)
    rgb.info = {}
    return rgb, notes


def _check_size(image: Image.Image, where: str) -> None:
    """Check the size that the header declares, before anything is decoded."""
    if image.width * image.height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        raise PictureError(f"{where}: {image.width} x {image.height} is over {limit} pixels; hand in a smaller copy")
    if not image.width or not image.height:
        raise PictureError(f"{where} has no pixels: {image.width} x {image.height}")


def _flat_rgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB: 16-bit grey is scaled, not clipped; transparency is put on white."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    elif image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours)
    return image.copy() if image.mode == "RGB" else image.convert("RGB")
