"""Where two arms differ: an attribute that one has right and the other wrong, with what was said."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from unco.evals.metrics.correction_effects import Value, gold_of, value_right
from unco.types import ATTRIBUTES, Attribute, Box, Correction, Entity, GoldPost, Result, Span


@dataclass(frozen=True, slots=True)
class Flip:
    """One attribute of one entity that the other arm turned, against the first."""

    post: str
    """Its id."""
    entity: int
    """Index among the post's entities."""
    attribute: Attribute
    gained: bool
    """True: wrong in the first arm, right in the other. False: the reverse."""
    text: str
    """The entity in the other arm."""
    first: Correction
    """What became of the attribute in the first arm."""
    other: Correction


def find_flips(gold: Sequence[GoldPost], first: Sequence[Result], other: Sequence[Result]) -> list[Flip] | None:
    """All flips, in the order of posts; None where the arms do not start from the same entities.

    Type and region are compared where both arms have the span right: else the flip is the span's.

    Args:
        gold: annotated posts.
        first: results of the same posts in the same order.
        other: the same, of the arm that is judged.
    """
    pairs = list(zip(first, other, strict=True))
    if any(_generated(result) for pair in pairs for result in pair) or any(_found(a) != _found(b) for a, b in pairs):
        return None
    return [
        flip
        for post, one, two in zip(gold, first, other, strict=True)
        for flip in _of_post(post, _small_models(one), _small_models(two))
    ]


def _generated(result: Result) -> bool:
    """Whether the MLLM said all entities itself."""
    return any(question.finder == "generation" for question in result.questions)


def _small_models(result: Result) -> list[Entity]:
    """What the small model found; entities that the MLLM added besides have no counterpart."""
    return [entity for entity in result.entities if entity.found_by == "small model"]


def _found(result: Result) -> list[tuple[object, ...]]:
    """Each of the small model's entities as it was before any correction, and how unsure of it the model was."""
    return [(entity.uncertainty, *(note.before for note in entity.corrections)) for entity in _small_models(result)]


def _of_post(post: GoldPost, first: Sequence[Entity], other: Sequence[Entity]) -> Iterator[Flip]:
    for one, two in zip(first, other, strict=True):
        both = gold_of(post, one) is not None and gold_of(post, two) is not None
        for attribute in ATTRIBUTES if both else ATTRIBUTES[:1]:
            rights = [value_right(post, entity, attribute, entity.value_of(attribute)) for entity in (one, two)]
            if rights[0] != rights[1]:
                notes = [next(note for note in e.corrections if note.attribute == attribute) for e in (one, two)]
                yield Flip(post.id, two.index, attribute, rights[1] is True, two.text, *notes)


def plain_flip(flip: Flip, tokens: Sequence[str]) -> dict[str, Any]:
    """A flip as a line of JSON: both values, outcomes and reasonings."""
    return {
        "post": flip.post,
        "entity": flip.entity,
        "attribute": flip.attribute,
        "flip": "wrong -> right" if flip.gained else "right -> wrong",
        "small_model": said(flip.other.before, tokens),
        **{
            name: {
                "value": said(note.after, tokens),
                "outcome": note.outcome,
                "prompt": note.prompt,
                "reasoning": note.reasoning,
                "detail": note.detail,
                "simulated": note.simulated,
            }
            for name, note in (("first", flip.first), ("other", flip.other))
        },
    }


def said(value: Value, tokens: Sequence[str]) -> str:
    """A value in words: a span as its words, a box as its corners."""
    if isinstance(value, Span):
        return " ".join(tokens[value.start : value.stop])
    if isinstance(value, Box):
        return "[" + ", ".join(f"{corner:.0f}" for corner in (value.x1, value.y1, value.x2, value.y2)) + "]"
    return "not in the picture" if value is None else value
