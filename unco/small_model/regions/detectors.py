"""Region provider on any object detector of `transformers`, with fixed classes or zero-shot."""

from collections.abc import Mapping, Sequence
from threading import Lock
from typing import Any, Literal, get_args

from PIL import Image

from unco.errors import SettingsError
from unco.small_model.regions.faces_and_text import SMALLEST_SIDE
from unco.small_model.regions.hub_models import loading
from unco.small_model.regions.region import MOST_REGIONS, Region, clipped_box, kind_of_class

DetectionTask = Literal["object-detection", "zero-shot-object-detection"]
"""Detection of the detector's own classes (DETR, YOLOS), or of classes named in words (OWL-ViT, Grounding DINO)."""

LABELS = ("person", "logo", "building", "sign", "poster", "product", "animal", "stadium", "screen", "book")
"""Default classes of a zero-shot detector: what names in posts often refer to."""

LOWEST_SCORE = 0.1
"""Low, because the small model chooses among the candidates; VinVL's scores go down to 0.12."""


class TransformersDetector:
    """Region provider that gives boxes by falling score, at most `most`, cut at the picture's edges.

    The model loads at the first call and then serves all threads, one picture at a time; on a GPU where there is one.
    """

    def __init__(
        self,
        model: str,
        task: DetectionTask,
        labels: Sequence[str] = LABELS,
        most: int = MOST_REGIONS,
        lowest_score: float = LOWEST_SCORE,
    ) -> None:
        """Set the model and its options; it is loaded at the first call.

        Args:
            model: folder of a checkpoint saved by transformers, or its name on the hub.
            task: what kind of detector it is.
            labels: classes of a zero-shot detector; other detectors have classes of their own.
            most: regions at most.
            lowest_score: of a region, in [0, 1]; exclusive.

        Raises:
            SettingsError: no such task, or a zero-shot detector without labels.
        """
        if task not in get_args(DetectionTask):
            raise SettingsError(f"no detection task {task!r}: choose one of {', '.join(get_args(DetectionTask))}")
        if task == "zero-shot-object-detection" and not any(label.strip() for label in labels):
            raise SettingsError("a zero-shot detector needs labels to look for, such as person")
        self.model, self.task, self.most, self.lowest_score = model, task, most, lowest_score
        self.labels = tuple(label for label in labels if label.strip())
        self._lock = Lock()
        self._pipeline: Any = None

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Detect regions of an upright RGB picture, in its pixels; none when a side is below 16 pixels.

        `source` is not used.

        Raises:
            SetupError: the model cannot be loaded.
        """
        if min(image.size) < SMALLEST_SIDE:
            return []
        asked = {"candidate_labels": list(self.labels)} if self.task == "zero-shot-object-detection" else {}
        with self._lock:
            self._pipeline = self._pipeline or _load(self.model, self.task)
            found = self._pipeline(image.convert("RGB"), threshold=self.lowest_score, **asked)
        regions = [region for item in found if (region := _region(item, image.size))]
        # Boxes break ties, so that the order does not hang on how the library walks its queries.
        regions.sort(key=lambda region: (-region.score, region.box.y1, region.box.x1, region.box.y2, region.box.x2))
        best = {region.box: region for region in reversed(regions)}  # one box may be found under several labels
        return [region for region in regions if best[region.box] is region][: self.most]


def _region(item: Mapping[str, Any], size: tuple[int, int]) -> Region | None:
    """Convert one item of a pipeline's output to a region; None when nothing of it lies in the picture."""
    box = clipped_box([item["box"][edge] for edge in ("xmin", "ymin", "xmax", "ymax")], size)
    return Region(box, kind_of_class(item["label"]), score=min(max(float(item["score"]), 0.0), 1.0)) if box else None


def _load(model: str, task: DetectionTask) -> Any:
    from transformers import pipeline

    with loading(model, f"a model for {task}"):
        # Weights as safetensors only: a pickled checkpoint runs code when it is loaded.
        return pipeline(task, model=model, model_kwargs={"use_safetensors": True})
