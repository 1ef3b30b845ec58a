"""Detectors of transformers, as tiny random checkpoints loaded through the real pipelines."""

import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.small_model.regions.tiny_vision import noise, save_owlvit, save_yolos
from unco.errors import SettingsError, SetupError
from unco.small_model.regions.detectors import DetectionTask, TransformersDetector
from unco.small_model.regions.region import MOST_REGIONS, Region
from unco.types import Box

PICTURE = noise((90, 60))


@pytest.fixture(scope="module")
def yolos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_yolos(tmp_path_factory.mktemp("yolos"))


@pytest.fixture(scope="module")
def owlvit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_owlvit(tmp_path_factory.mktemp("owlvit"))


def detector(folder: Path, **settings: Any) -> TransformersDetector:
    task: DetectionTask = "zero-shot-object-detection" if "labels" in settings else "object-detection"
    return TransformersDetector(str(folder), task, **({"lowest_score": 0.0} | settings))


def test_regions_are_ranked_limited_and_distinct(yolos: Path) -> None:
    regions = detector(yolos, most=1000)(PICTURE, "a.jpg")
    assert len(regions) > MOST_REGIONS
    scores = [region.score for region in regions]
    assert scores == sorted(scores, reverse=True)
    assert 0 < scores[-1] < scores[0] <= 1
    assert len({region.box for region in regions}) == len(regions)
    for box in (region.box for region in regions):
        assert 0 <= box.x1 < box.x2 <= 90
        assert 0 <= box.y1 < box.y2 <= 60
    assert detector(yolos)(PICTURE, "a.jpg") == regions[:MOST_REGIONS]
    assert {region.kind for region in regions} <= {"person", "object"}


def test_regions_below_the_lowest_score_are_left_out(yolos: Path) -> None:
    regions = detector(yolos, most=1000)(PICTURE, "")
    middle = regions[len(regions) // 2].score
    sure = detector(yolos, most=1000, lowest_score=middle)(PICTURE, "")
    assert sure == [region for region in regions if region.score > middle]
    assert 0 < len(sure) < len(regions)


@pytest.mark.parametrize(("label", "kind"), [("old man", "person"), ("logo", "object")])
def test_a_zero_shot_detector_finds_its_labels(label: str, kind: str, owlvit: Path) -> None:
    regions = detector(owlvit, labels=[label])(PICTURE, "")
    assert len(regions) == MOST_REGIONS
    assert {region.kind for region in regions} == {kind}


def test_a_box_found_under_two_labels_is_one_region(owlvit: Path) -> None:
    one, other = (detector(owlvit, labels=[label], most=1000)(PICTURE, "") for label in ("logo", "man"))
    both = detector(owlvit, labels=["logo", "man"], most=1000)(PICTURE, "")
    best: dict[Box, Region] = {}
    for region in (*one, *other):
        best[region.box] = max(best.get(region.box, region), region, key=lambda region: region.score)
    assert len(both) == len(best)
    assert {region.box: region for region in both} == best


def test_the_same_regions_from_any_thread(yolos: Path) -> None:
    shared, found = detector(yolos), []
    threads = [threading.Thread(target=lambda: found.append(shared(PICTURE, ""))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [detector(yolos)(PICTURE, "")] * 2


def test_a_tiny_picture_needs_no_model() -> None:
    assert detector(Path("none"))(Image.new("RGB", (15, 400)), "") == []


@pytest.mark.parametrize(
    ("task", "labels", "says"),
    [
        ("zero-shot-object-detection", (), "needs labels to look for"),
        ("zero-shot-object-detection", (" ",), "needs labels to look for"),
        ("depth-estimation", ("person",), "choose one of object-detection, zero-shot-object-detection"),
    ],
)
def test_settings_that_make_no_sense(task: Any, labels: tuple[str, ...], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        TransformersDetector("some/model", task, labels)


def test_a_model_that_cannot_be_loaded_says_what_to_do(yolos: Path, tmp_path: Path) -> None:
    pickled = tmp_path / "pickled"
    save_yolos(pickled)
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    damaged = tmp_path / "damaged"
    save_yolos(damaged)
    (damaged / "model.safetensors").write_bytes(b"no weights")
    for wrong in (detector(tmp_path / "none"), detector(pickled), detector(damaged), detector(yolos, labels=["man"])):
        with pytest.raises(SetupError, match="cannot be loaded as a model for .*weights as safetensors"):
            wrong(PICTURE, "")
