from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from unco.tools.pictures.annotate import annotate, colour_of
from unco.tools.pictures.annotate_strip import entity_line, post_pieces, wrap
from unco.tools.pictures.drawing import fonts
from unco.tools.pictures.drawing.bars import SURE as GREY
from unco.tools.pictures.drawing.bars import UNSURE
from unco.tools.pictures.drawing.fonts import draw_text, stand_in, text_width
from unco.tools.pictures.drawing.labels import free_place
from unco.types import Attribute, Box, Correction, Entity, Result, Span, Thresholds, Uncertainty

SURE = Uncertainty(0.1, 0.1, 0.1)


def entity(
    index: int,
    text: str,
    surface: str,
    kind: str = "PER",
    region: Box | None = None,
    corrections: Sequence[Correction] = (),
) -> Entity:
    at = text.index(surface)
    return Entity(index, Span(0, 1), surface, at, at + len(surface), kind, region, SURE, SURE, tuple(corrections))


def result(text: str, *entities: Entity) -> Result:
    return Result(text, tuple(text.split()), entities, None, Thresholds(0.4, 0.3, 0.5), "model")


def changed(attribute: Attribute, before: Any, after: Any, authored: bool = False) -> Correction:
    return Correction(attribute, "changed", before, after, 0.7, 0.4, authored=authored)


def colours_in(image: Image.Image, corners: tuple[int, int, int, int]) -> set[Any]:
    counted = image.crop(corners).getcolors(1_000_000)
    assert counted is not None
    return {colour for _, colour in counted}


def rgb(kind: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour_of(kind)[1:]))


def test_box_label_and_strip_carry_the_colour_of_the_type() -> None:
    text = "Ada met Bob"
    sheet = annotate(Image.new("RGB", (640, 400)), result(text, entity(0, text, "Ada", region=Box(100, 200, 300, 380))))
    assert sheet.width == 640
    assert sheet.height > 400
    assert sheet.getpixel((100, 300)) == rgb("PER")
    assert rgb("PER") in colours_in(sheet, (100, 176, 300, 198))
    assert rgb("PER") in colours_in(sheet, (0, 400, 640, sheet.height))
    assert colours_in(sheet, (310, 170, 640, 390)) == {(0, 0, 0)}


def test_a_correction_thickens_the_box_and_dashes_the_old_one() -> None:
    text, old, new = "Ada", Box(400, 50, 600, 150), Box(100, 200, 300, 380)
    corrected = entity(0, text, "Ada", region=new, corrections=[changed("region", old, new)])
    sheet = annotate(Image.new("RGB", (640, 400)), result(text, corrected))
    assert sheet.getpixel((104, 300)) == rgb("PER")
    top = [sheet.getpixel((x, 50)) == rgb("PER") for x in range(400, 600)]
    assert 60 < sum(top) < 160
    kept = annotate(Image.new("RGB", (640, 400)), result(text, entity(0, text, "Ada", region=new)))
    assert kept.getpixel((104, 300)) == (0, 0, 0)


def test_entity_line_lists_corrections() -> None:
    text = "in Des Moines Tribune"
    box = Box(1, 2, 30, 40)
    corrections = [
        changed("type", "LOC", "MISC", True),
        changed("region", None, box),
        changed("span", Span(1, 2), Span(0, 2)),
    ]
    line = entity_line(entity(0, text, "Des Moines Tribune", "MISC", box, corrections))
    assert "type corrected: was LOC, now MISC" in line
    assert "region corrected: was not in the picture, now [1,2,30,40]" in line
    assert "span corrected: now 'Des Moines Tribune'" in line
    assert "authored answer" in line
    assert entity_line(entity(0, text, "Des Moines")) == "PER · not in the picture"


def test_post_pieces_give_back_the_text() -> None:
    text = "Des Moines Tribune, Des"
    inner, outer = entity(0, text, "Moines", "LOC"), entity(1, text, "Des Moines Tribune", "ORG")
    pieces = list(post_pieces(result(text, inner, outer), {"LOC": "#1", "ORG": "#2"}))
    assert "".join(piece for piece, _ in pieces) == text
    assert [piece for piece, colour in pieces if colour == "#2"] == ["Des", " ", "Moines", " ", "Tribune"]


def test_wrapped_lines_fit() -> None:
    words = "short " + "w" * 400 + " end"
    lines = wrap([(word, None) for word in words.split(" ")], 300, 16)
    assert "".join(part for line in lines for part, _ in line) == words.replace(" ", "")
    assert all(sum(text_width(part, 16) for part, _ in line) <= 300 for line in lines)


