"""Lines of text in a picture (PP-OCR), each by a box, its words and a score."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from unco.errors import SetupError
from unco.small_model.regions.onnx_runtime import without_reports

if TYPE_CHECKING:
    from numpy.typing import NDArray

LONGEST_SIDE = 1280
"""Pixels; larger pictures are shrunk before they are read."""

DETECTION_SIDE = 736
"""Pixels to which a larger picture is shrunk to find its lines; they are read from the larger one."""

LEAST_WIDTH = 160
"""Pixels to which a short line is filled up before it is read; 320, its default, takes a third longer."""

LEAST_SCORE = 0.6
"""Lowest score that is kept; below it, lines are mostly patterns mistaken for letters."""

Line = tuple[tuple[float, float, float, float], str, float]
"""x1, y1, x2, y2 in pixels, the words, and a score in [0, 1]."""

TextReader = Callable[["NDArray[Any]"], Iterator[Line]]
"""Reads an RGB picture, shape (height, width, 3) uint8."""


def text_reader() -> TextReader:
    """Load the reader.

    Raises:
        SetupError: it is not installed.
    """
    without_reports()
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise SetupError(f"looking for text needs: pip install 'unco[vision]' ({error})") from error
    # Its default enlarges the short side to 736, which takes seconds and gigabytes on a banner; as it is, on photos
    # it is twice as fast and reads no words into faces.
    options = {"Det.limit_type": "max", "Det.limit_side_len": DETECTION_SIDE, "Global.log_level": "error"}
    options["Rec.rec_batch_num"] = 1  # six lines at once are padded to the longest, which takes a third longer
    options["Rec.rec_img_shape"] = [3, 48, LEAST_WIDTH]
    # Without an arena the memory of each layer goes back to the system, and two threads wait for it.
    engine = {"intra_op_num_threads": 1, "inter_op_num_threads": 1, "enable_cpu_mem_arena": True}
    reader: Any = RapidOCR(
        params={**options, **{f"EngineConfig.onnxruntime.{name}": it for name, it in engine.items()}}
    )

    def read(pixels: "NDArray[Any]") -> Iterator[Line]:
        import numpy as np

        answer = reader(np.ascontiguousarray(pixels[:, :, ::-1]))
        if answer.boxes is None:  # it found no text
            return
        for corners, words, score in zip(answer.boxes, answer.txts, answer.scores, strict=True):
            xs, ys = [float(x) for x, _ in corners], [float(y) for _, y in corners]
            if score >= LEAST_SCORE and any(letter.isalnum() for letter in words):
                yield (min(xs), min(ys), max(xs), max(ys)), words.strip(), float(score)

    return read
