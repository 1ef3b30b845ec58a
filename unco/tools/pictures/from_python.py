"""Pictures as Python programs hold them: paths, bytes, open files, arrays, PIL pictures; all become a reference."""

from base64 import b64encode
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES, too_many_bytes, unusable_reference

if TYPE_CHECKING:
    from PIL import Image


@runtime_checkable
class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes."""


@runtime_checkable
class PixelArray(Protocol):
    """An array of NumPy, or what shows itself as one: uint8, of height x width, x 3 (RGB) or x 4 (RGBA)."""

    @property
    def __array_interface__(self) -> dict[str, Any]:
        """NumPy's description of the array."""


def reference_of(image: Any) -> str:
    """Convert a picture to a path or a URL; what holds its bytes becomes a `data:` URL, and nothing is written to disk.

    Args:
        image: a path, URL, PIL picture, bytes, open file, or array.

    Raises:
        PictureError: it is none of these. One that is, and cannot be used, gets a reference that says why.
    """
    from PIL import Image

    if isinstance(image, str | PathLike):
        return str(fspath(image))
    try:
        if isinstance(image, Image.Image):
            return _of_pixels(image)
        if isinstance(image, bytes | bytearray | memoryview):
            return _data_url("", bytes(image))
        if isinstance(image, PixelArray):
            return _of_pixels(_from_array(image))
        if isinstance(image, BinaryFile):
            return _data_url("", _read(image))
    except PictureError as fault:
        if fault.reason is None:
            raise
        return unusable_reference(fault)
    raise PictureError(f"a {type(image).__name__} is no picture: give a path, a URL, bytes, an array or an open file")


def _of_pixels(image: "Image.Image") -> str:
    from unco.tools.pictures.decode import encode_jpeg_or_png, picture_from_pil

    return _data_url(*encode_jpeg_or_png(picture_from_pil(image).image))


def _data_url(mime: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise too_many_bytes("the picture")
    return f"data:{mime};base64,{b64encode(data).decode()}"


def _read(file: BinaryFile) -> bytes:
    try:
        data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise PictureError(f"the open file cannot be read: {error}", "unreadable") from error
    if not isinstance(data, bytes):
        raise PictureError('the open file gives text: open it with open(path, "rb")')
    return data


def _from_array(array: PixelArray) -> "Image.Image":
    import numpy as np
    from PIL import Image

    try:
        pixels = np.asarray(array)
        return Image.fromarray(pixels[..., 0] if pixels.shape[-1:] == (1,) else pixels)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        shape = array.__array_interface__.get("shape")
        told = f"an array of shape {shape} is no picture: give uint8, height x width x 3 (RGB), 4 (RGBA), or grey"
        raise PictureError(f"{told} ({error})") from error