@pytest.mark.parametrize("size", [(1, 1), (20, 900), (3000, 40), (2, 6000), (1200, 1200)])
def test_any_size(size: tuple[int, int]) -> None:
    text = "Ada"
    found = entity(0, text, "Ada", region=Box(0, 0, *size), corrections=[changed("region", Box(0, 0, 1, 1), None)])
    sheet = annotate(Image.new("RGB", size), result(text, found))
    assert 640 <= sheet.width <= 1280
    assert sheet.height < 3000


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀👩‍👩‍👧",
        "مرحبا بالعالم",
        "שלום",
        "東京タワー",
        "a\nb\t\r\nc",
        "e\u0301" * 30,
        "x" * 3000,
        "\x00\x07\u202e",
    ],
)
def test_any_text(text: str) -> None:
    post = f"{text} Ada"
    whole = Entity(0, Span(0, 1), post, 0, len(post), f"TYPE {text[:9]}", Box(1, 1, 9, 9), SURE, SURE)
    assert annotate(Image.new("L", (40, 40)), result(post, whole)).mode == "RGB"


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=()), min_size=1, max_size=40))
def test_really_any_text(text: str) -> None:
    whole = Entity(0, Span(0, 1), text, 0, len(text), text, Box(1, 1, 9, 9), SURE, SURE, (changed("type", text, text),))
    assert annotate(Image.new("L", (40, 40)), result(text, whole)).mode == "RGB"


def test_the_picture_is_left_alone() -> None:
    picture = Image.new("RGB", (700, 400))
    before = picture.tobytes()
    annotate(picture, result("Ada", entity(0, "Ada", "Ada", region=Box(1, 1, 300, 300))))
    assert picture.tobytes() == before


def test_a_bar_shows_each_doubt_against_its_threshold() -> None:
    text = "Ada"
    doubts = Uncertainty(0.9, 0.2, 0.1)
    found = Entity(0, Span(0, 1), text, 0, 3, "PER", None, doubts, doubts)
    strip = annotate(Image.new("RGB", (640, 40)), result(text, found)).crop((0, 40, 640, 400))
    assert {bytes.fromhex(UNSURE[1:]), bytes.fromhex(GREY[1:])} <= {
        bytes(one) for one in colours_in(strip, (0, 0, *strip.size))
    }
    added = Entity(0, Span(0, 1), text, 0, 3, "PER", None, doubts, doubts, found_by="recall")
    strip = annotate(Image.new("RGB", (640, 40)), result(text, added))
    assert bytes.fromhex(UNSURE[1:]) not in {bytes(one) for one in colours_in(strip, (0, 0, *strip.size))}, (
        "nobody measured"
    )


def test_what_came_of_a_question_is_said() -> None:
    asked = [Correction("span", "kept", None, None, 0.7, 0.4), Correction("type", "rejected", "PER", "PER", 0.7, 0.3)]
    assert "span: confirmed · type: answer refused" in entity_line(entity(0, "Ada", "Ada", corrections=asked))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 300)] * 4), min_size=1, max_size=8), st.integers(20, 200))
def test_labels_hide_neither_each_other_nor_a_line_of_a_box(
    corners: list[tuple[int, int, int, int]], width: int
) -> None:
    boxes = [(min(a, c), min(b, d), max(a, c) + 1, max(b, d) + 1) for a, b, c, d in corners]
    labels: list[Any] = []
    for box in boxes:
        place = free_place(box, (width, 24), (320, 320), labels, boxes)
        if place is not None:
            labels.append(place)
    canvas = Image.new("1", (320, 320))
    pen = ImageDraw.Draw(canvas)
    for box in boxes:
        pen.rectangle(box, outline=1)
    for number, (left, top, right, bottom) in enumerate(labels):
        assert canvas.crop((left, top, right, bottom)).getbbox() is None, "the lines of the boxes can be seen"
        for other in labels[:number]:
            assert left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom


def test_letters_that_no_font_has_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    assert stand_in("東京") == "[cjk x 2]"
    assert stand_in("😀🚀") == "[grinning face, rocket]"
    monkeypatch.setattr(fonts, "_font_of", lambda char: "" if char.isascii() else None)
    fonts._runs.cache_clear()
    try:
        assert "".join(run for run, _ in fonts._runs("to 東京 by 🚀")) == "to [cjk x 2] by [rocket]"
    finally:
        fonts._runs.cache_clear()


def test_a_line_of_arabic_begins_at_the_right() -> None:
    sheet = annotate(Image.new("RGB", (640, 40)), result("\u0645\u0631\u062d\u0628\u0627"))
    row = sheet.convert("L").crop((0, 40 + 20, 640, 40 + 20 + 32))
    ink = row.point(lambda value: 255 if value < 128 else 0).getbbox()
    assert ink is not None
    assert ink[0] > 320


def test_a_line_of_text_is_drawn_in_fonts_that_have_it() -> None:
    sheet = Image.new("RGB", (300, 40), "white")
    draw_text(ImageDraw.Draw(sheet), 4, 20, "Ada 東 \u0645", "#000000", 16)
    assert sheet.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox() is not None
