"""Region provider on any object detector of `transformers`, with fixed classes or an open vocabulary."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, get_args

from PIL import Image

from unco.errors import SettingsError
from unco.fork_locks import ForkLock
from unco.small_model.regions.faces_and_text import SMALLEST_SIDE
from unco.small_model.regions.hub_models import loading
from unco.small_model.regions.region import MOST_REGIONS, Region, clipped_box, kind_of_class
from unco.small_model.stored.idle_threads import idle_threads

DetectionTask = Literal["object-detection", "zero-shot-object-detection"]
"""Detection of the detector's own classes (RT-DETR, YOLOS), or of what is named in words (OWLv2, Grounding DINO)."""

LABELS = ("person", "logo", "building", "sign", "poster", "product", "animal", "stadium", "screen", "book")
"""What a detector with an open vocabulary looks for by default: what names in posts often refer to."""

LOWEST_SCORE = 0.1
"""Low, because the small model chooses among the candidates; VinVL's scores go down to 0.12."""

MOST_NAMES = 8
"""Names of a post that are looked for, at most: each costs the detector a pass of its own."""


class TransformersDetector:
    """Region provider that gives boxes by falling score, at most `most`, cut at the picture's edges.

    The model loads at the first call and then serves all threads, one picture at a time; on a GPU where there is one.
    """

    def __init__(
        self,
        model: str,
        task: DetectionTask | None = None,
        labels: Sequence[str] = LABELS,
        most: int = MOST_REGIONS,
        lowest_score: float = LOWEST_SCORE,
    ) -> None:
        """Set the model and its options; it is loaded at the first call.

        Args:
            model: folder of a checkpoint saved by transformers, or its name on the hub.
            task: what kind of detector it is; None = its configuration says so.
            labels: what a detector with an open vocabulary looks for; others have classes of their own.
            most: regions at most.
            lowest_score: of a region, in [0, 1]; exclusive.

        Raises:
            SettingsError: no such task, or a zero-shot detector without labels.
        """
        if task not in (None, *get_args(DetectionTask)):
            raise SettingsError(f"no detection task {task!r}: choose one of {', '.join(get_args(DetectionTask))}")
        if task != "object-detection" and not any(label.strip() for label in labels):
            raise SettingsError("a zero-shot detector needs labels to look for, such as person")
        self.model, self.task, self.most, self.lowest_score = model, task, most, lowest_score
        self.labels = tuple(label for label in labels if label.strip())
        self._lock = ForkLock()
        self._pipeline: Any = None

    def __call__(self, image: Image.Image, source: str) -> list[Region]:
        """Detect regions of an upright RGB picture, in its pixels; none when a side is below 16 pixels.

        `source` is not used.

        Raises:
            SetupError: the model cannot be loaded.
        """
        return self.for_names(image, source, ())

    def takes_names(self) -> bool:
        """Return whether it has an open vocabulary; reads the model's configuration, once.

        Raises:
            SetupError: the model cannot be loaded.
        """
        with self._lock:
            self.task = self.task or _task_of(self.model)
        return self.task == "zero-shot-object-detection"

    def for_names(self, image: Image.Image, source: str, names: Sequence[str]) -> list[Region]:
        """Detect regions as `__call__` does, and look for names, too, if it has an open vocabulary.

        A region that was found by a name has it as its `text`, so that the small model can tell whose it is.

        Args:
            image: upright RGB picture.
            source: not used.
            names: as they stand in the post; the first eight count.

        Raises:
            SetupError: the model cannot be loaded.
        """
        if min(image.size) < SMALLEST_SIDE:
            return []
        sought = tuple(dict.fromkeys(name.strip() for name in names if name.strip()))[:MOST_NAMES]
        asked = {"candidate_labels": [*self.labels, *sought]} if self.takes_names() else {}
        with self._lock:
            self._pipeline = self._pipeline or _load(self.model, self.task or "object-detection")
            with idle_threads():
                found = self._pipeline(image.convert("RGB"), threshold=self.lowest_score, **asked)
        regions = [region for item in found if (region := _region(item, image.size, sought))]
        # Boxes break ties, so that the order does not hang on how the library walks its queries.
        regions.sort(key=lambda region: (-region.score, region.box.y1, region.box.x1, region.box.y2, region.box.x2))
        best = {region.box: region for region in reversed(regions)}  # one box may be found under several labels
        return [region for region in regions if best[region.box] is region][: self.most]


def _region(item: Mapping[str, Any], size: tuple[int, int], names: Sequence[str]) -> Region | None:
    """Convert one item of a pipeline's output to a region; None when nothing of it lies in the picture."""
    box, label = clipped_box([item["box"][edge] for edge in ("xmin", "ymin", "xmax", "ymax")], size), item["label"]
    text = label if label in names else ""
    return Region(box, kind_of_class(label), text, min(max(float(item["score"]), 0.0), 1.0)) if box else None


def _task_of(model: str) -> DetectionTask:
    from transformers import AutoConfig
    from transformers.models.auto.modeling_auto import MODEL_FOR_ZERO_SHOT_OBJECT_DETECTION_MAPPING_NAMES as OPEN

    with loading(model, "a detector"):
        kind = AutoConfig.from_pretrained(model).model_type
    return "zero-shot-object-detection" if kind in OPEN else "object-detection"


def _load(model: str, task: DetectionTask) -> Any:
    from transformers import pipeline

    with loading(model, f"a model for {task}"):
        # Weights as safetensors only: a pickled checkpoint runs code when it is loaded.
        return pipeline(task, model=model, model_kwargs={"use_safetensors": True})
