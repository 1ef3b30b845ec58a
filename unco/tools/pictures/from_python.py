"""Pictures as Python programs hold them: paths, bytes, open files, arrays, PIL pictures; all become a reference."""

from base64 import b64encode
from io import UnsupportedOperation
from os import PathLike, fsdecode
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from unco.errors import PictureError
from unco.tools.pictures.data_urls import MAX_BYTES, as_reference, is_inline, too_many_bytes, unusable_reference

if TYPE_CHECKING:
    import numpy as np
    from PIL import Image

_CHANNELS = (1, 3, 4)
"""Of grey, RGB and RGBA."""


@runtime_checkable
class BinaryFile(Protocol):
    """A file that is open for reading bytes."""

    def read(self, size: int, /) -> bytes:
        """Read at most so many bytes."""


@runtime_checkable
class PixelArray(Protocol):
    """An array of NumPy, or what can be made one, such as a tensor."""

    def __array__(self) -> Any:
        """Make an array of NumPy."""


def reference_of(image: Any) -> str:
    """Convert a picture to a path or a URL; what holds its bytes becomes a `data:` URL, and nothing is written to disk.

    Args:
        image: a path, URL, PIL picture, bytes, base64, open file, array or tensor, or {"bytes": ..., "path": ...} as
            in an Image column of `datasets`.

    Raises:
        PictureError: it is none of these. One that is, and cannot be used, gets a reference that says why.
    """
    from PIL import Image

    if isinstance(image, dict) and image and image.keys() <= {"bytes", "path"}:
        image = image.get("path") if image.get("bytes") is None else image["bytes"]
    if isinstance(image, str | PathLike):
        return as_reference(fsdecode(image))
    try:
        if isinstance(image, Image.Image):
            return _of_pixels(image)
        if isinstance(image, bytes | bytearray | memoryview):
            return _of_bytes(bytes(image))
        if isinstance(image, PixelArray):
            return _of_array(_as_array(image))
        if isinstance(image, BinaryFile):
            return _of_bytes(_read(image))
    except PictureError as fault:
        if fault.reason is None:
            raise
        return unusable_reference(fault)
    raise PictureError(f"a {type(image).__name__} is no picture: give a path, a URL, bytes, an array or an open file")


def _of_pixels(image: "Image.Image") -> str:
    from unco.tools.pictures.decode import encode_jpeg_or_png, picture_from_pil

    return _data_url(*encode_jpeg_or_png(picture_from_pil(image).image))


def _of_bytes(data: bytes) -> str:
    """Return the reference of a file's bytes, or of its base64, which Python makes as bytes, too."""
    return as_reference(data.decode("latin-1")) if is_inline(data[:200]) else _data_url("", data)


def _data_url(mime: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise too_many_bytes("the picture")
    return f"data:{mime};base64,{b64encode(data).decode()}"


def _read(file: BinaryFile) -> bytes:
    try:
        data = file.read(MAX_BYTES + 1) or _from_start(file)
    except (OSError, ValueError) as error:
        raise PictureError(f"the open file cannot be read: {error}", "unreadable") from error
    if not isinstance(data, bytes):
        raise PictureError('the open file gives text: open it with open(path, "rb")')
    return data


def _from_start(file: BinaryFile) -> bytes:
    """Read a file again whose end was reached, as after it was written."""
    seek = getattr(file, "seek", None)
    try:
        if seek is not None:
            seek(0)
    except UnsupportedOperation:  # a pipe has no beginning to go back to
        return b""
    return file.read(MAX_BYTES + 1)


def _as_array(array: PixelArray) -> "np.ndarray[Any, Any]":
    """Make an array of NumPy, of a tensor on any device, too."""
    import numpy as np

    tensor = getattr(array, "detach", None)
    try:
        return np.asarray(_on_processor(tensor()) if callable(tensor) else array)
    except (TypeError, ValueError, AttributeError, RuntimeError) as error:
        raise PictureError(f"a {type(array).__name__} is no picture: it cannot be made an array ({error})") from error


def _on_processor(tensor: Any) -> Any:
    """Copy a tensor of torch to where NumPy reads it, in numbers that NumPy knows."""
    return (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).cpu()


def _of_array(pixels: "np.ndarray[Any, Any]") -> str:
    if pixels.ndim == 1 and pixels.dtype == "uint8":  # the bytes of a file, as OpenCV encodes a picture
        return _of_bytes(pixels.tobytes())
    return _of_pixels(_from_array(pixels))


def _from_array(pixels: "np.ndarray[Any, Any]") -> "Image.Image":
    from PIL import Image

    try:
        pixels = _in_bytes(_channels_last(pixels))
        if pixels.ndim not in (2, 3):
            raise ValueError("it has neither two nor three dimensions")
        return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise PictureError(
            f"an array of {pixels.dtype} of shape {pixels.shape} is no picture: give height x width x 3 (RGB), 4 "
            f"(RGBA) or grey, from 0 to 255, or to 1 in floating point ({error})"
        ) from error


def _channels_last(pixels: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Drop a batch of one, and move the channels behind height and width, where a tensor has them first."""
    while pixels.ndim > 3 and pixels.shape[0] == 1:
        pixels = pixels[0]
    first = pixels.ndim == 3 and pixels.shape[-1] not in _CHANNELS and pixels.shape[0] in _CHANNELS
    return pixels.transpose(1, 2, 0) if first else pixels


def _in_bytes(pixels: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
    """Convert wider numbers, where they are within the range of a byte, of 16 bits, or of 0 to 1 in floating point.

    Grey of 16 bits is left as it is: Pillow has a mode for it.
    """
    deep = pixels.dtype.kind == "u" and pixels.dtype.itemsize == 2
    grey = pixels.ndim < 3 or pixels.shape[-1] == 1
    if pixels.dtype.kind not in "iuf" or pixels.dtype == "uint8" or not pixels.size or (deep and grey):
        return pixels
    least, most = pixels.min(), pixels.max()
    if not 0 <= least <= most <= (65_535 if deep else 255):
        return pixels
    scale = 1 / 257 if most > 255 else 255 if pixels.dtype.kind == "f" and most <= 1 else 1
    return (pixels * scale).round().astype("uint8")
