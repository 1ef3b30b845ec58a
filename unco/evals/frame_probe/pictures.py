"""Draw test pictures with one coloured rectangle each, whose box is known."""

from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from PIL import Image, ImageDraw

from unco.tools.llm.request import SentPicture
from unco.tools.pictures.decode import encode_jpeg_or_png, picture_from_pil
from unco.types import Box

GROUND = (236, 232, 222)
"""Background colour, so that no rectangle is the whole picture."""

COLOURS = {"red": (220, 30, 30), "green": (20, 150, 60), "blue": (30, 60, 210), "purple": (130, 40, 170)}


@dataclass(frozen=True, slots=True)
class Drawing:
    """A test picture, by its size and its rectangle."""

    size: tuple[int, int]
    """Width and height in pixels."""
    colour: str
    """Colour of the rectangle, a key of `COLOURS`."""
    box: Box
    """Box of the rectangle."""


DRAWINGS = (
    Drawing((640, 480), "red", Box(353, 47, 545, 167)),
    Drawing((420, 840), "blue", Box(41, 503, 190, 757)),
    Drawing((1500, 1100), "green", Box(899, 661, 1349, 991)),
    Drawing((2300, 900), "purple", Box(1511, 137, 2069, 451)),
    Drawing((900, 300), "blue", Box(91, 151, 404, 277)),
)
"""Small and large, wide and high. In each another place, apart from the diagonals, so that swapped axes show; two are
beyond the limits at which families resize (1,003,520 pixels, 1,568 a side), one beyond 2,048 a side."""


@cache
def picture_of(drawing: Drawing) -> SentPicture:
    """Draw the picture as a file at its own size, so that any resize is the model's own."""
    image = Image.new("RGB", drawing.size, GROUND)
    box = drawing.box
    # Pillow paints the last row and column too; in pixels as edges, they end one before.
    corners = (int(box.x1), int(box.y1), int(box.x2) - 1, int(box.y2) - 1)
    ImageDraw.Draw(image).rectangle(corners, fill=COLOURS[drawing.colour])
    mime, data = encode_jpeg_or_png(picture_from_pil(image).image)
    return SentPicture(mime, sha256(data).hexdigest(), data)
