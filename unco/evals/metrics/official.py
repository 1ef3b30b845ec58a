"""The scoring rule of the evaluator that UnCo's authors published, for numbers that compare with theirs.

It departs from the paper's Eqs. 12-15 and is not comparable with them: see the list under `count_post`. Written anew
from a description of its behaviour; none of its code is here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from unco.evals.metrics.paper import Score, Task, Triplet
from unco.types import UNTYPED, Box, GoldPost

LEAST_IOU = np.float32(0.5)

Region = int | Literal["wrong"] | None
"""Index of the gold box in its post, "wrong" for a box that is none of them, or None for no box."""

Item = tuple[int, int, str, Region]
"""First and last word, type, region."""


@dataclass(frozen=True, slots=True)
class _GoldItem:
    """A gold entity with one of its boxes, as the published file has it."""

    start: int
    stop: int
    type: str
    box: Box | None


def count_post(gold: GoldPost, predicted: Sequence[Triplet], task: Task, types: frozenset[str]) -> Score:
    """Count correct, predicted and gold items of one post.

    - Gold has an item for each box, and so has a prediction: who gives one box an entity cannot reach it all.
    - A prediction of a type that the scheme does not have is dropped: it is no false positive.
    - A box is right at an IoU of 0.5 or more, in single precision, with a gold box of the same words; the first one
      in the file's order counts, also where a later one fits better.
    - For GMNER and EEG a post without gold or without predictions is left out altogether.
    - Equal predictions are one; all wrong boxes of the same words and type are one.
    - The ghost: a prediction with a wrong box whose words and type are gold (EEG: whose words are gold) is taken as a
      second one without a box. So a box where gold has none costs one false positive, but misses nothing; and a wrong
      box where gold has one costs two false positives.

    Args:
        gold: of the post.
        predicted: its entities.
        task: what is compared.
        types: of the scheme.
    """
    flat = [
        _GoldItem(item.span.start, item.span.stop, item.type, box)
        for item in gold.entities
        for box in item.boxes or (None,)
    ]
    known = [entity for entity in predicted if entity.type in types]
    if task in ("GMNER", "EEG") and not (flat and known):
        return Score(0, 0, 0)
    wanted = {
        _compared_parts((item.start, item.stop, item.type, _place(index, item)), task)
        for index, item in enumerate(flat)
    }
    found = [
        (entity.span.start, entity.span.stop, entity.type or UNTYPED, _match(entity, box, flat))
        for entity in known
        for box in _boxes(entity)
    ]
    predicted_items = {_compared_parts(item, task) for item in found + _ghosts(found, flat, task)}
    return Score(len(predicted_items & wanted), len(predicted_items), len(wanted))


def _place(index: int, item: _GoldItem) -> Region:
    return None if item.box is None else index


def _boxes(entity: Triplet) -> tuple[Box | None, ...]:
    """Give all boxes of an entity, where it has more than `region`; None = no box."""
    boxes: tuple[Box | None, ...] = getattr(entity, "regions", ()) or (entity.region,)
    return boxes


def _match(entity: Triplet, region: Box | None, flat: Sequence[_GoldItem]) -> Region:
    """Find the first gold box of the same words that a region of the entity fits."""
    if region is None:
        return None
    for index, item in enumerate(flat):
        same = (item.start, item.stop) == (entity.span.start, entity.span.stop)
        if same and item.box is not None and np.float32(region.iou(item.box)) >= LEAST_IOU:
            return index
    return "wrong"


def _ghosts(found: Sequence[Item], flat: Sequence[_GoldItem], task: Task) -> list[Item]:
    """List the ghosts: items that count once more without a box, where regions count at all."""
    if task not in ("GMNER", "EEG"):
        return []
    typed = {(item.start, item.stop, item.type) for item in flat}
    words = {(item.start, item.stop) for item in flat}
    wrong = [item for item in found if item[3] == "wrong"]
    return [
        (start, stop, kind, None)
        for start, stop, kind, _ in wrong
        if ((start, stop, kind) in typed if task == "GMNER" else (start, stop) in words)
    ]


def _compared_parts(item: Item, task: Task) -> Item:
    """Blank the parts of an item that a task does not compare."""
    start, stop, kind, region = item
    return start, stop, "" if task in ("EEG", "span") else kind, None if task in ("MNER", "span") else region
