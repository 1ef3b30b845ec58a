"""Turn reviewed results into gold posts: of `unco review`, or of a graph that a person reviewed in.

A post becomes gold when a person answered in it and nothing of it is left in doubt. What the small model was sure of
counts as right, since nobody looked at it.
"""

from collections.abc import Sequence

from unco.evals.formats.checks import check_gold
from unco.evals.review.label_studio_import import ReviewedPosts
from unco.evals.review.queue import review_queue
from unco.types import Entity, GoldEntity, GoldPost, Result


def gold_of_reviewed(results: Sequence[Result], name: str) -> ReviewedPosts:
    """Convert reviewed results to gold posts.

    Args:
        results: of a file.
        name: of the file, for errors.

    Raises:
        DataError: two posts have the same id, or an entity stands twice.
    """
    gold = tuple(_as_gold(result, place) for place, result in enumerate(results) if _is_settled(result))
    check_gold(gold, name)
    return ReviewedPosts(gold, tuple(str(result.id) for result in results if not _is_settled(result)))


def _is_settled(result: Result) -> bool:
    is_answered = any(note.at for entity in result.entities for note in entity.corrections)
    return is_answered and not review_queue([result])


def _as_gold(result: Result, place: int) -> GoldPost:
    size = None if result.seen_picture is None else (result.seen_picture.width, result.seen_picture.height)
    entities = sorted(map(_gold_entity, result.entities), key=lambda entity: entity.span.start)
    return GoldPost(result.id or f"post {place}", result.tokens, tuple(entities), size)


def _gold_entity(entity: Entity) -> GoldEntity:
    return GoldEntity(entity.span, entity.shown_type, entity.regions)
