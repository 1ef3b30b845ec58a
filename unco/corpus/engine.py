"""Engines that run the posts of a corpus: this process alone (`Pipeline`), or a cluster (`unco.corpus.on_ray`)."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Literal, Protocol

from unco.corpus.pipeline import PostOutcome
from unco.corpus.posts import Line, read_posts

EngineName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class RemainingPosts:
    """The posts of a file that are still to be run; read as they are needed, here or by a worker."""

    path: Path
    done: int = 0
    """Posts from the beginning that are not run again."""
    pictures: Path | None = None
    """Of CoNLL text."""
    only: tuple[int, ...] | None = None
    """Numbers of the posts that are run, in rising order, from 1; None = all."""

    def __iter__(self) -> Iterator[Line]:
        """Yield one post after another."""
        wanted = None if self.only is None else frozenset(self.only)
        lines = islice(read_posts(self.path, self.pictures), self.done, None)
        return (line for line in lines if wanted is None or line.number in wanted)

    def numbers(self) -> Iterator[int]:
        """Yield the number of one post after another, without end where the last is not known."""
        return count(self.done + 1) if self.only is None else iter(self.only)


class Engine(Protocol):
    """Runs both stages over a corpus."""

    def run(self, lines: RemainingPosts) -> AsyncIterator[PostOutcome]:
        """Run posts; outcomes come in the posts' order.

        Raises:
            DataError: the posts cannot be read.
        """

    def waiting(self) -> str:
        """Return for what the run waits now, and since when; empty = nothing. Called from any thread."""
