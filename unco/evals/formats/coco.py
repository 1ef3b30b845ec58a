"""Write boxes as a COCO detection file, for tools that show or score detections.

COCO has no place for words. An annotation carries its entity's in `attributes`; entities that are not in the picture
stand under `without_box` of their image, so that none is lost. An image is named as the run named its picture, or by
the post's id where that is not known. A category has the number of its type's place in the scheme, whatever a run
found, for pycocotools compares by number; a type of no known scheme has one made of its name.
"""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

from unco.errors import DataError
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost, known_id, known_tokens
from unco.types import ATTRIBUTES, Box, GoldPost

Json = dict[str, Any]

Boxed = tuple[Predicted, tuple[Box, ...]]
"""An entity and its boxes."""


INFO = {"description": "Entities of posts and their regions, written by unco.", "version": "1.0", "year": 2026}

FIRST_OWN = 1000
"""Least number of a category whose type belongs to no known scheme."""


def predictions_to_coco(posts: Sequence[PredictedPost], types: Sequence[str]) -> Json:
    """Convert predictions to COCO, with a box for each entity that has one, and a score: 1 where none was measured.

    Args:
        posts: the predictions.
        types: all of the scheme, in its order; others that are found are added.

    Raises:
        DataError: a post has no id, no tokens, or a box and no picture size.
    """
    return _coco([(post, [(e, _regions(e)) for e in post.entities]) for post in posts], types, scored=True)


def gold_to_coco(posts: Sequence[GoldPost], types: Sequence[str]) -> Json:
    """Convert gold posts to COCO, with all boxes of each entity."""
    return _coco(
        [
            (
                PredictedPost(post.id, (), post.tokens, size=post.size),
                [(Predicted(e.span, e.type, None), e.boxes) for e in post.entities],
            )
            for post in posts
        ],
        types,
        scored=False,
    )


def _coco(posts: Sequence[tuple[PredictedPost, list[Boxed]]], types: Sequence[str], scored: bool) -> Json:
    numbers = {kind: number for number, kind in enumerate(types, start=1)}
    for kind in sorted({entity.type for _, found in posts for entity, _ in found} - numbers.keys()):
        numbers[kind] = FIRST_OWN + crc32(kind.encode()) % 10**9
    images, annotations = list[Json](), list[Json]()
    for place, (post, found) in enumerate(posts, start=1):
        images.append(_image(place, post, [entity for entity, boxes in found if not boxes]))
        for entity, boxes in found:
            for box in boxes:
                annotation = _annotation(box, entity, post, scored)
                ids = {"id": len(annotations) + 1, "image_id": place, "category_id": numbers[entity.type]}
                annotations.append({**ids, **annotation})
    return {
        "info": INFO,
        "licenses": [],
        "images": images,
        "categories": [{"id": number, "name": kind} for kind, number in numbers.items()],
        "annotations": annotations,
    }


def _regions(entity: Predicted) -> tuple[Box, ...]:
    return () if entity.region == NOWHERE else entity.regions


def _image(number: int, post: PredictedPost, ungrounded: Sequence[Predicted]) -> Json:
    identity, tokens = known_id(post), known_tokens(post)
    width, height = post.size or (0, 0)
    size = {"width": width, "height": height} if post.size else {}
    return {
        "id": number,
        "file_name": post.picture or f"{identity}.jpg",
        **size,
        "text": " ".join(tokens),
        "without_box": [{"type": entity.type, **_words(entity, post)} for entity in ungrounded],
    }


def _annotation(box: Box, entity: Predicted, post: PredictedPost, scored: bool) -> Json:
    if post.size is None:
        raise DataError(f"post {post.id!r} has a box, but no picture size, which a COCO image needs")
    width, height = box.x2 - box.x1, box.y2 - box.y1
    score = {"score": 1.0 if entity.uncertainty is None else 1 - entity.uncertainty.region} if scored else {}
    return {
        "bbox": [box.x1, box.y1, width, height],
        "area": width * height,
        "iscrowd": 0,
        **score,
        "attributes": _words(entity, post),
    }


def _words(entity: Predicted, post: PredictedPost) -> Json:
    words = {
        "text": " ".join((post.tokens or ())[entity.span.start : entity.span.stop]),
        "start": entity.span.start,
        "stop": entity.span.stop,
    }
    uncertainty = entity.uncertainty
    return words | ({} if uncertainty is None else {f"{name}_uncertainty": uncertainty.of(name) for name in ATTRIBUTES})
