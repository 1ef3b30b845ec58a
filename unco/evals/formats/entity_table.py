"""Entities as a table (CSV) for spreadsheets: a row for each, and one for a post that has none."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from pathlib import Path

from unco.evals.formats.json_text import write_text
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost, known_id, known_tokens
from unco.types import ATTRIBUTES

COLUMNS = (
    *("id", "text", "entity", "type", "start", "stop", "x1", "y1", "x2", "y2", "boxes"),
    *(f"{name}_uncertainty" for name in ATTRIBUTES),
    "dropped",
)
"""`start` and `stop` count tokens. The corners are of the first box, in pixels. `dropped` is 1 where an entity was left
out as too doubtful."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""With which a cell begins that a spreadsheet would compute; in Japanese ones also the wide forms of the signs."""

Row = list[str | int | float]


def write_entity_table(posts: Sequence[PredictedPost], out: Path) -> None:
    """Write the table, in UTF-8 with the mark by which Excel knows it.

    Raises:
        DataError: a post has no id or no tokens, or the file cannot be written.
    """
    text = StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for post in posts:
        table.writerows(_rows(post))
    write_text("\ufeff" + text.getvalue(), out)


def _rows(post: PredictedPost) -> Iterator[Row]:
    tokens = known_tokens(post)
    about: Row = [_cell(known_id(post)), _cell(" ".join(tokens))]
    marked = [(one, 0) for one in post.entities] + [(one, 1) for one in post.dropped]
    for entity, dropped in sorted(marked, key=lambda one: one[0].span.start):
        words = " ".join(tokens[entity.span.start : entity.span.stop])
        yield [*about, _cell(words), _cell(entity.type), *_numbers(entity), dropped]
    if not marked:
        yield [*about, *[""] * (len(COLUMNS) - len(about))]


def _numbers(entity: Predicted) -> Row:
    box = None if entity.region in (None, NOWHERE) else entity.region
    corners: Row = [""] * 4 if box is None else [box.x1, box.y1, box.x2, box.y2]
    unsure = entity.uncertainty
    doubts: Row = [""] * len(ATTRIBUTES) if unsure is None else [round(unsure.of(name), 4) for name in ATTRIBUTES]
    return [entity.span.start, entity.span.stop, *corners, 0 if box is None else len(entity.regions), *doubts]


def _cell(text: str) -> str:
    """Return text that a spreadsheet shows and does not compute: a stranger may have written the post."""
    return f"'{text}" if text.startswith(_FORMULA) else text
