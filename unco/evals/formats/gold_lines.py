"""Read and write gold posts as JSON Lines, this project's own format: half-open spans, boxes in original pixels.

{"id", "tokens", "entities": [{"start", "stop", "type", "boxes": [[x1, y1, x2, y2], ...]}], "width", "height"}

In place of `tokens` a `text` may stand, whose tokens are what its blanks part. Width and height may be left out where
they are not known; boxes where nothing is grounded; and the id: then the post is called by its place in the file.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from unco.errors import DataError
from unco.evals.formats.checks import check_gold
from unco.evals.formats.geometry import box_to_list, to_box, to_span
from unco.evals.formats.json_text import Record, checked, json_lines, write_lines
from unco.state import PostId
from unco.tools.extraction.text import MOST_WORDS
from unco.types import GoldEntity, GoldPost


def _whole(value: Any) -> Any:
    """Return a whole number for one like 64.0, as tables make of a column that lacks some."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


_Pixels = Annotated[int, BeforeValidator(_whole)]


class _Entity(Record):
    start: int
    stop: int
    type: str
    boxes: list[list[float]] = []


class _Line(Record):
    id: PostId | None = Field(default=None, min_length=1)
    tokens: list[str] | None = None
    text: str | None = None
    entities: list[_Entity] | None = None
    width: _Pixels | None = Field(default=None, gt=0)
    height: _Pixels | None = Field(default=None, gt=0)


FIELDS = tuple(_Line.model_fields)


def read_gold_lines(path: Path, labelled: bool = True) -> list[GoldPost]:
    """Read the gold posts of a file.

    Args:
        path: the file.
        labelled: whether each post must have its `entities`; otherwise one without them has none.

    Raises:
        DataError: not in the format, with its place.
    """
    return gold_from_dicts(json_lines(path), str(path), labelled)


def gold_from_dicts(lines: Iterable[tuple[str, Any]], name: str, labelled: bool = True) -> list[GoldPost]:
    """Convert (place, object) pairs to gold posts.

    Raises:
        DataError: not in the format, with its place.
    """
    posts = [_to_post(checked(_Line, data, where), where, labelled) for where, data in lines]
    check_gold(posts, name)
    return posts


def write_gold_lines(posts: Sequence[GoldPost], path: Path) -> None:
    """Write gold posts; `read_gold_lines` gives them back as they are."""
    write_lines(path, [gold_to_dict(post) for post in posts])


def gold_to_dict(post: GoldPost) -> dict[str, Any]:
    """Convert a gold post to the object of one line."""
    size = {} if post.size is None else {"width": post.size[0], "height": post.size[1]}
    return {
        "id": post.id,
        "tokens": list(post.tokens),
        "entities": [
            {
                "start": entity.span.start,
                "stop": entity.span.stop,
                "type": entity.type,
                "boxes": [box_to_list(box) for box in entity.boxes],
            }
            for entity in post.entities
        ],
        **size,
    }


def _to_post(line: _Line, where: str, labelled: bool) -> GoldPost:
    if line.entities is None and labelled:
        raise DataError(f"{where}: entities is missing: a post without any has an empty list")
    if (line.width is None) != (line.height is None):
        raise DataError(f"{where}: give width and height, or neither")
    entities = []
    for index, entity in enumerate(line.entities or ()):
        place = f"{where}: entities[{index}]"
        boxes = tuple(to_box(corners, f"{place}.boxes[{number}]") for number, corners in enumerate(entity.boxes))
        entities.append(GoldEntity(to_span(entity.start, entity.stop, place), entity.type, boxes))
    size = (line.width, line.height) if line.width and line.height else None
    return GoldPost(line.id or where, tokens_of(line.tokens, line.text, where), tuple(entities), size)


def tokens_of(tokens: list[str] | None, text: str | None, where: str) -> tuple[str, ...]:
    """Return the tokens of a post; those of a text are what its blanks part.

    Raises:
        DataError: there are both or neither, or too many.
    """
    if (tokens is None) == (text is None):
        raise DataError(f"{where}: give text or tokens, one of them")
    words = tokens if text is None else text.split(maxsplit=MOST_WORDS)
    if len(words or ()) > MOST_WORDS:
        raise DataError(f"{where}: more than {MOST_WORDS} words are no post")
    return tuple(words or ())
