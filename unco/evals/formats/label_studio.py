"""Make tasks for Label Studio: a post's text and picture, with spans linked to boxes, for a person to review.

Label Studio counts characters as Python does (code points), boxes in percent of the picture. A task's text is its
tokens joined by spaces; they stand in its data too, so that a review comes back on the same tokens.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any
from xml.sax.saxutils import quoteattr

from unco.errors import DataError
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost, known_id, known_tokens
from unco.types import ATTRIBUTES, Box

COLOURS = ("#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b", "#e377c2", "#17becf")

IS_HERE = "is here"
"""Label of the relation from a span to its box."""

Json = dict[str, Any]


def labelling_config(types: Iterable[str]) -> str:
    """Make the labelling interface that the tasks need, for a project's settings."""
    labels = "".join(
        f'      <Label value={quoteattr(kind)} background="{COLOURS[place % len(COLOURS)]}"/>\n'
        for place, kind in enumerate(sorted(types))
    )
    return (
        "<View>\n"
        '  <Header value="$review"/>\n'
        f'  <Relations>\n    <Relation value="{IS_HERE}"/>\n  </Relations>\n'
        f'  <Labels name="entity" toName="text">\n{labels.replace("      ", "    ")}  </Labels>\n'
        '  <Text name="text" value="$text" granularity="word"/>\n'
        f'  <RectangleLabels name="region" toName="image">\n{labels.replace("      ", "    ")}  </RectangleLabels>\n'
        '  <Image name="image" value="$image"/>\n'
        "</View>\n"
    )


def to_task(post: PredictedPost, image: str, model: str = "", notes: Mapping[int, str] | None = None) -> Json:
    """Convert a predicted post to a task with one prediction.

    Args:
        post: with id and tokens, and the picture's size where a box is predicted.
        image: address of the picture, as Label Studio will open it.
        model: who predicted it.
        notes: why an entity should be looked at, by its place among the post's entities.

    Raises:
        DataError: id, tokens or size are missing.
    """
    identity, tokens = known_id(post), known_tokens(post)
    starts, notes_by_entity = token_starts(tokens), notes or {}
    results: list[Json] = []
    for place, entity in enumerate(post.entities):
        results += _entity(place, entity, post, starts, notes_by_entity.get(place, ""))
    uncertainties = [max(e.uncertainty.of(name) for name in ATTRIBUTES) for e in post.entities if e.uncertainty]
    size = {} if post.size is None else {"width": post.size[0], "height": post.size[1]}
    return {
        "data": {
            "id": identity,
            "text": " ".join(tokens),
            "tokens": list(tokens),
            "image": image,
            **size,
            "review": "; ".join(filter(None, notes_by_entity.values())) or identity,
        },
        "predictions": [
            {
                "model_version": model or "unknown",
                "score": 1 - min(max(uncertainties, default=0.0), 1.0),
                "result": results,
            }
        ],
    }


def token_starts(tokens: Sequence[str]) -> list[int]:
    """Find where each token starts in the tokens joined by single spaces, and where one more would."""
    return list(accumulate((len(token) + 1 for token in tokens), initial=0))


def _entity(place: int, entity: Predicted, post: PredictedPost, starts: Sequence[int], note: str) -> list[Json]:
    start, stop = starts[entity.span.start], starts[entity.span.stop] - 1
    words = " ".join((post.tokens or ())[entity.span.start : entity.span.stop])
    span: Json = {
        "id": f"entity-{place}",
        "from_name": "entity",
        "to_name": "text",
        "type": "labels",
        "value": {"start": start, "end": stop, "text": words, "labels": [entity.type]},
    }
    if note_text := "; ".join(filter(None, (_uncertainty_text(entity), note))):
        span["meta"] = {"text": [note_text]}
    if entity.region is None or entity.region == NOWHERE:
        return [span]
    boxes = (_linked_box(place, n, box, entity.type, post) for n, box in enumerate(entity.regions))
    return [span, *(part for linked in boxes for part in linked)]


def _linked_box(place: int, number: int, box: Box, kind: str, post: PredictedPost) -> list[Json]:
    name = f"box-{place}" if number == 0 else f"box-{place}-{number}"
    if post.size is None:
        raise DataError(f"post {post.id!r} has a box, but no picture size to write it in percent of")
    width, height = post.size
    value = {
        "x": 100 * box.x1 / width,
        "y": 100 * box.y1 / height,
        "width": 100 * (box.x2 - box.x1) / width,
        "height": 100 * (box.y2 - box.y1) / height,
        "rotation": 0,
        "rectanglelabels": [kind],
    }
    region = {"from_name": "region", "to_name": "image", "type": "rectanglelabels", "image_rotation": 0}
    return [
        {"id": name, **region, "original_width": width, "original_height": height, "value": value},
        {
            "type": "relation",
            "from_id": f"entity-{place}",
            "to_id": name,
            "direction": "right",
            "labels": [IS_HERE],
        },
    ]


def _uncertainty_text(entity: Predicted) -> str:
    if entity.uncertainty is None:
        return ""
    return "uncertainty: " + ", ".join(f"{name} {entity.uncertainty.of(name):.2f}" for name in ATTRIBUTES)
