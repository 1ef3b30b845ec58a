"""Rows that carry posts from stage to stage: JSON text, validated where it is read.

Some posts together are one row of a Ray table, and such a row is a block. When a worker dies, Ray runs its task
again and goes on after the blocks that it has already. Were they cut by size, a result with other seconds the
second time would move the cuts, and posts would be lost or doubled.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from unco import errors
from unco.corpus.pipeline import PostOutcome
from unco.corpus.posts import Line
from unco.errors import DataError, InputError, SettingsError, SetupError, UncoError
from unco.state import EXTRACTION, RESULT, PostInput
from unco.types import Extraction

TEXTS = ("post", "fault", "found", "result", "id")
SCHEMA = pa.schema([("number", pa.list_(pa.int64())), *((name, pa.list_(pa.large_binary())) for name in TEXTS)])


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post between two stages. What is missing is empty."""

    number: int
    post: bytes = b""
    """A `PostInput`."""
    fault: bytes = b""
    """Why there is no result: the error's name and message. A fault that is not the post's own ends the run."""
    found: bytes = b""
    """The small model's output, an `Extraction`."""
    result: bytes = b""
    """A `Result`."""
    id: bytes = b""
    """Of a post that cannot be read, as JSON, where it says its id."""

    def line(self) -> Line:
        """Return the post, as it was read."""
        post = PostInput.model_validate(json.loads(self.post)) if self.post else None
        return Line(self.number, post, id=json.loads(self.id) if self.id else None)

    def extraction(self) -> Extraction:
        """Return the small model's output."""
        return EXTRACTION.validate_json(self.found)

    def with_fault(self, error: UncoError) -> "PostRow":
        """Return the row with an error in place of a result."""
        return replace(self, fault=json.dumps([type(error).__name__, *error.__reduce__()[1]]).encode(), found=b"")

    def with_outcome(self, outcome: PostOutcome) -> "PostRow":
        """Return the row with the post's outcome; a result needs its post no more."""
        if outcome.result is not None:
            return PostRow(self.number, result=RESULT.dump_json(outcome.result))
        fault = outcome.fault
        return self.with_fault(fault if isinstance(fault, UncoError) else errors.PostError(fault))

    def outcome(self) -> PostOutcome:
        """Return the outcome of the post.

        Raises:
            UncoError: the run ends here.
        """
        if not self.fault:
            return PostOutcome(Line(self.number, None), RESULT.validate_json(self.result))
        kind, *arguments = json.loads(self.fault)
        fault: UncoError = getattr(errors, kind)(*arguments)
        if isinstance(fault, SettingsError | DataError) or not isinstance(fault, InputError):
            raise fault
        return PostOutcome(self.line(), None, fault)


def row_of(line: Line) -> PostRow:
    """Pack a post as it was read. Not by pydantic's own JSON, which fails on a lone surrogate."""
    if line.post is None:
        return PostRow(line.number, id=json.dumps(line.id).encode()).with_fault(errors.PostError(line.fault))
    return PostRow(line.number, post=json.dumps(line.post.model_dump()).encode())


def table_of(rows: Sequence[PostRow]) -> pa.Table:
    """Pack posts as Ray Data moves them: as one row of a table."""
    return pa.table({name: [[getattr(row, name) for row in rows]] for name in SCHEMA.names}, schema=SCHEMA)


def rows_of(table: pa.Table) -> list[PostRow]:
    """Unpack the posts of a table."""
    return [
        PostRow(*values)
        for row in table.select(SCHEMA.names).to_pylist()
        for values in zip(*(row[name] for name in SCHEMA.names), strict=True)
    ]


def worker_fault(error: UncoError, node: str) -> SetupError:
    """Build the error of a worker that cannot begin, with the name of its node."""
    return SetupError(f"a worker on {node} cannot begin: {error}")
