"""The strip of text below an annotated picture: the post with its entities marked, then one line for each entity."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from PIL import Image, ImageDraw, ImageFont

from unco.types import Box, Correction, Entity, Result, Span

MARGIN, LINE, SIZE, SMALL = 20, 32, 20, 16
"""Pixels: space around the text, height of a line, sizes of the letters of the post and of the entity lines."""

INK = "#1f2937"

Piece = tuple[str, str | None]
"""A word or a part of one, and the colour behind it; None = plain."""

Letters = ImageFont.FreeTypeFont | ImageFont.ImageFont


@cache
def letters(size: int) -> Letters:
    """Load a font: DejaVu Sans or Arial if installed (they cover more alphabets), else Pillow's own."""
    for name in ("DejaVuSans.ttf", "Arial.ttf"):
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    return ImageFont.load_default(size)


def one_line(text: str) -> str:
    """Collapse white space to single spaces and replace lone surrogates, which no font can draw, by question marks."""
    return " ".join(text.encode("utf-8", "replace").decode().split())


def draw_strip(result: Result, colours: Mapping[str, str], width: int) -> Image.Image:
    """Draw the strip, as high as its text needs.

    Args:
        result: the post and its entities.
        colours: of each type in it, as #rrggbb.
        width: in pixels.
    """
    rows = [(SIZE, line) for line in wrap(post_pieces(result, colours), width - 2 * MARGIN, SIZE)]
    for entity in result.entities:
        pieces = [(f" {one_line(entity.text)} ", colours[entity.shown_type]), *_words(f" · {entity_line(entity)}")]
        rows += [(SMALL, line) for line in wrap(pieces, width - 2 * MARGIN, SMALL)]
    for one in result.dropped:
        name, kind = one_line(one.entity.text), one_line(one.entity.shown_type)
        pieces = [*_words(f"dropped: {name} · {kind} · doubt {one.doubt:.2f}")]
        rows += [(SMALL, line) for line in wrap(pieces, width - 2 * MARGIN, SMALL)]
    strip = Image.new("RGB", (width, len(rows) * LINE + 2 * MARGIN), "#f9fafb")
    pen = ImageDraw.Draw(strip)
    for number, (size, line) in enumerate(rows):
        _draw_line(pen, line, MARGIN + number * LINE, letters(size))
    return strip


def entity_line(entity: Entity) -> str:
    """Summarise one entity in a line: type, whether it is in the picture, and what was corrected."""
    parts = [one_line(entity.shown_type), "in the picture" if entity.region else "not in the picture"]
    changes = [correction for correction in entity.corrections if correction.is_changed]
    parts += [f"{change.attribute} corrected: {_change(change, entity)}" for change in changes]
    if any(correction.authored for correction in entity.corrections):
        parts.append("authored answer: written by hand, no model said it")
    if any(correction.simulated for correction in entity.corrections):
        parts.append("simulated answer: no model said it")
    return " · ".join(parts)


def _change(change: Correction, entity: Entity) -> str:
    if change.attribute == "span":
        return f"now '{one_line(entity.text)}'"
    before, after = (_value(value) for value in (change.before, change.after))
    return f"was {before}, now {after}"


def _value(value: Span | Box | str | None) -> str:
    if isinstance(value, Box):
        return f"[{value.x1:.0f},{value.y1:.0f},{value.x2:.0f},{value.y2:.0f}]"
    return "not in the picture" if value is None else one_line(str(value))


def post_pieces(result: Result, colours: Mapping[str, str]) -> Iterator[Piece]:
    """Split the post's text into words, each with the colour of its entity."""
    at = 0
    for entity in sorted(result.entities, key=lambda entity: (entity.start_char, entity.stop_char)):
        start = max(at, entity.start_char)  # Where two entities overlap, the earlier one keeps its colour.
        yield from _words(result.text[at:start])
        yield from _words(result.text[start : entity.stop_char], colours[entity.shown_type])
        at = max(at, entity.stop_char)
    yield from _words(result.text[at:])


def _words(text: str, colour: str | None = None) -> Iterator[Piece]:
    """Split a text into words and single spaces, so that lines can break there."""
    for word in re.findall(r"\s+|\S+", text):
        yield one_line(word) or " ", colour


def wrap(pieces: Iterable[Piece], width: int, size: int) -> list[list[Piece]]:
    """Wrap pieces into lines of at most `width` pixels; a word longer than a line is cut."""
    font = letters(size)
    lines: list[list[Piece]] = [[]]
    room = float(width)
    for text, colour in pieces:
        if font.getlength(text) > room and lines[-1]:
            lines.append([])
            room = width
        for part in _cut(text, width, font) if lines[-1] or text != " " else ():
            if font.getlength(part) > room and lines[-1]:
                lines.append([])
                room = width
            lines[-1].append((part, colour))
            room -= font.getlength(part)
    return lines


def _cut(text: str, width: int, font: Letters) -> Iterator[str]:
    """Cut a text into parts that fit on a line; nearly always one."""
    while font.getlength(text) > width and len(text) > 1:
        stop = max(1, int(len(text) * width / font.getlength(text)) - 1)
        yield text[:stop]
        text = text[stop:]
    yield text


def _draw_line(pen: ImageDraw.ImageDraw, line: list[Piece], top: int, font: Letters) -> None:
    x = float(MARGIN)
    for text, colour in line:
        width = font.getlength(text)
        if colour:
            pen.rectangle((x, top + 3, x + width, top + LINE - 4), colour)
        pen.text((x, top + LINE / 2), text, "white" if colour else INK, font, anchor="lm")
        x += width
