"""Data source of Ray Data for posts: pieces of a file, each read by a free worker.

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

from unco.corpus.engine import RemainingPosts
from unco.corpus.on_ray.post_rows import PostRow, row_of, table_of
from unco.corpus.posts import Line, is_cut_by_line, is_stream, lines_of, read_posts
from unco.errors import DataError, SettingsError, SetupError, UncoError

PIECE_POSTS = 128
"""Posts of the smallest piece, and of a table."""

TABLE_BYTES = 16 * 2**20
"""Bytes of posts after which a table is full; its last post may exceed them."""

MAX_PIECES = 2000
"""Pieces of a corpus; Ray Data keeps metadata of each."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a file: posts that stand one after another."""

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
        """Yield the posts of the piece that are run.

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
                for line in islice(lines_of(file, self.path.parent), self.posts):
                    yield replace(line, number=self.first + line.number - 1)
        except OSError as error:
            raise DataError(f"{self.path} cannot be read: {error.strerror or error}") from error

    def tables(self) -> Iterator[pa.Table]:
        """Yield the posts in tables; an error of reading is a row too."""
        after = self.first
        try:
            for batch in _batches(map(row_of, self.lines())):
                after = batch[-1].number + 1
                yield table_of(batch)
        except UncoError as error:
            yield table_of([PostRow(after).with_fault(SetupError(f"a worker cannot read the posts: {error}"))])


def _batches(rows: Iterable[PostRow]) -> Iterator[list[PostRow]]:
    """Group rows so that no table is large, though pictures come inline; the same on every reading."""
    batch: list[PostRow] = []
    for row in rows:
        batch.append(row)
        if len(batch) == PIECE_POSTS or sum(len(each.post) for each in batch) > TABLE_BYTES:
            yield batch
            batch = []
    if batch:
        yield batch


def pieces_of(remaining: RemainingPosts) -> list[Piece]:
    """Cut the remaining posts into pieces.

    Raises:
        SettingsError: it is a stream, which nobody else can read.
        DataError: it cannot be read.
    """
    path = remaining.path.absolute()
    if is_stream(remaining.path):
        raise SettingsError(
            f"--engine ray reads from a file that all nodes see, and {remaining.path} is a stream: save it"
        )
    if not path.exists():
        raise DataError(f"{path} cannot be read: it is not there")
    if remaining.pictures is not None or not is_cut_by_line(path):
        whole = Piece(path, remaining.done + 1, None, pictures=remaining.pictures and remaining.pictures.absolute())
        return [whole if remaining.only is None else replace(whole, only=frozenset(remaining.only))]
    starts, posts = _starts(path, remaining.done)
    stride = -(-len(starts) // MAX_PIECES) or 1
    pieces = (
        Piece(path, first, min(PIECE_POSTS * stride, posts - first + 1), start)
        for first, start in zip(count(remaining.done + 1, PIECE_POSTS * stride), starts[::stride], strict=False)
    )
    return list(pieces) if remaining.only is None else list(_with_only(pieces, remaining.only))


def _with_only(pieces: Iterable[Piece], only: Sequence[int]) -> Iterator[Piece]:
    """Keep the pieces that hold a post that is run."""
    for piece in pieces:
        begin, end = bisect_left(only, piece.first), bisect_left(only, piece.first + (piece.posts or 0))
        if begin < end:
            yield replace(piece, only=frozenset(only[begin:end]))


def _starts(path: Path, done: int) -> tuple["array[int]", int]:
    """Find where each `PIECE_POSTS`-th post after those that are done begins, in bytes, and count all posts."""
    starts, posts, offset = array("q"), 0, 0
    try:
        with path.open("rb") as file:
            for line in file:
                if line.strip():
                    if posts >= done and (posts - done) % PIECE_POSTS == 0:
                        starts.append(offset)
                    posts += 1
                offset += len(line)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from error
    return starts, posts


_UNKNOWN = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)


class PostsDatasource(Datasource):
    """Data source of the pieces, for `ray.data.read_datasource`."""

    def __init__(self, pieces: list[Piece]) -> None:
        """Keep the pieces; nothing is read."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._pieces = pieces

    def get_name(self) -> str:
        """Return the name that Ray shows."""
        return "Posts"

    def estimate_inmemory_data_size(self) -> int | None:
        """Return None: the size is not known before."""
        return None

    def get_read_tasks(self, parallelism: int, *_: Any, **__: Any) -> list[ReadTask]:
        """Return a task for each piece, in order."""
        return [ReadTask(_reader(piece), _UNKNOWN) for piece in self._pieces]


def _reader(piece: Piece) -> Callable[[], Iterable[pa.Table]]:
    return partial(Piece.tables, piece)
