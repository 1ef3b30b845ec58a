"""What a system said of a post, from whatever file it came."""

from dataclasses import dataclass

from unco.types import Box, Span, Uncertainty

NOWHERE = Box(-2.0, -2.0, -1.0, -1.0)
"""A region that was given and can fit no gold box, since it lies outside every picture."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """One predicted entity."""

    span: Span
    type: str
    region: Box | None
    """None = "not in the picture"; `NOWHERE` = an answer that is no box."""
    uncertainty: Uncertainty | None = None
    """Higher = less sure; in [0, 1] where `unco` made it. None = not measured for the values that stand here."""


@dataclass(frozen=True, slots=True)
class PredictedPost:
    """All that a system said of one post."""

    id: str | None
    """None = the post had no name; then its place and its tokens must do."""
    entities: tuple[Predicted, ...]
    tokens: tuple[str, ...] | None = None
    """None = the file does not hold them."""
    candidates: tuple[Box, ...] | None = None
    """Regions that the system chose from, in pixels; None = the file does not hold them."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels of the picture that the system saw; None = the file does not say."""
