"""Flips between two arms: attributes that one has right and the other wrong, with the answers of both."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unco.evals.metrics.correction_effects import Value, gold_with_span, value_correct
from unco.types import ATTRIBUTES, UNTYPED, Attribute, Box, Correction, Entity, GoldPost, Result, Span


@dataclass(frozen=True, slots=True)
class Flip:
    """One attribute of one entity that is right in one of two arms only."""

    post: str
    """Id of the post."""
    entity: int
    """Index among the post's entities."""
    attribute: Attribute
    gained: bool
    """True: wrong in the first arm, right in the other. False: the reverse."""
    text: str
    """The entity in the other arm."""
    first: Correction
    """The attribute's correction in the first arm."""
    other: Correction


def find_flips(gold: Sequence[GoldPost], first: Sequence[Result], other: Sequence[Result]) -> list[Flip] | None:
    """Find all flips, in the order of posts; None where the arms do not start from the same entities.

    Type and region are compared where both arms have the span right: else the flip is the span's.

    Args:
        gold: annotated posts.
        first: results of the same posts in the same order.
        other: the same, of the arm that is compared with the first.
    """
    pairs = list(zip(first, other, strict=True))
    if any(_found_by_mllm(result) for pair in pairs for result in pair) or any(
        _before_correction(a) != _before_correction(b) for a, b in pairs
    ):
        return None
    return [
        flip
        for post, one, two in zip(gold, first, other, strict=True)
        for flip in _post_flips(post, _small_model_entities(one), _small_model_entities(two))
    ]


def _found_by_mllm(result: Result) -> bool:
    """Whether the MLLM found all entities itself."""
    return any(question.finder == "generation" for question in result.questions)


def _small_model_entities(result: Result) -> list[Entity]:
    """List the small model's entities; those that the MLLM added have no counterpart in another arm."""
    return [entity for entity in result.all_entities if entity.found_by == "small model"]


def _before_correction(result: Result) -> list[tuple[object, ...]]:
    """List each of the small model's entities as it was before any correction, with its uncertainty."""
    return [
        (entity.uncertainty, *(note.before for note in entity.corrections)) for entity in _small_model_entities(result)
    ]


def _post_flips(post: GoldPost, first: Sequence[Entity], other: Sequence[Entity]) -> Iterator[Flip]:
    for one, two in zip(first, other, strict=True):
        both = gold_with_span(post, one) is not None and gold_with_span(post, two) is not None
        for attribute in ATTRIBUTES if both else ATTRIBUTES[:1]:
            rights = [value_correct(post, entity, attribute, entity.value_of(attribute)) for entity in (one, two)]
            if rights[0] != rights[1]:
                notes = [next(note for note in e.corrections if note.attribute == attribute) for e in (one, two)]
                yield Flip(post.id, two.index, attribute, rights[1] is True, two.text, *notes)


def flip_to_dict(flip: Flip, tokens: Sequence[str]) -> dict[str, Any]:
    """Convert a flip to a line of JSON: both values, outcomes and reasonings."""
    return {
        "post": flip.post,
        "entity": flip.entity,
        "attribute": flip.attribute,
        "flip": "wrong -> right" if flip.gained else "right -> wrong",
        "small_model": describe_value(flip.other.before, tokens, flip.attribute),
        **{
            name: {
                "value": describe_value(note.after, tokens, flip.attribute),
                "outcome": note.outcome,
                "prompt": note.prompt,
                "reasoning": note.reasoning,
                "detail": note.detail,
                "simulated": note.simulated,
            }
            for name, note in (("first", flip.first), ("other", flip.other))
        },
    }


def describe_value(value: Value, tokens: Sequence[str], attribute: Attribute) -> str:
    """Describe a value: a span by its words, a box by its corners, none by what that means."""
    if isinstance(value, Span):
        return " ".join(tokens[value.start : value.stop])
    if isinstance(value, Box):
        return "[" + ", ".join(f"{corner:.0f}" for corner in (value.x1, value.y1, value.x2, value.y2)) + "]"
    if value is None:
        return UNTYPED if attribute == "type" else "not in the picture"
    return value
