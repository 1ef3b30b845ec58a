"""Names that models give to the keys of an answer in place of ours, and to the numbers of a box.

For words and types each says by itself that its value is the corrected one. A key such as `type` does not: it may
repeat what was asked. Each name of a box stands in a table with its source.
"""

import re
from collections.abc import Collection, Mapping
from typing import Any

OTHER_NAMES: Mapping[str, Collection[str]] = {
    "corrected_entity": (
        "corrected_entity_name",
        "corrected_entity_span",
        "corrected_entity_text",
        "corrected_entity_words",
        "corrected_mention",
        "corrected_name",
        "corrected_phrase",
        "corrected_span",
        "corrected_text",
        "corrected_words",
        "correct_entity",
        "correct_span",
        "final_entity",
        "final_span",
    ),
    "corrected_type": (
        "corrected_category",
        "corrected_class",
        "corrected_entity_label",
        "corrected_entity_type",
        "corrected_label",
        "corrected_type_label",
        "correct_entity_type",
        "correct_label",
        "correct_type",
        "final_entity_type",
        "final_label",
        "final_type",
    ),
    "corrected_bounding_box": (),
    "candidate": ("candidate_id", "candidate_index", "candidate_number", "chosen_candidate", "corrected_candidate"),
    "chosen": ("choice", "chosen_one", "chosen_option", "chosen_value", "selected", "selection"),
    "entities": ("corrected_entities", "extracted_entities", "found_entities", "missed_entities", "named_entities"),
}
"""Our keys, and what stands for them. Boxes have names of their own, see `BOX_KEYS`."""

NAMES_IN_LISTS: Mapping[str, Collection[str]] = {
    "entity": ("entity_name", "entity_text", "mention", "name", "phrase", "span", "text", "words"),
    "type": ("category", "class", "entity_type", "label"),
}
"""As `OTHER_NAMES`, in the items of a list of entities, where nothing repeats a question."""

_WHOLE_ANSWERS = ("answer", "corrected_answer", "final_answer")
"""Keys that stand for ours where the answer has one value."""


BOX_KEYS: Mapping[str, str] = {
    "bbox2d": "Qwen2.5-VL, Qwen3-VL: QwenLM/Qwen3-VL, cookbooks/spatial_understanding.ipynb; roboflow/supervision 2015",
    "box2d": "Gemini, Gemma: google-gemini/cookbook, Spatial_understanding.ipynb, with y first",
    "bbox": "COCO's word; Doubao and Amazon Nova: their guides to visual grounding",
    "box": "the word of InternVL's and Qwen-VL's own tags",
    "boundingbox": "unco's own word, without corrected_",
    "boundingbox2d": "the same with Qwen's ending",
    "boundingboxcoordinates": "the same in more words",
    "bboxcoordinates": "shortened",
    "coordinates": "GLM-4.5V and small models, within the value or in its place",
    "coords": "the same, shortened",
    **{
        f"{how}{what}": "unco's own key in other words"
        for how in ("corrected", "correct", "final", "new")
        for what in ("boundingbox", "bbox", "box", "bbox2d", "box2d", "boundingbox2d", "coordinates", "region")
        + ("bboxcoordinates", "boundingboxcoordinates")
    },
}
"""Keys whose value is a box, without case, blanks, hyphens and underscores, and who writes them."""

LIST_KEYS: Mapping[str, str] = {
    "bboxes": "Florence-2: transformers, florence2/processing_florence2.py, post_process_generation",
    "objects": "Moondream: its API's /detect",
    "boxes": "supervision and torchvision call a list so",
    "boundingboxes": "the same in full",
    "correctedboundingboxes": "unco's own key, of several",
    "vertices": "Google Vision AI: BoundingPoly, the four corners of one box",
    "normalizedvertices": "the same, from 0 to 1",
}
"""Keys within a box's value that hold a list of boxes, or of a box's corners. Empty ones say nothing."""

