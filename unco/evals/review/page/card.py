"""Collect what the page shows of a post: its words, its boxes, and what a person is asked."""

from typing import Any

from unco.evals.report.data import gaps_of
from unco.evals.review.queue import QueuedPost, ReviewItem
from unco.evals.review.session import asked_in, items_of
from unco.nodes.review.request import shown_value
from unco.types import Attribute, Box, Entity, Span

Json = dict[str, Any]


def card_of(post: QueuedPost, has_picture: bool) -> Json:
    """Return a post as plain JSON.

    Args:
        post: of the queue.
        has_picture: whether its picture can be shown; otherwise boxes stand in an empty frame.
    """
    result, seen = post.result, post.result.seen_picture
    return {
        "id": result.id,
        "tokens": list(result.tokens),
        "gaps": gaps_of(result),
        "size": None if seen is None else [seen.width, seen.height],
        "picture": has_picture,
        "entities": [_entity(entity) for entity in result.all_entities],
        "items": [
            _item(item, *asked, post.result.tokens) for item, asked in zip(items_of(post), asked_in(post), strict=True)
        ],
    }


def _entity(entity: Entity) -> Json:
    return {
        "index": entity.index,
        "span": [entity.span.start, entity.span.stop],
        "type": entity.shown_type,
        "region": shown_value(entity, "region"),
    }


def _item(item: ReviewItem, entity: Entity, attribute: Attribute, tokens: tuple[str, ...]) -> Json:
    note = next(note for note in entity.corrections if note.attribute == attribute)
    return {
        "entity": entity.index,
        "attribute": attribute,
        "value": shown_value(entity, attribute),
        "before": _shown(note.before, tokens),
        "changed": note.is_changed,
        "why": item.note,
        "reasoning": note.reasoning,
    }


def _shown(value: Span | Box | str | None, tokens: tuple[str, ...]) -> Any:
    if isinstance(value, Span):
        return " ".join(tokens[value.start : value.stop])
    return [value.x1, value.y1, value.x2, value.y2] if isinstance(value, Box) else value
