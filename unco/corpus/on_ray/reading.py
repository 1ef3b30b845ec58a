"""Posts as a source of Ray Data: pieces of a file, each read where a worker is free.

A file of JSON Lines is cut at the beginnings of lines, which are found in one pass that reads nothing else. What can
only be read from its beginning, a table above all, is one piece.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count, islice
from pathlib import Path
from typing import Any

import pyarrow as pa
from ray.data import Datasource, ReadTask
from ray.data.block import BlockMetadata

from unco.corpus.conll import is_conll
from unco.corpus.engine import RemainingPosts
from unco.corpus.on_ray.post_rows import PostRow, row_of, table_of
from unco.corpus.posts import STDIN, Line, lines_of, read_posts
from unco.corpus.tables import is_table
from unco.errors import DataError, SettingsError, SetupError, UncoError

PIECE_POSTS = 128
"""Posts of the smallest piece, and about as many as a worker is given at once."""

TABLE_BYTES = 16 * 2**20
"""Of posts that a worker is given at once; one more may be larger."""

MAX_PIECES = 2000
"""Of a corpus; Ray Data keeps an account of each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Posts that stand one after another."""

    path: Path
    first: int
    """Number of its first post, from 1."""
    posts: int | None
    """How many; None = all that come."""
    start: int | None = None
    """Where the first begins, in bytes; None = the file is read from its beginning."""
    pictures: Path | None = None
    """Folder of the pictures of CoNLL text."""
    only: frozenset[int] | None = None
    """Numbers of the posts that are run; None = all."""

    def lines(self) -> Iterator[Line]:
        """Give the posts that are run.

        Raises:
            DataError: they cannot be read.
        """
        return (line for line in self._all_lines() if self.only is None or line.number in self.only)

    def _all_lines(self) -> Iterator[Line]:
        if self.start is None:
            yield from islice(read_posts(self.path, self.pictures), self.first - 1, None)
            return
        try:
            with self.path.open("rb") as file:
                file.seek(self.start)
                for line in islice(lines_of(file), self.posts):
                    yield replace(line, number=self.first + line.number - 1)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def tables(self) -> Iterator[pa.Table]:
        """The posts as they travel; that they cannot be read here travels too."""
        after = self.first
        try:
            for some in _batches(map(row_of, self.lines())):
                after = some[-1].number + 1
                yield table_of(some)
        except UncoError as error:
            yield table_of([PostRow(after).failed(SetupError(f"a worker cannot read the posts: {error}"))])


def _batches(rows: Iterable[PostRow]) -> Iterator[list[PostRow]]:
    """So many that no table is large, though pictures come inline; the same every time that they are read."""
    some: list[PostRow] = []
    for row in rows:
        some.append(row)
        if len(some) == PIECE_POSTS or sum(len(one.post) for one in some) > TABLE_BYTES:
            yield some
            some = []
    if some:
        yield some


def pieces_of(rest: RemainingPosts) -> list[Piece]:
    """Cut up what is still to be run.

    Raises:
        SettingsError: it is a stream, which nobody else can read.
        DataError: it cannot be read.
    """
    path = rest.path.absolute()
    if rest.path == STDIN or (path.exists() and not (path.is_file() or path.is_dir())):
        raise SettingsError(f"--engine ray reads from a file that all nodes see, and {rest.path} is a stream: save it")
    if is_table(path) or is_conll(path) or rest.pictures is not None:
        whole = Piece(path, rest.done + 1, None, pictures=rest.pictures and rest.pictures.absolute())
        return [whole if rest.only is None else replace(whole, only=frozenset(rest.only))]
    starts, posts = _starts(path, rest.done)
    stride = -(-len(starts) // MAX_PIECES) or 1
    pieces = (
        Piece(path, first, min(PIECE_POSTS * stride, posts - first + 1), start)
        for first, start in zip(count(rest.done + 1, PIECE_POSTS * stride), starts[::stride], strict=False)
    )
    return list(pieces) if rest.only is None else list(_with_only(pieces, rest.only))


def _with_only(pieces: Iterable[Piece], only: Sequence[int]) -> Iterator[Piece]:
    """Keep the pieces that hold a post that is run."""
    for piece in pieces:
        begin, end = bisect_left(only, piece.first), bisect_left(only, piece.first + (piece.posts or 0))
        if begin < end:
            yield replace(piece, only=frozenset(only[begin:end]))


def _starts(path: Path, done: int) -> tuple["array[int]", int]:
    """Where each `PIECE_POSTS`-th post begins after those that are done, in bytes; and how many posts there are."""
    starts, posts, place = array("q"), 0, 0
    try:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    if posts >= done and (posts - done) % PIECE_POSTS == 0:
                        starts.append(place)
                    posts += 1
                place += len(line)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return starts, posts


_UNKNOWN = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)


class PostsDatasource(Datasource):
    """The pieces, for `ray.data.read_datasource`."""

    def __init__(self, pieces: list[Piece]) -> None:
        """Keep them; nothing is read."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._pieces = pieces

    def get_name(self) -> str:
        """As Ray shows it."""
        return "Posts"

    def estimate_inmemory_data_size(self) -> int | None:
        """Not known before."""
        return None

    def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ReadTask]:
        """One for each piece, in their order."""
        return [ReadTask(_reader(piece), _UNKNOWN) for piece in self._pieces]


def _reader(piece: Piece) -> Callable[[], Iterable[pa.Table]]:
    return partial(Piece.tables, piece)
