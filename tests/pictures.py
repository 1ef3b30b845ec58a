"""Pictures as bytes, as a file or a web page holds them."""

from base64 import b64encode
from io import BytesIO
from typing import Any

from PIL import Image


def as_bytes(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """Encode a picture as a file of that format."""
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def data_url(data: bytes, mime: str = "image/png") -> str:
    """Write a file's content as a `data:` URL."""
    return f"data:{mime};base64,{b64encode(data).decode()}"
