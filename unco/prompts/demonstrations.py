"""Demonstrations in a prompt: invented posts with their entities, written in the asked model's box frame.

A file cannot hold the boxes as numbers, for these differ from model to model, nor the types, for these differ from
scheme to scheme. It holds shares of the picture's sides and a few type names, of which the first that exists counts.
The pictures are described in words: there are none.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from unco.types import Label

Shares = tuple[float, float, float, float]
"""Left, top, right, bottom, each from 0 to 1."""

WriteBox = Callable[[Shares], list[float] | None]
"""Writes a box of an example's picture in the asked model's frame; None = boxes are null in this question."""


@dataclass(frozen=True, slots=True)
class DemonstratedEntity:
    """One entity of a demonstration."""

    entity: str
    """Its words, as they stand in the text."""
    types: tuple[str, ...]
    """Names for its type in one scheme and another; where a scheme has none of them the entity is left out."""
    box: Shares | None
    """None = not in the picture."""


@dataclass(frozen=True, slots=True)
class Demonstration:
    """An invented post and the answer to it."""

    text: str
    picture: str
    """What its picture would show."""
    reasoning: str
    entities: tuple[DemonstratedEntity, ...]


def read_demonstrations(content: Any) -> tuple[Demonstration, ...]:
    """Read the demonstrations of a prompt file.

    Raises:
        ValueError: a key is missing, unknown or of the wrong kind.
    """
    try:
        return tuple(
            Demonstration(**{**post, "entities": tuple(_entity(**entity) for entity in post["entities"])})
            for post in content
        )
    except (TypeError, KeyError) as error:
        raise ValueError(f"a demonstration needs text, picture, reasoning, entities: {error}") from error


def _entity(entity: str, types: list[str], box: list[float] | None) -> DemonstratedEntity:
    if box is not None and not (len(box) == 4 and 0 <= box[0] < box[2] <= 1 and 0 <= box[1] < box[3] <= 1):
        raise ValueError(f"the box of {entity!r} needs left < right and top < bottom, each from 0 to 1")
    return DemonstratedEntity(entity, tuple(types), None if box is None else (box[0], box[1], box[2], box[3]))


def demonstration_lines(posts: Iterable[Demonstration], labels: Sequence[Label], write: WriteBox) -> str:
    """Write the demonstrations for a prompt, each answer as the model should write it."""
    known = {label.name for label in labels}
    return "\n\n".join(
        f"Example {number}\nText: {post.text}\nPicture (described here, not attached): {post.picture}\n"
        f"Answer: {json.dumps(_answer(post, known, write), ensure_ascii=False)}"
        for number, post in enumerate(posts, start=1)
    )


def _answer(post: Demonstration, known: set[str], write: WriteBox) -> dict[str, Any]:
    typed = [(entity, next((name for name in entity.types if name in known), None)) for entity in post.entities]
    return {
        "reasoning_process": post.reasoning,
        "entities": [
            {
                "entity": entity.entity,
                "type": name,
                "bounding_box": None if entity.box is None else write(entity.box),
            }
            for entity, name in typed
            if name is not None
        ],
    }
