"""CLIP features from a tiny random checkpoint, loaded through the real code."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.small_model.regions.features import features_of
from tests.small_model.regions.tiny_vision import noise, save_clip, save_yolos
from unco.errors import SetupError
from unco.small_model.regions.clip_features import BATCH, ClipFeatures, _crop
from unco.small_model.regions.region import Region, regions_from_boxes, whole_picture
from unco.types import Box

PICTURE = noise((90, 60))
BOXES = [Box(0, 0, 30, 30), Box(20, 5, 60, 15), Box(80, 0, 90, 60)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def clip(folder: Path) -> ClipFeatures:
    return ClipFeatures(str(folder))


def test_each_region_gets_its_own_unit_vector(clip: ClipFeatures) -> None:
    regions = [Region(BOXES[0], "person", "", 0.5), Region(BOXES[1], "text", "KIA"), whole_picture(PICTURE.size)]
    seen = clip(PICTURE, regions)
    assert seen == regions
    features = np.stack([features_of(region) for region in seen])
    assert features.shape == (3, 24)
    assert features.dtype == np.float32
    assert np.allclose((features**2).sum(axis=1), 1, atol=1e-5)
    assert np.abs(features[0] - features[1]).max() > 0.01
    assert all(region.features is None for region in regions)


def test_features_are_those_of_the_crop_alone(clip: ClipFeatures) -> None:
    box = Box(20, 5, 60, 45)
    (inside,) = clip(PICTURE, regions_from_boxes([box]))
    cut = PICTURE.crop((20, 5, 60, 45))
    (alone,) = clip(cut, [whole_picture(cut.size)])
    assert np.allclose(features_of(inside), features_of(alone), atol=1e-5)


def test_both_ends_of_a_line_of_text_change_the_features(clip: ClipFeatures) -> None:
    """CLIP's own preparation would keep the middle third of it."""
    line = Image.new("RGB", (90, 30), "white")
    marked = line.copy()
    marked.paste("black", (0, 0, 20, 30))
    plain, changed = (features_of(clip(image, [whole_picture(image.size)])[0]) for image in (line, marked))
    assert np.abs(plain - changed).max() > 0.01


def test_more_regions_than_a_batch(clip: ClipFeatures) -> None:
    boxes = [Box(x, 0, x + 8, 30) for x in range(BATCH + 5)]
    together = clip(PICTURE, regions_from_boxes(boxes))
    assert [region.box for region in together] == boxes
    for index in (0, BATCH - 1, BATCH, BATCH + 4):
        (alone,) = clip(PICTURE, regions_from_boxes([boxes[index]]))
        assert np.allclose(features_of(together[index]), features_of(alone), atol=1e-5)


def test_no_regions(clip: ClipFeatures) -> None:
    assert clip(PICTURE, []) == []


@pytest.mark.parametrize(
    ("box", "size"),
    [
        (Box(3.2, 4.1, 3.4, 4.3), (1, 1)),
        (Box(3.9, 4.1, 5.1, 4.3), (3, 1)),
        (Box(89.9, 0, 90, 60), (1, 60)),
        (Box(0, 0, 90, 60), (90, 60)),
        (Box(95, 70, 99, 80), (1, 1)),
        (Box(-5, -5, -1, 3), (1, 3)),
    ],
)
def test_a_crop_holds_every_pixel_that_the_box_touches(box: Box, size: tuple[int, int], clip: ClipFeatures) -> None:
    assert _crop(PICTURE, box).size == size
    assert np.isfinite(features_of(clip(PICTURE, regions_from_boxes([box]))[0])).all()


def test_a_model_that_cannot_be_loaded_says_what_to_do(tmp_path: Path) -> None:
    pickled = save_clip(tmp_path / "pickled")
    (pickled / "model.safetensors").rename(pickled / "pytorch_model.bin")
    for wrong in (tmp_path / "none", pickled, save_yolos(tmp_path / "yolos")):
        with pytest.raises(SetupError, match="cannot be loaded as a CLIP vision model .*weights as safetensors"):
            ClipFeatures(str(wrong))(PICTURE, regions_from_boxes(BOXES))


def test_missing_weights_are_not_made_up(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = save_clip(tmp_path / "half") / "model.safetensors"
    kept = {name: value for name, value in load_file(weights).items() if "visual_projection" not in name}
    save_file(kept, weights, {"format": "pt"})
    with pytest.raises(SetupError, match="it has no visual_projection"):
        ClipFeatures(str(weights.parent))(PICTURE, regions_from_boxes(BOXES))
