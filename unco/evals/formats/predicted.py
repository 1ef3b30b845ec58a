"""A system's predictions for a post, whatever file they came from."""

from dataclasses import dataclass, field, replace

from unco.errors import DataError
from unco.types import Box, Span, Uncertainty
from unco.types.geometry import all_boxes

NOWHERE = Box(-2.0, -2.0, -1.0, -1.0)
"""A predicted region that is no usable box: it lies outside every picture, so it fits no gold box."""


@dataclass(frozen=True, slots=True)
class Predicted:
    """One predicted entity."""

    span: Span
    type: str
    """`UNTYPED` = it is one of a user's own list, and nobody said which."""
    region: Box | None
    """None = "not in the picture"; `NOWHERE` = an answer that is no box."""
    uncertainty: Uncertainty | None = None
    """Higher = less sure; in [0, 1] where `unco` made it. None = not measured for the values that stand here."""
    regions: tuple[Box, ...] = ()
    """All of its boxes, `region` first; empty = "not in the picture"."""

    def __post_init__(self) -> None:
        """Let `regions` begin with `region`."""
        object.__setattr__(self, "regions", all_boxes(self.region, self.regions))


@dataclass(frozen=True, slots=True)
class PredictedPost:
    """All predictions of a system for one post."""

    id: str | None
    """None = the file gives no id; then the post's place and its tokens identify it."""
    entities: tuple[Predicted, ...]
    tokens: tuple[str, ...] | None = None
    """None = the file does not hold them."""
    candidates: tuple[Box, ...] | None = None
    """Regions that the system chose from, in pixels; None = the file does not hold them."""
    size: tuple[int, int] | None = None
    """(width, height) in pixels of the picture that the system saw; None = the file does not say."""
    types: tuple[str, ...] = ()
    """The user's own types that the system chose from, in their order; empty = those of a data set."""
    dropped: tuple[Predicted, ...] = ()
    """Entities that the system found and left out as too doubtful; they count as not predicted."""
    picture: str | None = field(default=None, compare=False)
    """Path or address of the picture that the system saw; None = the file does not say, or it came inline."""
    any_box: bool = field(default=False, compare=False)
    """Whether boxes may leave the picture: those of another system are judged as they stand, ours are a fault."""

    @property
    def with_dropped(self) -> "PredictedPost":
        """The same post had nothing been dropped, its entities in the order of the text."""
        entities = sorted((*self.entities, *self.dropped), key=lambda entity: (entity.span.start, entity.span.stop))
        return replace(self, entities=tuple(entities), dropped=()) if self.dropped else self


def known_id(post: PredictedPost) -> str:
    """Return the id of a post that is to be written.

    Raises:
        DataError: it has none.
    """
    if not post.id:
        raise DataError("a post has no id, and its number is another's: give each post its id, or name the gold posts")
    return post.id


def known_tokens(post: PredictedPost) -> tuple[str, ...]:
    """Return the tokens of a post that is to be written.

    Raises:
        DataError: the predictions do not hold them.
    """
    if post.tokens is None:
        raise DataError(f"post {post.id!r} has no tokens: name the gold posts (--gold), which have them")
    return post.tokens
