"""Boxes drawn for an MLLM: their places and colours, the same on every machine."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from unco.tools.pictures.mark_boxes import COLOURS, FOUND, mark_boxes
from unco.types import Box


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(int(colour[place : place + 2], 16) for place in (1, 3, 5))


def white(size: tuple[int, int] = (200, 100)) -> Image.Image:
    return Image.new("RGB", size, "white")


def test_the_picture_itself_stays_as_it_is() -> None:
    picture = white()
    marked = mark_boxes(picture, [Box(10, 10, 90, 90)], Box(20, 20, 60, 60), (1.0, 1.0))
    assert picture.getcolors() == [(20_000, (255, 255, 255))]
    assert marked.size == picture.size
    assert marked is not picture


def test_edges_stand_where_the_box_ends() -> None:
    marked = mark_boxes(white(), [Box(100, 20, 180, 90)], None, (1.0, 1.0))
    colour = rgb(COLOURS[0])
    assert all(marked.getpixel(point) == colour for point in ((100, 60), (179, 60), (140, 20), (140, 89)))
    assert all(marked.getpixel(point) == (255, 255, 255) for point in ((99, 60), (180, 60), (140, 19), (140, 90)))


def test_original_pixels_are_scaled_to_those_sent() -> None:
    marked = mark_boxes(white(), [], Box(200, 40, 360, 180), (0.5, 0.5))
    assert marked.getpixel((100, 60)) == marked.getpixel((179, 60)) == rgb(FOUND)


def test_neighbouring_numbers_have_their_own_colours() -> None:
    boxes = [Box(10 + 60 * n, 10, 60 + 60 * n, 90) for n in range(3)]
    marked = mark_boxes(white(), boxes, None, (1.0, 1.0))
    assert [marked.getpixel((30 + 60 * n, 89)) for n in range(3)] == [rgb(colour) for colour in COLOURS[:3]]


sides = st.floats(0, 100).map(lambda x: round(x, 2))


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(sides, sides, sides, sides), max_size=5), st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_any_boxes_can_be_drawn_in_any_picture(corners: list[tuple[float, ...]], size: tuple[int, int]) -> None:
    boxes = [Box(*box) for box in corners if box[0] < box[2] and box[1] < box[3]]
    marked = mark_boxes(white(size), boxes, boxes[0] if boxes else None, (size[0] / 100, size[1] / 100))
    assert marked.size == size


@pytest.mark.parametrize("number", [1, 28])
def test_numbers_are_drawn(number: int) -> None:
    boxes = [Box(100, 20, 180, 90)] * number
    colours = mark_boxes(white(), boxes, None, (1.0, 1.0)).getcolors(20_000)
    assert colours is not None
    assert len(colours) > 3, "digits are white on a colour, with soft edges"


def test_a_number_stands_beside_its_box_where_there_is_room() -> None:
    white = Image.new("RGB", (200, 100), "white")
    marked = mark_boxes(white, [Box(60, 20, 160, 80)], None, (1.0, 1.0))
    assert marked.crop((63, 23, 157, 77)).getcolors() == [(94 * 54, (255, 255, 255))]
    assert marked.crop((40, 20, 60, 40)).getcolors() != [(400, (255, 255, 255))]
    cornered = mark_boxes(white, [Box(0, 20, 160, 80)], None, (1.0, 1.0))
    assert len(cornered.crop((3, 23, 157, 77)).getcolors() or []) > 1
