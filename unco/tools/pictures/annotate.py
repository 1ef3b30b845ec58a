"""Draw a result: boxes on the picture, and below it the text, the entities and how sure the model is of each."""

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from PIL import Image, ImageDraw

from unco.errors import PictureError
from unco.tools.pictures.annotate_strip import draw_strip, one_line
from unco.tools.pictures.drawing.fonts import draw_text, text_width
from unco.tools.pictures.drawing.labels import Corners, free_place
from unco.tools.pictures.view import view_picture
from unco.types import Box, Entity, Result

NARROWEST, WIDEST, TALLEST = 640, 1280, 2400
"""Pixels of what is drawn: small pictures are enlarged so that labels can be read, large ones shrunk."""

COLOURS = {"PER": "#c2410c", "LOC": "#15803d", "ORG": "#1d4ed8", "MISC": "#7e22ce", "OTHER": "#7e22ce"}
"""Of the four coarse types; dark enough for white letters."""

MORE_COLOURS = ("#be123c", "#0e7490", "#a16207", "#4d7c0f", "#6d28d9", "#9d174d", "#0f766e", "#b45309")
"""Shared out among other types by name, so that a type has its colour in every picture."""

LETTERS, LABEL = 16, 24
"""Pixels: size of the letters in a label, and its height."""


def annotate(picture: Image.Image, result: Result) -> Image.Image:
    """Draw a result: boxes with labels, the box before a correction dashed, and a strip of text below.

    Args:
        picture: upright, so that its pixels are those of the result's boxes.
        result: what was found.

    Returns:
        RGB, at least 640 pixels wide.
    """
    colours = {entity.shown_type: colour_of(entity.shown_type) for entity in result.entities}
    shown, scale = _resized(picture)
    _draw_boxes(shown, result.entities, colours, scale)
    width = max(NARROWEST, shown.width)
    strip = draw_strip(result, colours, width)
    sheet = Image.new("RGB", (width, shown.height + strip.height), "#e5e7eb")
    sheet.paste(shown, ((width - shown.width) // 2, 0))
    sheet.paste(strip, (0, shown.height))
    return sheet


def colour_of(entity_type: str) -> str:
    """Return the colour of a type, as #rrggbb."""
    return COLOURS.get(entity_type) or MORE_COLOURS[crc32(entity_type.encode("utf-8", "replace")) % len(MORE_COLOURS)]


def _resized(picture: Image.Image) -> tuple[Image.Image, float]:
    """Copy at a readable size; returns it and its pixels for each original pixel."""
    scale = min(max(1.0, NARROWEST / picture.width), WIDEST / picture.width, TALLEST / picture.height)
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    return picture.convert("RGB").resize(size, Image.Resampling.LANCZOS), scale


def _draw_boxes(picture: Image.Image, entities: tuple[Entity, ...], colours: dict[str, str], scale: float) -> None:
    """Draw boxes first and labels last, so that no box crosses a label."""
    pen = ImageDraw.Draw(picture)
    boxes: list[Corners] = []
    for entity in entities:
        for old in _boxes_before(entity):
            boxes.append(_scaled(old, scale))
            _dashed(pen, boxes[-1], colours[entity.shown_type])
        for region in entity.regions:
            corrected = any(correction.is_changed for correction in entity.corrections)
            boxes.append(_scaled(region, scale))
            pen.rectangle(boxes[-1], outline=colours[entity.shown_type], width=5 if corrected else 2)
    labels: list[Corners] = []
    for number, entity in enumerate(entities, 1):
        if entity.region:
            box, colour = _scaled(entity.region, scale), colours[entity.shown_type]
            _label(pen, picture.size, (f" {number} {_title(entity)} ", f" {number} "), colour, box, labels, boxes)


def _boxes_before(entity: Entity) -> Iterator[Box]:
    for correction in entity.corrections:
        if correction.is_changed and isinstance(correction.before, Box):
            yield correction.before


def _scaled(box: Box, scale: float) -> Corners:
    return box.x1 * scale, box.y1 * scale, box.x2 * scale, box.y2 * scale


def _dashed(pen: ImageDraw.ImageDraw, corners: Corners, colour: str, dash: int = 9) -> None:
    left, top, right, bottom = (round(edge) for edge in corners)
    for x in range(left, right, 2 * dash):
        for y in (top, bottom):
            pen.line((x, y, min(x + dash, right), y), colour, 2)
    for y in range(top, bottom, 2 * dash):
        for x in (left, right):
            pen.line((x, y, x, min(y + dash, bottom)), colour, 2)


def _title(entity: Entity) -> str:
    changed = [correction.attribute for correction in entity.corrections if correction.is_changed]
    words = one_line(entity.text)
    words = words if len(words) <= 32 else words[:31] + "..."
    return f"{words} · {one_line(entity.shown_type)}" + (f" · {', '.join(changed)} corrected" if changed else "")


def _label(
    pen: ImageDraw.ImageDraw,
    size: tuple[int, int],
    texts: tuple[str, ...],
    colour: str,
    box: Corners,
    labels: list[Corners],
    boxes: list[Corners],
) -> None:
    """Draw the first text that has a free place, at the nearest one; none where the picture is full."""
    for text in texts:
        place = free_place(box, (text_width(text, LETTERS), LABEL), size, labels, boxes)
        if place is not None:
            labels.append(place)
            pen.rectangle(place, colour)
            draw_text(pen, place[0], place[1] + LABEL / 2, text, "white", LETTERS)
            return


def save_annotated(result: Result, image: str | None, target: Path) -> None:
    """Draw a result and write it as a picture file; a post without a picture gets a blank one above its text.

    Args:
        result: what was found.
        image: the picture as it was handed in.
        target: path with a suffix that Pillow knows (.png, .jpg); its folder is made if need be.

    Raises:
        PictureError: the picture can no longer be read, or the target cannot be written.
    """
    if target.suffix.lower() not in Image.registered_extensions():
        named = f"unknown file extension: {target.suffix!r}; give a path that ends in .png or .jpg"
        raise PictureError(f"{target} cannot be written: {named}")
    picture = view_picture(image).at_full_size() if image is not None else Image.new("RGB", (NARROWEST, 40), "white")
    drawn = annotate(picture, result)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(target)
    except (OSError, ValueError) as error:
        raise PictureError(f"{target} cannot be written: {getattr(error, 'strerror', None) or error}") from error
