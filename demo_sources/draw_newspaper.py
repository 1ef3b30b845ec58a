"""Draw the demo's newspaper: an invented front page in the manner of 1963, all words our own.

Run it as `python -m demo_sources.draw_newspaper`; it needs the DejaVu fonts and writes `pictures/newspaper.png`.
"""

from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFont

PICTURES = Path(__file__).parents[1] / "unco" / "demo" / "pictures"
WIDTH, HEIGHT = 640, 820
PAPER, INK, GREY = 236, 28, 96
SERIF, BOLD, ITALIC = "DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSerif-Italic.ttf"

Pen = ImageDraw.ImageDraw
Corners = tuple[int, int, int, int]


def draw() -> Image.Image:
    """Draw the page, in 16 greys."""
    page = Image.new("L", (WIDTH, HEIGHT), PAPER)
    pen = ImageDraw.Draw(page)
    _masthead(pen)
    _centred(pen, 142, "A NATION MOURNS", BOLD, 50)
    _centred(pen, 204, "Schools and Shops Close Early Across Iowa", ITALIC, 21)
    _columns(pen, (24, 262, 208, 796))
    _photo(page, (228, 264, 616, 500))
    _centred(pen, 508, "Crowds gather quietly at the Capitol steps, late Friday.", ITALIC, 12, (228, 616))
    _centred(pen, 540, "Governor Asks for Calm", BOLD, 24, (228, 616))
    pen.text((228, 578), "By EDITH MALLORY", INK, ImageFont.truetype(BOLD, 14))
    pen.text((228, 597), "Tribune Staff Writer", INK, ImageFont.truetype(ITALIC, 12))
    _columns(pen, (228, 624, 412, 796))
    _columns(pen, (432, 584, 616, 796))
    return page.quantize(16).convert("L")


def _masthead(pen: Pen) -> None:
    _centred(pen, 14, "Des Moines Tribune", BOLD, 52)
    pen.line((24, 90, WIDTH - 24, 90), INK, 3)
    small = ImageFont.truetype(SERIF, 13)
    pen.text((24, 97), "Des Moines, Iowa", INK, small)
    _centred(pen, 97, "Friday, November 22, 1963", SERIF, 13)
    pen.text((WIDTH - 24, 97), "Price 7 Cents", INK, small, anchor="ra")
    pen.line((24, 120, WIDTH - 24, 120), INK, 1)
    pen.line((24, 246, WIDTH - 24, 246), GREY, 1)


def _centred(pen: Pen, y: int, text: str, font: str, size: int, within: tuple[int, int] = (0, WIDTH)) -> None:
    pen.text((sum(within) / 2, y), text, INK, ImageFont.truetype(font, size), anchor="ma")


def _columns(pen: Pen, corners: Corners) -> None:
    """Draw greeked text: strokes where words would be, so that OCR finds none."""
    random = Random(corners[0])
    left, top, right, bottom = corners
    for y in range(top + 4, bottom, 9):
        end = right - random.choice([0, 0, 0, 0, 0, right - left - 90])
        x = left
        while x < end:
            word = min(random.randint(8, 34), end - x)
            pen.rectangle((x, y, x + word, y + 3), GREY + 40)
            x += word + 5


def _photo(page: Image.Image, corners: Corners) -> None:
    """Draw a halftone photo of a domed building behind a crowd."""
    left, top, right, bottom = corners
    scene = Image.new("L", (right - left, bottom - top), 225)
    _building_and_crowd(ImageDraw.Draw(scene), *scene.size)
    pen = ImageDraw.Draw(page)
    pen.rectangle(corners, PAPER, INK)
    for y in range(2, scene.height - 2, 4):
        for x in range(2 + y % 8 // 2, scene.width - 2, 4):
            shade = scene.getpixel((x, y))
            radius = (255 - float(shade if isinstance(shade, int | float) else 0)) / 255 * 2.6
            pen.ellipse((left + x - radius, top + y - radius, left + x + radius, top + y + radius), INK)


def _building_and_crowd(pen: Pen, width: int, height: int) -> None:
    middle = width // 2
    pen.pieslice((middle - 52, 22, middle + 52, 126), 180, 360, 130)
    pen.rectangle((middle - 3, 6, middle + 3, 30), 110)
    pen.rectangle((middle - 64, 74, middle + 64, 98), 150)
    pen.rectangle((middle - 140, 98, middle + 140, height), 175)
    pen.rectangle((middle - 146, 98, middle + 146, 110), 120)
    for x in range(middle - 130, middle + 130, 24):
        pen.rectangle((x, 116, x + 11, height), 90)
    random = Random(1963)
    for row in range(3):
        for x in range(-8, width, 26):
            dx, y = x + random.randint(-5, 5) + row * 9, height - 66 + row * 24 + random.randint(-3, 3)
            pen.ellipse((dx, y, dx + 17, y + 20), 95 - 20 * row)
            pen.pieslice((dx - 8, y + 17, dx + 25, y + 74), 180, 360, 70 - 25 * row)


if __name__ == "__main__":
    draw().save(PICTURES / "newspaper.png", optimize=True)
