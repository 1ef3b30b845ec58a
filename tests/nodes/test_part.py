"""A part of a picture and its boxes, worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.nodes.questions.part import Part, part_around
from unco.tools.box_frames.frame import decode, frame_by_name
from unco.types import Box

CLOSE = Part((180, 80, 420, 320), 768, 768)
"""240 x 240 pixels, 3.2 times enlarged."""


@pytest.mark.parametrize(
    ("area", "size", "corners", "shown"),
    [
        (Box(200, 100, 400, 300), (1000, 800), (180, 80, 420, 320), (768, 768)),  # a tenth around it
        (Box(900, 700, 1000, 800), (1000, 800), (890, 690, 1000, 800), (768, 768)),  # at the edge
        (Box(500, 400, 510, 410), (1000, 800), (477, 377, 533, 433), (448, 448)),  # tiny: 56 x 56, 8 times
        (Box(0, 795, 5, 800), (1000, 800), (0, 744, 56, 800), (448, 448)),  # tiny, in a corner
        (Box(0, 0, 20, 30), (1000, 40), (0, 0, 56, 40), (448, 320)),  # of a low picture all its height
        (Box(100, 100, 3100, 2100), (4000, 4000), (0, 0, 3400, 2300), (3400, 2300)),  # large: as it is
    ],
)
def test_the_part_to_show(area: Box, size: tuple[int, int], corners: tuple[int, ...], shown: tuple[int, int]) -> None:
    assert part_around(area, *size) == Part(corners, *shown)  # type: ignore[arg-type]


@pytest.mark.parametrize(("area", "size"), [(Box(0, 0, 990, 800), (1000, 800)), (Box(5, 5, 10, 10), (50, 50))])
def test_the_whole_picture_is_no_part(area: Box, size: tuple[int, int]) -> None:
    assert part_around(area, *size) is None


@pytest.mark.parametrize(
    ("frame", "numbers"),
    [
        ("pixels", [192, 192, 384, 576]),
        ("0-1000", [250, 250, 500, 750]),
        ("0-1000-yx", [250, 250, 750, 500]),
        ("0-1", [0.25, 0.25, 0.5, 0.75]),
        ("resized_pixels", [189, 189, 378, 567]),  # sent as 756 x 756, in multiples of 28
    ],
)
def test_an_answer_in_the_part_is_a_box_of_the_picture(frame: str, numbers: list[float]) -> None:
    box = CLOSE.outside(decode(numbers, frame_by_name(frame), CLOSE.width, CLOSE.height))
    assert (box.x1, box.y1, box.x2, box.y2) == pytest.approx((240, 140, 300, 260))


def test_a_box_of_the_picture_in_the_part() -> None:
    assert CLOSE.inside(Box(240, 140, 300, 260)) == Box(192, 192, 384, 576)
    assert CLOSE.inside(Box(0, 0, 300, 200)) == Box(0, 0, 384, 384), "clipped"
    assert CLOSE.inside(Box(0, 0, 180, 400)) is None
    assert CLOSE.share_inside(Box(120, 80, 240, 120)) == pytest.approx(0.5)
    assert CLOSE.share_inside(Box(0, 0, 100, 100)) == 0.0


side = st.integers(60, 3000)
share = st.floats(0, 0.8)


@given(side, side, share, share, st.floats(0.01, 0.2), st.floats(0.01, 0.2))
def test_a_box_comes_back(width: int, height: int, x: float, y: float, across: float, down: float) -> None:
    area = Box(x * width, y * height, (x + across) * width, (y + down) * height)
    part = part_around(area, width, height)
    if part is None:
        return
    left, top, right, bottom = part.corners
    assert 0 <= left < right <= width
    assert 0 <= top < bottom <= height
    inside = part.inside(area)
    assert inside is not None
    assert inside.x2 <= part.width * 1.0001
    assert part.outside(inside).iou(area) > 0.999
