"""Drawing of a result: boxes on the picture, and below it the text with its entities in the same colours."""

from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

from PIL import Image, ImageDraw

from unco.errors import PictureError
from unco.tools.pictures.annotate_strip import draw_strip, letters, one_line
from unco.tools.pictures.view import view_picture
from unco.types import Box, Entity, Result

NARROWEST, WIDEST, TALLEST = 640, 1280, 2400
"""Pixels of what is drawn: small pictures are enlarged so that labels can be read, large ones shrunk."""

COLOURS = {"PER": "#c2410c", "LOC": "#15803d", "ORG": "#1d4ed8", "MISC": "#7e22ce", "OTHER": "#7e22ce"}
"""Of the four coarse types; dark enough for white letters."""

MORE_COLOURS = ("#be123c", "#0e7490", "#a16207", "#4d7c0f", "#6d28d9", "#9d174d", "#0f766e", "#b45309")
"""Shared out among other types by name, so that a type has its colour in every picture."""

Corners = tuple[float, float, float, float]


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
    for entity in entities:
        for old in _boxes_before(entity):
            _dashed(pen, _scaled(old, scale), colours[entity.shown_type])
        if entity.region:
            corrected = any(correction.is_changed for correction in entity.corrections)
            pen.rectangle(
                _scaled(entity.region, scale), outline=colours[entity.shown_type], width=5 if corrected else 2
            )
    labels: list[Corners] = []
    for entity in entities:
        if entity.region:
            _label(pen, picture.size, entity, colours[entity.shown_type], _scaled(entity.region, scale), labels)


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


def _label(
    pen: ImageDraw.ImageDraw,
    size: tuple[int, int],
    entity: Entity,
    colour: str,
    box: Corners,
    labels: list[Corners],
) -> None:
    """Draw a label above the box, else below or inside it, moved down past labels already there."""
    changed = [correction.attribute for correction in entity.corrections if correction.is_changed]
    words = one_line(entity.text)
    words = words if len(words) <= 32 else words[:31] + "..."
    text = f" {words} · {one_line(entity.shown_type)} " + (f"· {', '.join(changed)} corrected " if changed else "")
    font = letters(16)
    width, height = font.getlength(text), 24
    left = min(max(box[0], 0), max(0, size[0] - width))
    inside = box[3] - box[1] >= 4 * height or box[3] + height > size[1]
    top = box[1] - height if box[1] >= height else max(box[1], 0) if inside else box[3] + 3
    while any(left < x2 and x1 < left + width and top < y2 and y1 < top + height for x1, y1, x2, y2 in labels):
        top += height
    labels.append((left, top, left + width, top + height))
    pen.rectangle(labels[-1], colour)
    pen.text((left, top + height / 2), text, "white", font, anchor="lm")


def save_annotated(result: Result, image: str | None, target: Path) -> None:
    """Draw a result and write it as a picture file; a post without a picture gets a blank one above its text.

    Args:
        result: what was found.
        image: the picture as it was handed in.
        target: path with a suffix that Pillow knows (.png, .jpg); its folder is made if need be.

    Raises:
        PictureError: the picture can no longer be read, or the target cannot be written.
    """
    picture = view_picture(image).at_full_size() if image is not None else Image.new("RGB", (NARROWEST, 40), "white")
    drawn = annotate(picture, result)
    try:
        if target.suffix.lower() not in Image.registered_extensions():
            raise ValueError(f"unknown file extension: {target.suffix!r}")
        target.parent.mkdir(parents=True, exist_ok=True)
        drawn.save(target)
    except (OSError, ValueError) as error:
        raise PictureError(f"{target} cannot be written: {error}; give a path that ends in .png or .jpg") from error
