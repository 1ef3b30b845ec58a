"""Read and write gold posts as JSON Lines, this project's own format: half-open spans, boxes in original pixels.

{"id", "tokens", "entities": [{"start", "stop", "type", "boxes": [[x1, y1, x2, y2], ...]}], "width", "height"}

Width and height may be left out where they are not known; boxes where nothing is grounded.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field

from unco.errors import DataError
from unco.evals.formats.checks import check_gold
from unco.evals.formats.geometry import box_to_list, to_box, to_span
from unco.evals.formats.json_text import Record, checked, json_lines, write_lines
from unco.state import PostId
from unco.types import GoldEntity, GoldPost


class _Entity(Record):
    start: int
    stop: int
    type: str
    boxes: list[list[float]] = []


class _Line(Record):
    id: PostId = Field(min_length=1)
    tokens: list[str]
    entities: list[_Entity]
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)


def read_gold_lines(path: Path) -> list[GoldPost]:
    """Read the gold posts of a file.

    Raises:
        DataError: not in the format, with its place.
    """
    return gold_from_dicts(json_lines(path), str(path))


def gold_from_dicts(lines: Iterable[tuple[str, Any]], name: str) -> list[GoldPost]:
    """Convert (place, object) pairs to gold posts.

    Raises:
        DataError: not in the format, with its place.
    """
    posts = [_to_post(checked(_Line, data, where), where) for where, data in lines]
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


def _to_post(line: _Line, where: str) -> GoldPost:
    if (line.width is None) != (line.height is None):
        raise DataError(f"{where}: give width and height, or neither")
    entities = []
    for index, entity in enumerate(line.entities):
        place = f"{where}: entities[{index}]"
        boxes = tuple(to_box(corners, f"{place}.boxes[{number}]") for number, corners in enumerate(entity.boxes))
        entities.append(GoldEntity(to_span(entity.start, entity.stop, place), entity.type, boxes))
    size = (line.width, line.height) if line.width and line.height else None
    return GoldPost(line.id, tuple(line.tokens), tuple(entities), size)
