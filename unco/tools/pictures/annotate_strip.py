"""The strip of text below an annotated picture: the post with its entities marked, then each entity and its doubts."""

import re
from collections.abc import Iterable, Iterator, Mapping

from PIL import Image, ImageDraw

from unco.tools.pictures.drawing.bars import LEGEND, PALE, draw_bars
from unco.tools.pictures.drawing.fonts import draw_text, is_right_to_left, text_width
from unco.types import Box, Correction, Entity, Outcome, Result, Span

MARGIN, LINE, SIZE, SMALL, TINY = 20, 32, 20, 16, 14
"""Pixels: space around the text, height of a line, sizes of the letters of the post, of the entities, of the legend."""

INK = "#1f2937"

Piece = tuple[str, str | None]
"""A word or a part of one, and the colour behind it; None = plain."""

Row = tuple[int, list[Piece]] | Entity
"""A line of text with the size of its letters, or the bars of an entity."""

SAID: dict[Outcome, str] = {
    "kept": "confirmed",
    "rejected": "answer refused",
    "failed": "no readable answer",
    "unavailable": "nobody to ask",
    "reviewed": "reviewed by a person",
    "low_confidence": "answer not sure enough",
}
"""What is said of an attribute that was asked about and did not change; of `reviewed`, whether it did or not."""


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
    rows = list(_rows(result, colours, width - 2 * MARGIN))
    strip = Image.new("RGB", (width, len(rows) * LINE + 2 * MARGIN), "#f9fafb")
    pen = ImageDraw.Draw(strip)
    for number, row in enumerate(rows):
        top = MARGIN + number * LINE
        if isinstance(row, Entity):
            bars = MARGIN, top + LINE / 2, width - 2 * MARGIN
            draw_bars(pen, *bars, row.uncertainty, result.thresholds_of(row))
        else:
            _draw_line(pen, row[1], top, row[0], width)
    return strip


def _rows(result: Result, colours: Mapping[str, str], room: int) -> Iterator[Row]:
    yield from ((SIZE, line) for line in wrap(post_pieces(result, colours), room, SIZE))
    for number, entity in enumerate(result.entities, 1):
        name = f" {number} {one_line(entity.text)} "
        pieces = [(name, colours[entity.shown_type]), *_words(f" · {entity_line(entity)}")]
        yield from ((SMALL, line) for line in wrap(pieces, room, SMALL))
        if entity.found_by == "small model":
            yield entity
    for one in result.dropped:
        said = f"dropped: {one_line(one.entity.text)} · {one_line(one.entity.shown_type)} · doubt {one.doubt:.2f}"
        yield from ((SMALL, line) for line in wrap(_words(said), room, SMALL))
    if result.entities:
        yield from ((TINY, line) for line in wrap(_words(LEGEND), room, TINY))


def entity_line(entity: Entity) -> str:
    """Summarise one entity in a line: type, whether it is in the picture, and what came of each question."""
    parts = [one_line(entity.shown_type), "in the picture" if entity.region else "not in the picture"]
    for note in entity.corrections:
        if note.is_changed and note.outcome != "reviewed":
            parts.append(f"{note.attribute} corrected: {_change(note, entity)}")
        elif note.outcome in SAID:
            parts.append(f"{note.attribute}: {SAID[note.outcome]}")
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
    lines: list[list[Piece]] = [[]]
    room = float(width)
    for text, colour in pieces:
        if text_width(text, size) > room and lines[-1]:
            lines.append([])
            room = width
        for part in _cut(text, width, size) if lines[-1] or text != " " else ():
            if text_width(part, size) > room and lines[-1]:
                lines.append([])
                room = width
            lines[-1].append((part, colour))
            room -= text_width(part, size)
    return lines


def _cut(text: str, width: int, size: int) -> Iterator[str]:
    """Cut a text into parts that fit on a line; nearly always one."""
    while text_width(text, size) > width and len(text) > 1:
        stop = max(1, int(len(text) * width / text_width(text, size)) - 1)
        yield text[:stop]
        text = text[stop:]
    yield text


def _draw_line(pen: ImageDraw.ImageDraw, line: list[Piece], top: int, size: int, width: int) -> None:
    """Draw a line of pieces, from the right where its first word is of a right-to-left script."""
    from_right = is_right_to_left("".join(text for text, _ in line))
    x = float(width - MARGIN if from_right else MARGIN)
    plain = PALE if size == TINY else INK
    for text, colour in line:
        length = text_width(text, size)
        x -= length if from_right else 0
        if colour:
            pen.rectangle((x, top + 3, x + length, top + LINE - 4), colour)
        draw_text(pen, x, top + LINE / 2, text, "white" if colour else plain, size)
        x += 0 if from_right else length
