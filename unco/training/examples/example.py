"""Training examples: posts of the data set, posts of other sources without pictures, and several posts read as one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from torch import Tensor

from unco.types import GoldEntity, GoldPost, Span

LONGEST = 64
"""Words of an example beyond which no further post is joined to it."""


@dataclass(frozen=True, slots=True)
class Taught:
    """The mean probabilities of the teachers for one post, in float16."""

    symbols: Tensor
    """(L, 3 + types + W), at each step of the gold sequence."""
    tags: Tensor
    """(W, 1 + 2 types)."""


@dataclass(frozen=True, slots=True)
class Example:
    """A text with its entities, and what is known of its picture."""

    post: GoldPost
    picture: GoldPost | None
    """The post whose picture is shown, with that post's boxes; None = the text alone."""
    grounded: range
    """Places of the entities that this picture's boxes are of; of the others nothing is known."""
    taught: Taught | None = None
    """What teachers say of the text; None = nothing is known, as of texts that were joined."""


def of_data_set(post: GoldPost) -> Example:
    """Make an example of a post of the data set, whose boxes are known."""
    return Example(post, post, range(len(post.entities)))


def of_text(post: GoldPost) -> Example:
    """Make an example of a post of which the text alone is known."""
    return Example(post, None, range(0))


def joined_at_random(examples: Sequence[Example], share: float, random: Random) -> list[Example]:
    """Append to some examples others of the same batch, as people write several sentences and topics into one post.

    Args:
        examples: of one batch.
        share: probability that one more is appended, to what was appended already, too, in [0, 1).
        random: the only source of randomness.
    """
    return [_joined(example, examples, share, random) for example in examples]


def _joined(example: Example, others: Sequence[Example], share: float, random: Random) -> Example:
    while random.random() < share and len(example.post.tokens) < LONGEST:
        pair = (example, random.choice(others))
        example = _two(*(pair if random.random() < 0.5 else pair[::-1]), shown=int(random.random() < 0.5))
    return example


def _two(first: Example, second: Example, shown: int) -> Example:
    words, entities = len(first.post.tokens), len(first.post.entities)
    moved = tuple(_moved(entity, words) for entity in second.post.entities)
    post = replace(
        first.post, tokens=first.post.tokens + second.post.tokens, entities=first.post.entities + moved, size=None
    )
    if (first.picture, second.picture)[shown] is None:
        shown = 1 - shown
    if shown == 0:
        return Example(post, first.picture, first.grounded)
    grounded = range(second.grounded.start + entities, second.grounded.stop + entities)
    return Example(post, second.picture, grounded)


def _moved(entity: GoldEntity, words: int) -> GoldEntity:
    return replace(entity, span=Span(entity.span.start + words, entity.span.stop + words))
