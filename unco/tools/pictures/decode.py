"""Decoding of pictures: every input becomes upright 8-bit RGB, or an error that says what to do.

Boxes count in pixels of the picture as it is shown, so EXIF orientation is applied here and nowhere else.
"""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from math import ceil, sqrt

from PIL import Image
from PIL.ImageFile import ImageFile

from unco.errors import PictureError
from unco.fork_locks import ForkLock
from unco.tools.free_memory import return_freed_memory
from unco.tools.pictures.headers import check_header
from unco.tools.pictures.kinds import Kind, kind_of, opened
from unco.tools.pictures.load import brief, read_picture_bytes, scheme_of
from unco.tools.pictures.side_data import pixels_of_png, webp_of_full_length
from unco.tools.pictures.work import WORKING_PIXELS, check_memory, check_pixels, limit_work
from unco.types import PictureInfo

__all__ = ["Picture", "encode_jpeg_or_png", "open_picture", "picture_from_pil"]

TINY = 16
"""Pixels; a picture with a shorter side gets a warning that it is too small for regions."""

PNG_COLOURS = 4096
"""A picture of at most this many colours is sent as PNG: it is a drawing or screenshot, which JPEG would blur."""

_ENOUGH_ROWS = 0.5
"""Share of its rows that a file which is cut short must still have."""

_ENOUGH_SCANS = 3
"""Scans that a progressive JPEG which is cut short must still have: by then, all of it is there, if not sharp."""

_STRIP = 128
"""Rows of the reduced picture that are made at once, so that no second whole one is in memory."""

_LARGE = 100 * 2**20
"""Bytes; of pictures that take more to decode, one is decoded at a time, so that threads do not add them up."""

_MEDIUM = 32 * 2**20
"""Bytes; before and after pictures that take more, the C library gives back what it holds. It takes 17 ms at most."""

_one_large = ForkLock()

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn a picture, by its EXIF orientation; from 5 on, width and height change places."""

# Pillow reports through `warnings`; catching those changes global state, so only one thread at a time may. It is held
# while headers are read, never while pixels are decoded: a slow picture must not keep the others waiting.
_warnings_lock = ForkLock()


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture."""

    info: PictureInfo
    image: Image.Image
    """Mode RGB, upright, without metadata; smaller than `info` says where that is large. Shared: do not draw on it."""
    warnings: tuple[str, ...] = ()
    """Warnings for the user: first frame of several, too small, damaged EXIF."""

    @property
    def scale(self) -> float:
        """Pixels of `image` for each pixel of the picture: 1, or less where it was reduced."""
        return self.image.width / self.info.width

    def at_full_size(self) -> Image.Image:
        """Return the image with as many pixels as `info` says, enlarged where it was reduced."""
        size = self.info.width, self.info.height
        return self.image if self.image.size == size else self.image.resize(size)


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
    with _as_picture_error(brief(ref)):
        image, size, notes = _decode(data, brief(ref))
    name = f"data:sha256,{digest}" if scheme_of(ref) == "data" else ref
    return _picture(image, PictureInfo(name, digest, *size), notes)


def picture_from_pil(image: Image.Image) -> Picture:
    """Convert a picture that is already open; its hash is over size and RGB pixels, as there is no file.

    Raises:
        PictureError: too large, or its pixels cannot be read.
    """
    check_pixels(*image.size, "the picture")
    check_memory(4 * image.width * image.height, f"the picture: {image.width} x {image.height} pixels")
    notes = _frames_note(image)
    with _as_picture_error("the picture"):
        image.load()
        upright = _transposed(_flat_rgb(_shades(image)), _orientation(image, notes))
    digest = sha256(f"RGB {upright.width}x{upright.height}:".encode() + upright.tobytes()).hexdigest()
    return _picture(upright, PictureInfo(f"data:sha256,{digest}", digest, *upright.size), notes)


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


def _picture(image: Image.Image, info: PictureInfo, notes: list[str]) -> Picture:
    if min(info.width, info.height) < TINY:
        notes = [*notes, f"the picture has {info.width} x {info.height} pixels: too small to look for regions"]
    image.info = {}
    return Picture(info, image, tuple(notes))


@contextmanager
def _as_picture_error(where: str) -> Iterator[None]:
    """Convert Pillow's errors to `PictureError`; on damaged bytes its decoders raise nearly anything."""
    try:
        yield
    except PictureError:
        raise
    except (Image.DecompressionBombError, MemoryError) as error:
        raise PictureError(f"{where} has too many pixels: {error}", "too_large") from error
    except Exception as error:
        raise PictureError(f"{where} is damaged or cut short: {error}", "damaged") from error