CORNER_KEYS: Mapping[tuple[str, str, str, str], str] = {
    ("x0", "y0", "x1", "y1"): "PyMuPDF and docling; x1 is the right edge where there is an x0",
    ("x1", "y1", "x2", "y2"): "as the prompts say it",
    ("xmin", "ymin", "xmax", "ymax"): "Pascal VOC; Moondream's x_min",
    ("minx", "miny", "maxx", "maxy"): "shapely",
    ("left", "top", "right", "bottom"): "Pillow",
    ("xtl", "ytl", "xbr", "ybr"): "CVAT",
}
"""Names of two corners, written as keys are in `BOX_KEYS`."""

SPELT_KEYS: Mapping[str, tuple[str, str, str, str]] = {
    "xyxy": ("x1", "y1", "x2", "y2"),
    "xywh": ("x", "y", "w", "h"),
    "cxcywh": ("cx", "cy", "w", "h"),
}
"""Keys that say what the four numbers under them are: torchvision's and supervision's words."""

PAIR_KEYS: Mapping[tuple[str, str], str] = {
    ("topleft", "bottomright"): "GPT-4o and Claude, where no format is held",
    ("upperleft", "lowerright"): "the same",
    ("min", "max"): "the same",
}
"""Names of two points, each a pair of numbers or {"x": ..., "y": ...}."""

CENTRE_KEYS: Mapping[tuple[str, str, str, str], str] = {
    ("cx", "cy", "w", "h"): "YOLO, DETR",
    ("cx", "cy", "width", "height"): "the same",
    ("centerx", "centery", "width", "height"): "Roboflow's words in full",
    ("xcenter", "ycenter", "width", "height"): "YOLO's labels",
}
"""Names of a centre and a size."""

SIZE_KEYS: Mapping[tuple[str, str, str, str], str] = {
    ("x", "y", "width", "height"): "the DOM's DOMRect; Azure's boundingBox with w and h",
    ("x", "y", "w", "h"): "Azure AI Vision: boundingBox",
    ("left", "top", "width", "height"): "Amazon Rekognition: BoundingBox",
    ("xmin", "ymin", "width", "height"): "Google Vision AI: NormalizedBoundingBox",
}
"""Names of a corner and a size. A list of four numbers is never read so."""


def squashed(key: object) -> str:
    """Write a key as the tables do: lower case, without blanks, hyphens and underscores, escaped or not."""
    return re.sub(r"[\s_\\-]+", "", str(key)).lower()


def boxes_of(found: Mapping[Any, Any]) -> dict[Any, Any]:
    """Return what stands under keys of boxes in an object; empty lists of boxes say nothing."""
    return {
        key: value
        for key, value in found.items()
        if squashed(key) in BOX_KEYS or (squashed(key) in LIST_KEYS and isinstance(value, list) and value)
    }


def with_our_names(
    data: dict[str, Any], known: Collection[str], names: Mapping[str, Collection[str]] = OTHER_NAMES
) -> dict[str, Any]:
    """Return an answer with the value of each of our keys that is missing under another name; of several, none.

    A plain answer beside a box is words about it.

    Args:
        data: keys in small letters, with underscores.
        known: keys of such an answer.
        names: our keys, and what stands for them.
    """
    asked = [key for key in names if key in known]
    more = _WHOLE_ANSWERS if len(asked) == 1 else ()
    missing = [key for key in asked if key not in data and not (key == "corrected_bounding_box" and boxes_of(data))]
    found = {key: _values(data, (*names[key], *more)) for key in missing}
    return data | {key: values[0] for key, values in found.items() if len(values) == 1}


def _values(data: dict[str, Any], names: Collection[str]) -> list[Any]:
    """Return the values under some names; an object is looked into elsewhere."""
    return [data[name] for name in names if name in data and not _is_object(data[name])]


def _is_object(value: object) -> bool:
    return isinstance(value, dict) or (isinstance(value, str) and value.lstrip().startswith("{"))
