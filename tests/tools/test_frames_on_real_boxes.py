"""What a round trip through a box frame keeps of the real boxes, by their real picture sizes."""

from pathlib import Path

import pytest

from unco.evals.datasets import read_boxes
from unco.tools.frames import FRAMES, Frame, decode, encode, limited, sent_size
from unco.types import Box

Boxes = list[tuple[Box, tuple[int, int]]]

BELOW = {
    "pixels": 0,
    "resized_pixels": 893,
    "claude_pixels": 3,
    "0-1000": 420,
    "0-1000-yx": 420,
    "0-999": 427,
    "0-999-cells": 475,
    "0-1023-yx": 407,
    "0-1": 0,
}
"""How many of the 8,058 boxes come back at an IoU under 0.98: those of few steps."""


@pytest.fixture(scope="module")
def real_boxes() -> Boxes:
    folder = Path(__file__).parents[3] / "shared" / "data" / "twitter-gmner" / "xml"
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


@pytest.mark.parametrize("name", BELOW)
@pytest.mark.parametrize("longest", [None, 800])
def test_each_box_comes_back_as_its_steps_allow(real_boxes: Boxes, name: str, longest: int | None):
    frame = limited(FRAMES[name], longest)
    assert len(real_boxes) == 8058
    worse = 0
    for box, size in real_boxes:
        iou = round_trip(box, frame, size)
        wide, high = steps(box, frame, size)
        lost = 1.5 if frame.top is not None else 1.0  # a far edge without a number costs a step, not a half
        assert iou >= (1 - lost / wide) * (1 - lost / high) - 1e-9
        worse += iou < 0.98
    if longest is None:
        assert worse == BELOW[name]


def test_cells_as_measured(real_boxes: Boxes):
    ious = [round_trip(box, FRAMES["0-1-in-32"], size) for box, size in real_boxes]
    assert sum(ious) / len(ious) == pytest.approx(0.868, abs=0.001)
    assert sum(iou > 0.5 for iou in ious) / len(ious) == pytest.approx(0.957, abs=0.001)
