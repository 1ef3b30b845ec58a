from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unco.tools.pictures.annotate import annotate, colour_of
from unco.tools.pictures.annotate_strip import entity_line, letters, post_pieces, wrap
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
    assert all(sum(letters(16).getlength(part) for part, _ in line) <= 300 for line in lines)


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
