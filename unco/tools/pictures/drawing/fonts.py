"""Draw text in any writing: each letter in a font of this machine that has it, else a stand-in that names it."""

import unicodedata
from functools import cache, lru_cache
from itertools import groupby

from PIL import ImageDraw, ImageFont, features

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

FILES = (
    *("DejaVuSans.ttf", "Arial.ttf", "LiberationSans-Regular.ttf"),
    *("NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-microhei.ttc", "DroidSansFallbackFull.ttf"),
    *("msyh.ttc", "msgothic.ttc", "malgun.ttf", "PingFang.ttc", "Hiragino Sans GB.ttc", "Arial Unicode.ttf"),
    *("NotoSansArabic-Regular.ttf", "NotoSansHebrew-Regular.ttf", "NotoSansDevanagari-Regular.ttf"),
    *("NotoSansThai-Regular.ttf", "NotoEmoji-Regular.ttf", "Symbola.ttf", "seguiemj.ttf", "seguisym.ttf"),
)
"""Font files that Linux, Windows and macOS have for the scripts of the world; the first with a letter draws it."""

OWN = ""
"""Pillow's own font, which is always there."""

_NO_LETTER = "\U0010ffff"
"""No font has it, so it shows how a font draws what it lacks."""

_SHAPES = features.check("raqm")
"""Whether Pillow joins and turns right-to-left writing itself."""

_JOINED = ("Mn", "Me", "Cf")
"""Kinds of characters that belong to the letter before them."""


@cache
def _file(name: str) -> str | None:
    try:
        return str(ImageFont.truetype(name, 16).path)
    except OSError:
        return None


@cache
def _load(name: str, size: int) -> Font:
    return ImageFont.truetype(name, size) if name else ImageFont.load_default(size)


@cache
def _names() -> tuple[str, ...]:
    return (*filter(None, map(_file, FILES)), OWN)


@lru_cache(4096)
def _font_of(char: str) -> str | None:
    """Return the first font that has a letter, by path; None = no font has it."""
    return next((name for name in _names() if _has(name, char)), None)


def _has(name: str, char: str) -> bool:
    font = _load(name, 16)
    try:
        drawn, lacking = font.getmask(char), font.getmask(_NO_LETTER)
    except (OSError, ValueError):  # a bitmap font knows Latin letters alone
        return False
    return (drawn.size, bytes(drawn)) != (lacking.size, bytes(lacking))


@lru_cache(1024)
def _runs(text: str) -> tuple[tuple[str, str], ...]:
    """Split a text into runs of one font: (what to draw, font)."""
    fonts: list[str | None] = []
    for char in text:
        joined = fonts and unicodedata.category(char) in _JOINED
        fonts.append(fonts[-1] if joined else _font_of(char))
    runs = []
    for font, pairs in groupby(zip(fonts, text, strict=True), key=lambda pair: pair[0]):
        run = "".join(char for _, char in pairs)
        runs.append((stand_in(run), _names()[0]) if font is None else (run, font))
    return tuple(runs)


def stand_in(run: str) -> str:
    """Name characters that no font has, in brackets: "[cjk x 4]", "[grinning face]"."""
    chars = [char for char in run if unicodedata.category(char) not in _JOINED]
    named = [(unicodedata.category(char)[0], unicodedata.name(char, "unknown").lower()) for char in chars]
    parts = []
    for part, group in groupby(name.split()[0] if kind == "L" else name for kind, name in named):
        count = len(list(group))
        parts.append(part if count == 1 else f"{part} x {count}")
    return f"[{', '.join(parts)}]" if parts else ""


def text_width(text: str, size: int) -> float:
    """Return how wide a text will be, in pixels."""
    return sum(_load(font, size).getlength(run) for run, font in _runs(text))


def draw_text(pen: ImageDraw.ImageDraw, left: float, middle: float, text: str, colour: str, size: int) -> None:
    """Draw a line of text.

    Args:
        pen: of the picture.
        left: where it begins, in pixels.
        middle: height of the middle of the line, in pixels.
        text: without line breaks.
        colour: as #rrggbb.
        size: of the letters, in pixels.
    """
    for run, name in _runs(text):
        font = _load(name, size)
        shown = run[::-1] if is_right_to_left(run) and not _SHAPES else run
        pen.text((left, middle), shown, colour, font, anchor="lm")
        left += font.getlength(run)


def is_right_to_left(text: str) -> bool:
    """Return whether the first letter with a direction is of a right-to-left script."""
    directions = (unicodedata.bidirectional(char) for char in text)
    return next((way for way in directions if way in ("L", "R", "AL")), "L") != "L"
