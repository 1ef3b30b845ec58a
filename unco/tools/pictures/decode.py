"""The one door for pictures: whatever comes in leaves as upright 8-bit RGB, or as an error that says what to do.

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
"""What is decoded, by Pillow's names: what posts are made of, and nothing exotic."""

MAX_PIXELS = 50_000_000
"""Largest width x height that is decoded; a header can claim more than memory holds."""

TINY = 16
"""Pixels; with a side below this there is nothing to look for in a picture."""

PNG_COLOURS = 4096
"""Up to this many colours it is a drawing or a screenshot, whose letters JPEG would smear."""

# Pillow grumbles through `warnings`; catching those swaps a global table, so only one thread at a time may.
_one_at_a_time = Lock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that can be used."""

    info: PictureInfo
    image: Image.Image
    """Mode RGB, upright, without metadata. Shared: do not draw on it."""
    warnings: tuple[str, ...] = ()
    """What a user should know: first frame of several, too small, damaged EXIF."""


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
    with _one_at_a_time, warnings.catch_warnings(record=True) as grumbles:
        warnings.simplefilter("always")
        image, notes = _decode(data, brief(ref))
    notes += [f"the decoder says: {grumble.message}" for grumble in grumbles]
    name = f"data:sha256,{digest}" if scheme_of(ref) == "data" else ref
    return _picture(image, name, digest, notes)


def picture_from_pil(image: Image.Image) -> Picture:
    """Take a picture that is already open; its hash is over size and RGB pixels, for there is no file.

    Raises:
        PictureError: too large, or its pixels cannot be read.
    """
    with _one_at_a_time, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with _faults_of("the picture"):
            upright, notes = _upright_rgb(image, "the picture")
    digest = sha256(f"RGB {upright.width}x{upright.height}:".encode() + upright.tobytes()).hexdigest()
    return _picture(upright, f"data:sha256,{digest}", digest, notes)


def encode_jpeg_or_png(image: Image.Image, size: tuple[int, int] | None = None) -> tuple[str, bytes]:
    """Write a picture anew, without EXIF or other metadata; the same bytes each time.

    Args:
        image: what to write, in RGB.
        size: (width, height) in pixels to bring it to; None = as it is.

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
    with _faults_of(where):
        try:
            image = Image.open(BytesIO(data), formats=FORMATS)
        except UnidentifiedImageError as error:
            known = ", ".join(FORMATS)
            raise PictureError(f"{where} is not a picture: hand in a file of one of the formats {known}") from error
        with image:
            return _upright_rgb(image, where)


@contextmanager
def _faults_of(where: str) -> Iterator[None]:
    """Tell Pillow's faults as ours; on damaged bytes its decoders raise nearly anything."""
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
    """Refuse by the size that the header declares, before anything is decoded."""
    if image.width * image.height > MAX_PIXELS:
        limit = f"{MAX_PIXELS // 1_000_000} million"
        raise PictureError(f"{where}: {image.width} x {image.height} is over {limit} pixels; hand in a smaller copy")
    if not image.width or not image.height:
        raise PictureError(f"{where} has no pixels: {image.width} x {image.height}")


def _flat_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB: 16-bit grey scaled, not clipped; transparency laid on white."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    elif image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours)
    return image.copy() if image.mode == "RGB" else image.convert("RGB")
