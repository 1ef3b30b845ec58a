"""What a question is asked with: the post, the entity, and the run's choices."""

from dataclasses import dataclass

from unco.context import Context
from unco.tools.frames import Frame
from unco.tools.privacy import Privacy
from unco.tools.request import Purpose
from unco.types import Attribute, Entity, Extraction, Neighbour

MOST_CALLS = 2
"""Questions about one thing: the first, and one more when its answer cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostCase:
    """What is known of a post, and the run's choices."""

    extraction: Extraction
    image: str | None
    """The picture as the caller named it."""
    context: Context
    model: str
    """The MLLM to ask."""
    frame: Frame | None
    """Its box frame; None when nobody will be asked."""
    private: bool = False
    """Whether the caller marked the post private."""
    deadline: float | None = None
    """After which nothing is asked, in seconds since 1970."""
    calls: int = MOST_CALLS
    """Questions that the budget allows."""
    privacy: Privacy = Privacy()
    """How much of a picture may be sent."""

    def purpose(self, attribute: Attribute | None) -> Purpose:
        """What a question is for; None = the whole post."""
        return Purpose(attribute=attribute, private=self.private, deadline=self.deadline)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case(PostCase):
    """What a corrector knows: an entity as the earlier correctors left it, and its post."""

    entity: Entity
    neighbours: tuple[Neighbour, ...] = ()
    """The nearest other entities of the post."""
    facts: tuple[str, ...] = ()
    """What is known under the entity's name, for a prompt that quotes it."""
