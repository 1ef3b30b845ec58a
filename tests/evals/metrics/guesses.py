"""What a model might say of the post `gold_post`."""

from dataclasses import dataclass

from unco.types import Box, Span

BOX = Box(10, 10, 60, 90)


@dataclass(frozen=True)
class Guess:
    span: Span
    type: str
    region: Box | None


RIGHT = [Guess(Span(0, 2), "PER", BOX), Guess(Span(5, 7), "ORG", None)]
