"""What runs the posts of a corpus: this process alone (`Pipeline`), or a cluster (`unco.corpus.on_ray`)."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Literal, Protocol

from unco.corpus.pipeline import Done
from unco.corpus.posts import Line, read_posts

EngineName = Literal["local", "ray"]


@dataclass(frozen=True, slots=True)
class Rest:
    """The posts of a file that are still to be run; read as they are asked for, or elsewhere by who knows the path."""

    path: Path
    done: int = 0
    """Posts from the beginning that are not run again."""
    pictures: Path | None = None
    """Of CoNLL text."""

    def __iter__(self) -> Iterator[Line]:
        """One after another."""
        return islice(read_posts(self.path, self.pictures), self.done, None)


class Engine(Protocol):
    """Both stages over a corpus."""

    def run(self, lines: Rest) -> AsyncIterator[Done]:
        """Run posts; each comes out in its turn, when it and all before it are done.

        Raises:
            DataError: the posts cannot be read.
        """
