"""What an answered box must be to be believed, in every frame, and what real boxes say to it."""

import pytest

from unco.errors import Rejected
from unco.nodes.verify import read_box, verify_candidate, verify_region
from unco.prompts import CandidateAnswer, RegionAnswer
from unco.tools.box_frames.checks import FRAME_OF_TOKENS, MIN_SHARE, MIN_SIDE, check_large_enough
from unco.tools.box_frames.frame import FRAMES, encode, frame_by_name
from unco.types import Box

SIZES = [(600, 400), (60, 40), (4000, 3000), (1080, 12_000)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("named", [False, True])
def test_numbers_that_only_count_are_rejected_in_every_frame(frame: str, size: tuple[int, int], named: bool) -> None:
    for first in (0, 1):
        corners = [first, first + 1, first + 2, first + 3]
        with pytest.raises(Rejected):
            read_box(corners, named, frame_by_name(frame), size)


@pytest.mark.parametrize(
    ("box", "why"),
    [
        (Box(100, 100, 103, 180), "3 x 80 pixels is too small"),
        (Box(100, 100, 180, 104), "80 x 4 pixels is too small"),
        (Box(100, 100, 104.9, 104.9), "too small to show anything in the 600 x 400 picture"),
    ],
)
def test_boxes_of_a_few_pixels_are_rejected_with_the_reason(box: Box, why: str) -> None:
    with pytest.raises(Rejected, match=why):
        check_large_enough(box, 600, 400)


def test_in_a_large_picture_more_pixels_are_too_few() -> None:
    check_large_enough(Box(0, 0, 35, 35), 4000, 3000)
    with pytest.raises(Rejected, match="4000 x 3000"):
        check_large_enough(Box(0, 0, 34, 34), 4000, 3000)


def test_the_least_box_passes_in_every_frame_of_free_numbers() -> None:
    least = Box(100, 100, 105, 105)
    for name in ("pixels", "0-1", "0-1000", "0-999", "0-1000-yx"):
        assert read_box(encode(least, FRAMES[name], 500, 500), False, FRAMES[name], (500, 500)).iou(least) > 0.97


def test_a_small_box_that_was_shown_or_offered_may_be_repeated() -> None:
    small, frame = Box(100, 100, 102, 102), FRAMES["pixels"]
    answer = RegionAnswer(corrected_bounding_box=(100, 100, 102, 102))
    assert verify_region(answer, small, frame, (600, 400)) is small
    named = CandidateAnswer(candidate=1, corrected_bounding_box=(100, 100, 102, 102))
    assert verify_candidate(named, None, frame, (600, 400), [small]) is small


@pytest.mark.parametrize("tokens", FRAME_OF_TOKENS)
@pytest.mark.parametrize("frame", FRAMES)
def test_location_tokens_belong_to_one_frame(tokens: str, frame: str) -> None:
    corners = (0.25, 0.25, 0.75, 0.75) if tokens == "patch_index" else (250.0, 250.0, 700.0, 700.0)
    answer = RegionAnswer(corrected_bounding_box=corners).model_copy(update={"location_tokens": tokens})
    if FRAME_OF_TOKENS[tokens] == frame:
        found = verify_region(answer, None, FRAMES[frame], (600, 400))
        assert found is not None
        assert 0.15 < found.area / 240_000 < 0.3
    else:
        with pytest.raises(Rejected, match="tokens are no numbers of the frame"):
            verify_region(answer, None, FRAMES[frame], (600, 400))


def test_tokens_that_repeat_the_box_give_the_box_itself() -> None:
    old, frame = Box(10, 20, 300, 190), FRAMES["0-1-in-32"]
    shown = encode(old, frame, 320, 200)
    cells = [round(share * 32 - 0.5) for share in shown]
    text = f"<patch_index_{cells[1] * 32 + cells[0]:04}><patch_index_{cells[3] * 32 + cells[2]:04}>"
    assert verify_region(RegionAnswer.model_validate({"bbox": text}), old, frame, (320, 200)) is old


def test_y_first_belongs_to_the_frame_and_names_to_themselves() -> None:
    frame, size = FRAMES["0-1000-yx"], (200, 100)
    by_key = RegionAnswer.model_validate({"box_2d": [100, 500, 900, 1000]})
    by_name = RegionAnswer.model_validate({"box_2d": {"xmin": 500, "ymin": 100, "xmax": 1000, "ymax": 900}})
    in_pairs = RegionAnswer.model_validate({"box_2d": [[100, 500], [900, 1000]]})
    for answer in (by_key, by_name, in_pairs):
        assert verify_region(answer, None, frame, size) == Box(100, 10, 200, 90)


def test_the_limits_are_what_the_docs_say() -> None:
    assert (MIN_SIDE, MIN_SHARE) == (5.0, 1e-4)
