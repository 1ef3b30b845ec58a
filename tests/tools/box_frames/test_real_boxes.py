"""What a round trip through a box frame keeps of the real boxes, by their real picture sizes."""

from pathlib import Path

import pytest

from unco.errors import Rejected
from unco.evals.data.voc import read_boxes
from unco.tools.box_frames.checks import check_large_enough
from unco.tools.box_frames.frame import FRAMES, Frame, decode, encode, sent_size, with_longest_side
from unco.types import Box

Boxes = list[tuple[Box, tuple[int, int]]]

MEASURED = {
    "pixels": (0, 1.0),
    "resized_pixels": (0, 0.9958),
    "claude_pixels": (0, 0.9999),
    "0-1000": (0, 0.9968),
    "0-1000-yx": (0, 0.9968),
    "0-999": (0, 0.9966),
    "0-999-cells": (475, 0.9944),
    "0-1023-yx": (407, 0.9946),
    "0-1": (0, 0.9995),
}
"""How many of the 8,058 boxes come back at an IoU under 0.98, and the mean IoU of all."""


@pytest.fixture(scope="module")
def real_boxes() -> Boxes:
    folder = Path(__file__).parents[4] / "shared" / "data" / "twitter-gmner" / "xml"
    if not folder.is_dir():
        pytest.skip("the real data sets are not here: put them into ../shared to run this test")
    read = [read_boxes(path) for path in sorted(folder.glob("*.xml"))]
    return [(box, size) for size, named in read if size for found in named.values() for box in found]


def steps(box: Box, frame: Frame, size: tuple[int, int]) -> tuple[float, float]:
    """How many steps of the frame the box is wide and high."""
    across, down = sent_size(frame, *size) if frame.scale == "pixels" else (frame.scale * 10**frame.decimals,) * 2
    return (box.x2 - box.x1) * across / size[0], (box.y2 - box.y1) * down / size[1]


def round_trip(box: Box, frame: Frame, size: tuple[int, int]) -> float:
    return decode(encode(box, frame, *size), frame, *size).iou(box)


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("longest", [None, 800])
def test_each_box_comes_back_as_its_steps_allow(real_boxes: Boxes, name: str, longest: int | None) -> None:
    frame = with_longest_side(FRAMES[name], longest)
    assert len(real_boxes) == 8058
    boxes = real_boxes if longest is None else real_boxes[::5]
    ious = [round_trip(box, frame, size) for box, size in boxes]
    lost = 1.5 if frame.top is not None else 1.0  # a far edge without a number costs a step, not a half
    for (box, size), iou in zip(boxes, ious, strict=True):
        wide, high = steps(box, frame, size)
        assert iou >= (1 - lost / wide) * (1 - lost / high) - 1e-9
        assert iou >= 0.98 or frame.top is not None
    if longest is None:
        below, mean = MEASURED[name]
        assert sum(iou < 0.98 for iou in ious) == below
        assert sum(ious) / len(ious) == pytest.approx(mean, abs=1e-4)


def test_cells_as_measured(real_boxes: Boxes) -> None:
    ious = [round_trip(box, FRAMES["0-1-in-32"], size) for box, size in real_boxes]
    assert sum(ious) / len(ious) == pytest.approx(0.868, abs=0.001)
    assert sum(iou > 0.5 for iou in ious) / len(ious) == pytest.approx(0.957, abs=0.001)


def test_nearly_all_are_large_enough_to_be_believed(real_boxes: Boxes) -> None:
    def believed(box: Box, size: tuple[int, int]) -> bool:
        try:
            check_large_enough(box, *size)
        except Rejected:
            return False
        return True

    assert sum(not believed(box, size) for box, size in real_boxes) == 3
    for name, lost in {"pixels": 3, "resized_pixels": 4, "0-1000": 7, "0-999": 6, "0-1023-yx": 6}.items():
        frame = FRAMES[name]
        whole = [([round(number) for number in encode(box, frame, *size)], size) for box, size in real_boxes]
        assert sum(not believed(decode(numbers, frame, *size), size) for numbers, size in whole) == lost
