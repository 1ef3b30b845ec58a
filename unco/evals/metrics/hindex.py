"""The scoring rule of H-Index (Yu et al. 2023): a region is one of the candidates, not a box.

A predicted candidate is right when it covers any gold box of the entity at an IoU above 0.5. An entity whose boxes no
candidate covers cannot be found, and still counts in gold. Of two predictions of the same words the last counts.
"""

from collections.abc import Sequence

from unco.evals.metrics.paper import Score, Task, Triplet
from unco.types import Box, GoldEntity, GoldPost


def count_post(gold: GoldPost, predicted: Sequence[Triplet], task: Task, candidates: Sequence[Box]) -> Score:
    """Count correct, predicted and gold entities of one post.

    Args:
        gold: of the post.
        predicted: its entities; a region counts as the candidate that it overlaps most.
        task: what is compared.
        candidates: of the post.
    """
    last = {(entity.span.start, entity.span.stop): entity for entity in predicted}
    correct = sum(
        entity is not None and _right(entity, item, task, candidates)
        for item in gold.entities
        for entity in [last.get((item.span.start, item.span.stop))]
    )
    return Score(correct, len(last), len(gold.entities))


def _right(entity: Triplet, gold: GoldEntity, task: Task, candidates: Sequence[Box]) -> bool:
    if task in ("GMNER", "MNER") and entity.type != gold.type:
        return False
    return task in ("MNER", "span") or _region_right(entity.region, gold.boxes, candidates)


def _region_right(region: Box | None, boxes: Sequence[Box], candidates: Sequence[Box]) -> bool:
    """Whether a region is right: both none, or a candidate that covers a gold box."""
    if region is None or not boxes:
        return region is None and not boxes
    if not candidates:
        return False
    chosen = max(candidates, key=region.iou)
    return chosen.iou(region) > 0 and any(chosen.iou(box) > 0.5 for box in boxes)
