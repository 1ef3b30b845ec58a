from collections.abc import Callable

import pytest

from unco.errors import SettingsError
from unco.tools.box_frames.families import FAMILIES, frame_for
from unco.tools.box_frames.frame import FRAMES, Frame, describe, encode, frame_by_name, sent_size, with_longest_side
from unco.types import Box


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("Qwen/Qwen2.5-VL-7B-Instruct", "resized_pixels"),
        ("qwen2.5vl:7b", "resized_pixels"),
        ("Qwen2-VL-7B", "0-1000"),
        ("qwen3-vl-plus", "0-1000"),
        ("OpenGVLab/InternVL3-8B", "0-1000"),
        ("deepseek-ai/deepseek-vl2-small", "0-999"),
        ("google/gemini-2.5-pro", "0-1000-yx"),
        ("gpt-4o-mini", "pixels"),
        ("openai/gpt-5.2", "pixels"),
        ("claude-sonnet-4-5", "claude_pixels"),
        ("microsoft/kosmos-2-patch14-224", "0-1-in-32"),
        ("google/paligemma2-3b-mix-448", "0-1023-yx"),
        ("microsoft/Florence-2-large", "0-999-cells"),
        ("moondream:1.8b", "0-1"),
        ("moonshotai/Kimi-VL-A3B-Instruct", "0-1"),
        ("authored", "pixels"),
    ],
)
def test_frame_for_families(model: str, name: str) -> None:
    assert frame_for(model).name == name


def test_each_family_has_a_frame_and_a_source() -> None:
    assert all(family.source and (family.frame is None or family.frame in FRAMES) for family in FAMILIES)


def test_points_are_refused_with_a_way_out() -> None:
    with pytest.raises(SettingsError, match="points, not boxes.*region_threshold to 1"):
        frame_for("allenai/Molmo-7B-D-0924")


def test_unknown_names_list_the_frames() -> None:
    calls: tuple[tuple[Callable[[str], Frame], str], ...] = ((frame_for, "llava-1.6"), (frame_by_name, "xywh"))
    for call, name in calls:
        with pytest.raises(SettingsError, match="pixels, resized_pixels, claude_pixels, 0-1000, 0-1000-yx"):
            call(name)
    with pytest.raises(SettingsError, match=r"unco probe-frame --model llava-1\.6.*Context\.frame or UNCO_LLM_FRAME"):
        frame_for("llava-1.6")


def test_frame_by_name() -> None:
    assert all(frame_by_name(name).name == name for name in FRAMES)
    smaller = frame_by_name("resized_pixels:401408")
    assert smaller.name == "resized_pixels:401408"
    assert sent_size(smaller, 1200, 1200) == (616, 616)  # 22 x 28; 617 * 617 would be under 401,408 too


@pytest.mark.parametrize("most", ["", "many", "3135", "-4000", "4e5", "50000001", "401408.0"])
def test_max_pixels_that_are_none(most: str) -> None:
    with pytest.raises(SettingsError, match="whole number from 3136"):
        frame_by_name(f"resized_pixels:{most}")


def test_claude_is_sent_what_it_does_not_resize() -> None:
    assert sent_size(FRAMES["claude_pixels"], 1000, 1000) == (1000, 1000)
    assert sent_size(FRAMES["claude_pixels"], 4000, 1000) == (1568, 392)
    width, height = sent_size(FRAMES["claude_pixels"], 3000, 2000)
    assert (width, height) == (1313, 875)
    assert -(-width // 28) * -(-height // 28) <= 1568  # patches, as its documentation counts them now


BOX = Box(300, 150, 900, 600)


@pytest.mark.parametrize("name", FRAMES)
def test_a_limit_on_the_longest_side_keeps_the_frame(name: str) -> None:
    frame = with_longest_side(FRAMES[name], 500)
    width, height = sent_size(frame, 1200, 800)
    assert max(width, height) <= 500
    if frame.scale == "pixels":
        assert f"{width} pixels wide and {height} pixels high" in describe(frame, 1200, 800)
        x1, y1, x2, y2 = encode(BOX, frame, 1200, 800)
        assert (x2 - x1) / width == pytest.approx(0.5, abs=1 / width)
        assert (y2 - y1) / height == pytest.approx(450 / 800, abs=1 / height)
    else:
        assert encode(BOX, frame, 1200, 800) == encode(BOX, FRAMES[name], 1200, 800)


def test_the_stricter_limit_counts() -> None:
    assert with_longest_side(FRAMES["pixels"], None) is FRAMES["pixels"]
    assert sent_size(with_longest_side(FRAMES["pixels"], 4000), 6000, 3000) == (2048, 1024)
    assert sent_size(with_longest_side(with_longest_side(FRAMES["0-1"], 800), 1000), 6000, 3000) == (800, 400)
    assert sent_size(with_longest_side(FRAMES["resized_pixels"], 1000), 6000, 3000) == (980, 504)  # 490 is 17.5 x 28
    assert sent_size(with_longest_side(FRAMES["resized_pixels"], 60), 1000, 10) == (
        420,
        28,
    )  # 28 x 1 enlarged again, to 3,136 pixels


def test_a_limit_that_is_too_small_is_refused() -> None:
    with pytest.raises(SettingsError, match="56 pixels or more, got 10"):
        with_longest_side(FRAMES["pixels"], 10)
