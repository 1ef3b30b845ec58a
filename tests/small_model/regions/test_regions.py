import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import unco.demo
from tests.small_model.regions.features import features_of
from unco.errors import SetupError
from unco.small_model.regions.faces_and_text import FacesAndText, vision_installed
from unco.small_model.regions.region import (
    MOST_REGIONS,
    Region,
    clipped_box,
    kind_of_class,
    regions_from_boxes,
    whole_picture,
    with_features,
    with_whole_picture,
)
from unco.types import Box

PICTURES = Path(unco.demo.__path__[0]) / "pictures"


Found = Callable[[Image.Image], list[Region]]
"""Finds the regions of a picture."""


@pytest.fixture(scope="module")
def provider() -> Found:
    pytest.importorskip("rapidocr", reason="needs the vision extra")
    detect = FacesAndText()
    return lambda image: detect(image, "picture.jpg")


def opened(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def texts(regions: list[Region]) -> dict[str, Box]:
    return {region.text: region.box for region in regions if region.kind == "text"}


def test_a_callers_boxes_keep_their_order() -> None:
    boxes = [Box(5, 5, 9, 9), Box(0, 0, 2, 2)]
    regions = regions_from_boxes(boxes)
    assert [region.box for region in regions] == boxes
    assert {(region.kind, region.score) for region in regions} == {("object", 1.0)}


def test_the_whole_picture_is_added_once_and_last() -> None:
    face = Region(Box(1, 1, 5, 5), "person")
    once = with_whole_picture([face], (40, 30))
    assert once == (face, Region(Box(0, 0, 40, 30), "picture"))
    assert with_whole_picture(once, (40, 30)) == once
    assert with_whole_picture([], (40, 30)) == (whole_picture((40, 30)),)


def test_equality_of_regions_ignores_features() -> None:
    face = Region(Box(1, 1, 5, 5), "person")
    seen = replace(face, features=np.ones(3, np.float32))
    assert seen == face
    assert hash(seen) == hash(face)
    assert "features" not in repr(seen)


@pytest.mark.parametrize("name", ["man", "Woman", "tennis player", "people"])
def test_classes_of_people(name: str) -> None:
    assert kind_of_class(name) == "person"


@pytest.mark.parametrize("name", ["", "car", "man hole", "woman's hat", "batterybox"])
def test_other_classes(name: str) -> None:
    assert kind_of_class(name) == "object"


EDGE = st.floats(-50, 150) | st.sampled_from([float("nan"), float("inf"), 0.0, 100.0, 80.0])


@given(st.tuples(EDGE, EDGE, EDGE, EDGE))
def test_a_clipped_box_is_what_the_box_and_the_picture_share(corners: tuple[float, float, float, float]) -> None:
    box = clipped_box(corners, (100, 80))
    x1, y1, x2, y2 = corners
    shared = (max(x1, 0), max(y1, 0), min(x2, 100), min(y2, 80))
    if shared[0] < shared[2] and shared[1] < shared[3] and not any(map(np.isnan, corners)):
        assert box == Box(*shared)
    else:
        assert box is None


def test_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(SetupError, match=r"pip install 'unco\[vision\]'"):
        FacesAndText()(Image.new("RGB", (64, 64)), "")


def test_tiny_pictures_need_no_detector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    assert FacesAndText()(Image.new("RGB", (15, 400)), "") == []


def test_vision_installed_imports_nothing() -> None:
    assert isinstance(vision_installed(), bool)


@pytest.mark.parametrize(
    ("name", "person"), [("astronaut.jpg", Box(22, 15, 375, 512)), ("hopper.jpg", Box(38, 25, 500, 600))]
)
def test_one_person(provider: Found, name: str, person: Box) -> None:
    people = [region for region in provider(opened(PICTURES / name)) if region.kind == "person"]
    assert len(people) == 1
    assert people[0].box.iou(person) > 0.7
    assert people[0].score > 0.99


def test_text_is_read(provider: Found) -> None:
    newspaper = texts(provider(opened(PICTURES / "newspaper.png")))
    assert newspaper["Des Moines Tribune"].iou(Box(30, 22, 612, 67)) > 0.7
    assert "By EDITH MALLORY" in newspaper
    assert "Harbour Lane Books" in texts(provider(opened(PICTURES / "shop_front.png")))


def test_large_pictures_keep_their_own_pixels(provider: Found) -> None:
    page = opened(PICTURES / "newspaper.png")
    large = page.resize((page.width * 4, page.height * 4))
    masthead = texts(provider(large))["Des Moines Tribune"]
    assert masthead.iou(Box(4 * 30, 4 * 22, 4 * 612, 4 * 67)) > 0.6


def test_same_picture_same_regions_from_any_thread(provider: Found) -> None:
    astronaut = opened(PICTURES / "astronaut.jpg")
    found: list[list[Region]] = []
    threads = [threading.Thread(target=lambda: found.append(provider(astronaut))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [provider(astronaut)] * 2


def test_blank_and_narrow_pictures_have_none(provider: Found) -> None:
    for size in ((64, 64), (16, 300), (19, 19), (3000, 20)):
        assert provider(Image.new("RGB", size, "white")) == []


def test_real_pictures(provider: Found, shared: Path) -> None:
    samples = shared / "data" / "samples"
    crowded = provider(opened(samples / "111254.jpg"))
    assert len(crowded) == MOST_REGIONS
    ranked = [(region.kind != "person", -region.score) for region in crowded]
    assert ranked == sorted(ranked)
    durant = provider(opened(samples / "O_4154.jpg"))
    assert durant[0].kind == "person"
    assert durant[0].box.iou(Box(194, 11, 522, 407)) > 0.5
    assert "KIA" in texts(durant)


def test_a_provider_s_regions_are_looked_at_with_the_whole_picture() -> None:
    def provider(image: Image.Image, source: str) -> list[Region]:
        return [Region(Box(0, 0, 2, 2), "person")]

    def featuriser(image: Image.Image, regions: Sequence[Region]) -> list[Region]:
        return [replace(region, features=np.array([region.box.x2], np.float32)) for region in regions]

    found = with_features(provider, featuriser)(Image.new("RGB", (9, 5)), "a.jpg")
    assert [(region.box, region.kind, features_of(region).tolist()) for region in found] == [
        (Box(0, 0, 2, 2), "person", [2.0]),
        (Box(0, 0, 9, 5), "picture", [9.0]),
    ]
