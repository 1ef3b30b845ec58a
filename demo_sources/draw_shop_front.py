"""Draw the demo's street corner: a shop front, a street sign and a poster, all names but the city's invented.

Run it as `python -m demo_sources.draw_shop_front`; it needs the DejaVu fonts and writes `pictures/shop_front.png`.
"""

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

PICTURES = Path(__file__).parents[1] / "unco" / "demo" / "pictures"
WIDTH, HEIGHT = 800, 600
BOLD, SERIF = "DejaVuSans-Bold.ttf", "DejaVuSerif-Bold.ttf"

Pen = ImageDraw.ImageDraw
Corners = tuple[int, int, int, int]


def draw() -> Image.Image:
    """Draw the street corner, in 64 colours."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), "#bcd7ea")
    pen = ImageDraw.Draw(picture)
    _street(pen)
    _shop(pen)
    _poster(pen)
    _street_sign(pen)
    return picture.quantize(64, dither=Image.Dither.NONE)


def _street(pen: Pen) -> None:
    pen.rectangle((0, 520, WIDTH, HEIGHT), "#8d8a86")
    pen.rectangle((0, 512, WIDTH, 524), "#c9c4bb")
    pen.rectangle((230, 40, 770, 512), "#a4553f")
    for row, y in enumerate(range(40, 512, 16)):
        pen.line((230, y, 770, y), "#8c4533")
        for x in range(230 + row % 2 * 20, 770, 40):
            pen.line((x, y, x, min(y + 16, 512)), "#8c4533")


def _shop(pen: Pen) -> None:
    _board(pen, (250, 150, 750, 226), "#1d4037", "Harbour Lane Books", "#f3e3b3", SERIF, 39)
    pen.rectangle((270, 260, 560, 480), "#24333b", "#e9e2d0", 8)
    for shelf in range(2):
        bottom = 360 + shelf * 108
        for place in range(15):
            tall = 46 + place * place * 7 % 40
            colour = ("#c8553d", "#e0b040", "#4d8b8b", "#d8d2c2", "#7a5c8e")[(place * 3 + shelf) % 5]
            pen.rectangle((284 + place * 18, bottom - tall, 298 + place * 18, bottom), colour)
        pen.rectangle((278, bottom, 552, bottom + 5), "#9a7b4f")
    pen.rectangle((590, 260, 720, 512), "#1d4037", "#e9e2d0", 8)
    pen.rectangle((610, 282, 700, 400), "#9fc0c9")
    _board(pen, (622, 318, 688, 346), "#ffffff", "OPEN", "#b3261e", BOLD, 18)


def _poster(pen: Pen) -> None:
    _board(pen, (432, 376, 548, 470), "#fbf4dc", "", "#222222", BOLD, 10)
    for y, line, size in ((394, "Reading by", 13), (418, "Nora Quist", 17), (446, "Friday 7 pm", 13)):
        pen.text((490, y), line, "#222222", ImageFont.truetype(BOLD, size), anchor="mm")


def _street_sign(pen: Pen) -> None:
    pen.rectangle((112, 130, 122, 540), "#5b6166")
    _board(pen, (20, 90, 214, 136), "#14632f", "Galway", "#ffffff", BOLD, 30)
    _board(pen, (34, 146, 200, 180), "#14632f", "City Centre", "#ffffff", BOLD, 20)


def _board(pen: Pen, corners: Corners, ground: str, text: str, ink: str, font: str, size: int) -> None:
    left, top, right, bottom = corners
    pen.rounded_rectangle(corners, 6, ground, ink, 2)
    pen.text(((left + right) / 2, (top + bottom) / 2), text, ink, ImageFont.truetype(font, size), anchor="mm")


if __name__ == "__main__":
    draw().save(PICTURES / "shop_front.png", optimize=True)
