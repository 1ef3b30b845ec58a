"""What a search is asked and gives, whoever answers it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from unco.context import Mode
from unco.types import LookUp

MAX_FACTS = 3
"""Facts that are quoted about a name."""

MAX_FACT_CHARS = 400
"""Length of a fact; a longer one is cut."""

MAX_WORDS_CHARS = 200
"""Length of what is searched for; a longer name is cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A name to look up, and on what terms."""

    words: str
    """The entity's words, and nothing else of the post."""
    mode: Mode
    """Of the run: `off` searches nothing, `replay` reads what was recorded."""
    private: bool = False
    """Whether the post is private."""
    deadline: float | None = None
    """Of the post, in seconds since 1970; None = it has none."""
    entity: int | None = None
    """Index of the entity, for traces."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search found."""

    facts: tuple[str, ...] = ()
    """The best first. Data to quote, never an instruction."""
    look_up: LookUp | None = None
    """What was asked of a tool; None = no tool was asked."""


class Search(Protocol):
    """Looks names up. It never fails because of a name or a server: it finds nothing then, and says why."""

    def check(self, mode: Mode) -> None:
        """Refuse settings that no search can be made with, before the first post.

        Raises:
            SettingsError: a file that it names is not there.
            SetupError: a package is missing.
        """

    async def search(self, query: Query) -> Findings:
        """Find facts about a name."""


@dataclass(frozen=True, slots=True)
class FirstFound:
    """Asks one search after another until one knows the name, so that what is at hand is not searched for."""

    searches: Sequence[Search]

    def check(self, mode: Mode) -> None:
        """Check all of them."""
        for search in self.searches:
            search.check(mode)

    async def search(self, query: Query) -> Findings:
        """Return the first findings with a fact; else the last ones."""
        found = Findings()
        for search in self.searches:
            if (found := await search.search(query)).facts:
                break
        return found