def _decode(data: bytes, where: str) -> tuple[Image.Image, tuple[int, int], list[str]]:
    """Decode a file; returns the picture, perhaps reduced, its full size (width, height), and warnings."""
    kind, notes = kind_of(data, where), list[str]()
    if kind == "PNG":
        data, notes = pixels_of_png(data, where)
    elif kind == "WEBP":
        data, notes = webp_of_full_length(data)
    check_header(kind, data, where)
    with _noted_warnings(notes):
        image = opened(kind, data, where)
    size = image.size
    work = limit_work(image, kind, data, where)
    notes += _frames_note(image)
    with _room_for(work.memory):
        image = _loaded(image, kind, data, work.scans, notes)
        turn = _orientation(image, notes)
        factor = max(1, ceil(sqrt(image.width * image.height / WORKING_PIXELS)))
        upright = _transposed(_reduced_rgb(_shades(image), factor), turn)
        image.close()
    return upright, size[::-1] if turn >= 5 else size, notes


@contextmanager
def _room_for(memory: int) -> Iterator[None]:
    """Wait until no other large picture is decoded; give back what pictures and detectors left, before and after."""
    if memory <= _MEDIUM:
        yield
        return
    with _one_large if memory > _LARGE else nullcontext():
        return_freed_memory()
        try:
            yield
        finally:
            return_freed_memory()


def _frames_note(image: Image.Image) -> list[str]:
    # A phone's JPEG may hold a second picture (MPO), a TIFF further pages; that is no animation.
    animated = image.format not in ("MPO", "TIFF") and getattr(image, "is_animated", False)
    return ["animated: only its first frame is used"] if animated else []


def _loaded(image: ImageFile, kind: Kind, data: bytes, scans: int, notes: list[str]) -> ImageFile:
    """Decode the pixels; of a file that is cut short, what is there, if that is most of it.

    Raises:
        OSError: too little of it is there.
    """
    try:
        image.load()
        return image
    except OSError:
        image.tile = []  # nothing more is read: what was decoded stays
        box = image.getbbox(alpha_only=False) if image.load() is not None else None
        if (box is None or box[3] < _ENOUGH_ROWS * image.height) and scans < _ENOUGH_SCANS:
            raise
    notes.append("it is cut short: the lower part may be missing")
    if kind != "JPEG":
        return image
    whole = opened(kind, data + b"\xff\xd9", "")  # with an end, the decoder fills what is missing
    whole.draft(None, image.size)
    whole.load()
    return whole


@contextmanager
def _noted_warnings(notes: list[str]) -> Iterator[None]:
    with _warnings_lock, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
    notes += [f"the decoder says: {warning.message}" for warning in caught]


def _orientation(image: Image.Image, notes: list[str]) -> int:
    try:
        with _noted_warnings(notes):
            turn = image.getexif().get(0x0112, 1)
    except Exception:  # The EXIF block is a file format of its own and as often broken; the pixels are fine.
        notes.append("its EXIF block cannot be read: shown as it is stored")
        return 1
    return turn if turn in _UPRIGHT else 1


def _transposed(image: Image.Image, turn: int) -> Image.Image:
    return image.transpose(_UPRIGHT[turn]) if turn in _UPRIGHT else image


def _reduced_rgb(image: Image.Image, factor: int) -> Image.Image:
    """Convert to RGB at a whole part of the size, strip by strip."""
    if factor <= 1 and image.mode == "RGB" and not image.has_transparency_data:
        return image.copy()
    width, height = image.size
    reduced = Image.new("RGB", (ceil(width / factor), ceil(height / factor)))
    for top in range(0, height, _STRIP * factor):
        strip = image.crop((0, top, width, min(height, top + _STRIP * factor)))
        # With an alpha channel it is faster the other way round, and gives the same.
        small = _flat_rgb(strip.reduce(factor)) if strip.mode in ("RGBA", "LA") else _flat_rgb(strip).reduce(factor)
        reduced.paste(small, (0, top // factor))
    return reduced


def _shades(image: Image.Image) -> Image.Image:
    """Convert 32-bit numbers to grey; white is 1, 255, 65,535 or the largest, as no kind says which it is."""
    if image.mode not in ("I", "F"):
        return image
    _, largest = image.getextrema()
    assert isinstance(largest, int | float)  # of one channel
    brightest = next((one for one in (1, 255, 65_535) if largest <= one), largest)
    return image.convert("F").point(lambda value: value * (255 / brightest)).convert("L")


def _flat_rgb(image: Image.Image) -> Image.Image:
    """Convert to 8-bit RGB: 16-bit grey is scaled, not clipped; transparency is put on white."""
    if image.mode.startswith("I"):
        image = image.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    elif image.has_transparency_data:
        colours = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), colours)
    return image.copy() if image.mode == "RGB" else image.convert("RGB")
