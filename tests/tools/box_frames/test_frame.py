from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from unco.errors import PictureError, Rejected
from unco.tools.box_frames.frame import FRAMES, Frame, decode, encode, frame_by_name, sent_size, with_longest_side
from unco.tools.pictures.resize import MAX_ASPECT, fit, smart_resize
from unco.types import Box

VARIANTS = [
    frame_by_name("resized_pixels:401408"),
    *(with_longest_side(FRAMES[name], 640) for name in ("pixels", "resized_pixels")),
]
frames = st.sampled_from([*FRAMES.values(), *VARIANTS])
whole_frames = frames.filter(lambda frame: not frame.cells)
sides = st.integers(74, 1200)  # what the benchmark's pictures span


def step(frame: Frame, width: int, height: int) -> tuple[float, float]:
    """Original pixels of one step of the frame along each axis."""
    if frame.scale == "pixels":
        sent = sent_size(frame, width, height)
        return width / sent[0], height / sent[1]
    return width / (frame.scale * 10**frame.decimals), height / (frame.scale * 10**frame.decimals)


@st.composite
def boxes(draw: st.DrawFn, width: int, height: int, least: Sequence[float]) -> Box:
    low: list[float] = []
    high: list[float] = []
    for side, smallest in zip((width, height), least, strict=True):
        length = draw(st.floats(min(smallest, side), side))
        start = draw(st.floats(0, side - length))
        low.append(start)
        high.append(min(start + length, side))
    return Box(*low, *high)


@given(whole_frames, sides, sides, st.data())
def test_round_trip_keeps_the_box(frame: Frame, width: int, height: int, data: st.DataObject) -> None:
    # Numbers that name tokens stay whole; all others are as fine as the box needs.
    least = [max(1.0, (100.001 if frame.top is not None else 3.0) * size) for size in step(frame, width, height)]
    if least[0] > width or least[1] > height:
        return
    box = data.draw(boxes(width, height, least))
    touches = frame.top is not None and (box.x2 > width * 0.999 or box.y2 > height * 0.999)
    again = decode(encode(box, frame, width, height), frame, width, height)
    assert again.iou(box) >= (0.97 if touches else 0.98)


@given(frames, st.integers(1, 6000), st.integers(1, 6000), st.data())
def test_a_box_of_one_pixel_survives(frame: Frame, width: int, height: int, data: st.DataObject) -> None:
    assume(max(width, height) <= MAX_ASPECT * min(width, height))
    box = data.draw(boxes(width, height, (1, 1)))
    numbers = encode(box, frame, width, height)
    assert numbers[0] < numbers[2]
    assert numbers[1] < numbers[3]
    if frame.top is not None or frame.cells:
        most = frame.top or frame.scale
        assert most != "pixels"
        assert 0 <= min(numbers) < max(numbers) <= most
        return  # a far edge without a number, or the middle of a cell, may cost it the last bit of a pixel
    again = decode(numbers, frame, width, height)
    assert 0 <= again.x1 < again.x2 <= width
    assert 0 <= again.y1 < again.y2 <= height
    assert again.iou(box) > 0


def test_worked_examples() -> None:
    box = Box(60, 40, 300, 200)
    assert encode(box, FRAMES["pixels"], 600, 400) == [60, 40, 300, 200]
    assert encode(box, FRAMES["0-1000"], 600, 400) == [100, 100, 500, 500]
    assert encode(Box(60, 80, 300, 200), FRAMES["0-1000-yx"], 600, 400) == [200, 100, 500, 500]
    assert encode(Box(60, 50, 300, 200), FRAMES["0-1"], 600, 400) == [0.1, 0.125, 0.5, 0.5]
    assert encode(box, FRAMES["resized_pixels"], 600, 400) == [59, 39, 294, 196]  # sent at 588 x 392
    assert encode(box, FRAMES["claude_pixels"], 600, 400) == [60, 40, 300, 200]
    assert encode(Box(300, 0, 600, 400), FRAMES["0-999"], 600, 400) == [500, 0, 999, 999]
    assert encode(Box(300, 0, 600, 400), FRAMES["0-999-cells"], 600, 400) == [500, 0, 999, 999]
    assert encode(Box(300, 0, 600, 400), FRAMES["0-1023-yx"], 600, 400) == [0, 512, 1023, 1023]
    assert encode(Box(0, 0, 320, 100), FRAMES["0-1-in-32"], 320, 320) == [0.0156, 0.0156, 0.9844, 0.2969]
    assert encode(Box(12, 12, 18, 300), FRAMES["0-1-in-32"], 320, 320) == [0.0313, 0.0313, 0.0625, 0.9375]
    assert all(isinstance(number, int) for number in encode(box, FRAMES["0-1000"], 600, 400))


def test_decode_orders_and_clips() -> None:
    frame = FRAMES["0-1000"]
    assert decode([500, 500, 100, 100], frame, 600, 400) == Box(60, 40, 300, 200)
    assert decode([-50, 500, 1010, 1200], frame, 600, 400) == Box(0, 200, 600, 400)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([1, 2, 3], "four finite numbers"),
        ([1, 2, 3, float("nan")], "four finite numbers"),
        ([1, 2, True, 4], "four finite numbers"),
        ([1, 2, "3", 4], "four finite numbers"),
        ([10, 10, 10, 300], "less than one pixel"),
        ([1100, 100, 1200, 200], "less than one pixel"),
        ([0, 0, 1, 1], "less than one pixel"),
        ([100, 100, 1800, 900], "perhaps not in the frame 0-1000"),
    ],
)
def test_decode_rejects(values: list[Any], reason: str) -> None:
    with pytest.raises(Rejected, match=reason):
        decode(values, FRAMES["0-1000"], 600, 400)


@given(frames, sides, sides, st.lists(st.floats() | st.integers(), max_size=6))
def test_decode_gives_a_box_inside_or_rejects(frame: Frame, width: int, height: int, values: list[float]) -> None:
    try:
        box = decode(values, frame, width, height)
    except Rejected:
        return
    assert 0 <= box.x1 < box.x2 <= width
    assert 0 <= box.y1 < box.y2 <= height


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_smart_resize_is_left_alone_by_a_second_resize(width: int, height: int) -> None:
    size = smart_resize(width, height)
    assert size[0] % 28 == size[1] % 28 == 0
    if max(width, height) <= 200 * min(width, height):  # beyond, Qwen refuses the picture
        assert 3136 <= size[0] * size[1]
        assert smart_resize(*size) == size


@pytest.mark.parametrize(
    ("size", "sent"), [((600, 400), (588, 392)), ((1200, 1200), (980, 980)), ((74, 74), (84, 84)), ((20, 20), (56, 56))]
)
def test_smart_resize_worked_examples(size: tuple[int, int], sent: tuple[int, int]) -> None:
    assert smart_resize(*size) == sent


def test_fit() -> None:
    assert fit(1200, 800) == (1200, 800)
    assert fit(4096, 2048) == (2048, 1024)
    assert fit(50_000, 1) == (2048, 1)


def test_a_picture_too_narrow_for_the_familys_multiples_is_refused() -> None:
    with pytest.raises(PictureError, match="140000 x 20 pixels are too narrow"):
        sent_size(FRAMES["resized_pixels"], 140_000, 20)
    assert sent_size(FRAMES["resized_pixels"], 4000, 20)[1] == 28
