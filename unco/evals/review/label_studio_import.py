"""Read Label Studio's JSON export of reviewed tasks (see `label_studio`) as gold posts.

A relation links a span to a box, whichever way it points; a span may have several boxes, and a box several spans. Of a
task's annotations the last that was not cancelled counts. A box that no span is linked to is refused, not dropped;
so is one that was drawn on a picture turned in Label Studio, whose percents are of the picture as it was turned.

Offsets count characters (code points). Old versions of Label Studio, and tools written in JavaScript, count UTF-16
units, of which an emoji has two: a task whose marked words fit that way alone is read that way.
"""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unco.errors import DataError
from unco.evals.formats.checks import check_gold
from unco.evals.formats.geometry import to_box
from unco.evals.formats.json_text import parse_json, read_text
from unco.evals.formats.label_studio import token_starts
from unco.types import Box, GoldEntity, GoldPost, Span

Json = dict[str, Any]

_OF_MARKS = frozenset({"start", "end", "x", "y", "points", "vertices", "rle", "format"})
"""Keys of what marks a part of a text or of a picture, whatever its kind."""


@dataclass(frozen=True, slots=True)
class ReviewedPosts:
    """The content of an export: reviewed posts, and ids of the others."""

    gold: tuple[GoldPost, ...]
    """Posts that a person has annotated."""
    left: tuple[str, ...]
    """Ids of posts that were not annotated, or were skipped."""


def read_review(path: Path) -> ReviewedPosts:
    """Read an export in Label Studio's JSON format (not JSON-MIN).

    Raises:
        DataError: it is none, or a task cannot be read as a post; names the task.
    """
    tasks = parse_json(read_text(path), str(path))
    if not isinstance(tasks, list):
        raise DataError(f"{path}: not a list of tasks: export the project as JSON")
    gold, left = list[GoldPost](), list[str]()
    for place, task in enumerate(tasks):
        where = f"{path}: tasks[{place}]"
        _check_task(task, where)
        try:
            done = _last_annotation(task)
            if done is None:
                left.append(str(task["data"]["id"]))
            else:
                gold.append(_to_post(task["data"], done, where))
        except (LookupError, TypeError, AttributeError, ArithmeticError, ValueError) as error:
            raise DataError(f"{where}: not a task of ours, annotated: {type(error).__name__}: {error}") from error
    check_gold(gold, str(path))
    return ReviewedPosts(tuple(gold), tuple(left))


def _check_task(task: Any, where: str) -> None:
    """Refuse a task that another tool made: a review comes back on the tokens that stand in ours."""
    data = task.get("data") if isinstance(task, dict) else None
    if not isinstance(data, dict) or not {"id", "tokens"} <= data.keys():
        raise DataError(
            f"{where} has no `data` with the `id` and `tokens` of a post: "
            "`unco export --to label-studio` and `unco review-queue` write tasks that have them"
        )


def _last_annotation(task: Json) -> Sequence[Json] | None:
    done = [one for one in task.get("annotations", ()) if not one.get("was_cancelled")]
    results: Sequence[Json] | None = done[-1]["result"] if done else None
    return results


def _to_post(data: Json, results: Sequence[Json], where: str) -> GoldPost:
    tokens = tuple(map(str, data["tokens"]))
    size = (int(data["width"]), int(data["height"])) if "width" in data else None
    spans: Mapping[str, Json] = {one["id"]: one["value"] for one in results if one["type"] == "labels"}
    boxes = {one["id"]: _box(one, where) for one in results if one["type"] == "rectanglelabels"}
    _refuse_other_marks(results, {*spans, *boxes}, where)
    sizes = {(one["original_width"], one["original_height"]) for one in results if one["type"] == "rectanglelabels"}
    if size is None and len(sizes) == 1:
        (size,) = sizes
    linked = _links(results, spans, boxes, where)
    spans = _in_characters(spans, " ".join(tokens))
    entities = [
        GoldEntity(
            _span(value, tokens, f"{where}: {name}"), _one_label(value["labels"], f"{where}: {name}"), linked[name]
        )
        for name, value in spans.items()
    ]
    return GoldPost(str(data["id"]), tokens, tuple(sorted(entities, key=lambda entity: entity.span.start)), size)


def _refuse_other_marks(results: Sequence[Json], known: Set[str], where: str) -> None:
    """Refuse what a person marked in another way than we read, so that it is not lost; remarks on marks are let pass.

    Raises:
        DataError: there is such a mark.
    """
    for one in results:
        if one.get("id") not in known and not _OF_MARKS.isdisjoint(one.get("value") or ()):
            raise DataError(
                f"{where}: {one.get('id')!r} is marked as {one['type']}: mark names with `labels`, and places in the "
                "picture with `rectanglelabels`, as the labelling config has them"
            )


def _links(
    results: Sequence[Json], spans: Mapping[str, Json], boxes: Mapping[str, Box], where: str
) -> dict[str, tuple[Box, ...]]:
    """Collect the boxes of each span, by the spans' names."""
    pairs = [(one["from_id"], one["to_id"]) for one in results if one["type"] == "relation"]
    both = [(a, b) if a in spans else (b, a) for a, b in pairs]
    found = {name: tuple(boxes[box] for span, box in both if span == name and box in boxes) for name in spans}
    if loose := [name for name in boxes if all(box != name or span not in spans for span, box in both)]:
        raise DataError(f"{where}: no entity is linked to the box {loose[0]!r}: link it, or delete it")
    return found


def _box(result: Json, where: str) -> Box:
    value, width, height = result["value"], result["original_width"], result["original_height"]
    if result.get("image_rotation"):
        raise DataError(
            f"{where}: the box {result['id']!r} was drawn on a picture that was turned by {result['image_rotation']} "
            "degrees in Label Studio, and its numbers are of the turned one: turn the picture back and draw it again"
        )
    if value.get("rotation"):
        raise DataError(f"{where}: the box {result['id']!r} is rotated: draw it upright")
    x1, y1 = value["x"] * width / 100, value["y"] * height / 100
    corners = [x1, y1, x1 + value["width"] * width / 100, y1 + value["height"] * height / 100]
    return to_box([round(corner, 3) for corner in corners], f"{where}: {result['id']}")


def _in_characters(spans: Mapping[str, Json], text: str) -> Mapping[str, Json]:
    """Convert offsets from UTF-16 units to characters where the marked words fit the text in that way alone."""
    if all(_fits(value, text) for value in spans.values()) or text.isascii():
        return spans
    utf_16 = text.encode("utf-16-le")
    converted = {
        name: value
        | {end: len(utf_16[: 2 * int(value[end])].decode("utf-16-le", "replace")) for end in ("start", "end")}
        for name, value in spans.items()
    }
    return converted if all(_fits(value, text) for value in converted.values()) else spans


def _fits(value: Json, text: str) -> bool:
    marked = text[int(value["start"]) : int(value["end"])]
    return "".join(value.get("text", marked).split()) == "".join(marked.split())


def _span(value: Json, tokens: Sequence[str], where: str) -> Span:
    """Find the tokens that the characters touch: a half-marked word counts as the whole word."""
    start, stop = int(value["start"]), int(value["end"])
    marked = " ".join(tokens)[start:stop]
    starts = token_starts(tokens)
    touched = [
        place
        for place, (token, begin) in enumerate(zip(tokens, starts, strict=False))
        if begin < stop and start < begin + len(token)
    ]
    if not touched or not _fits(value, " ".join(tokens)):
        raise DataError(
            f"{where}: characters {start} to {stop} of the text are {marked!r}, not {value.get('text')!r}; nor do all "
            "marks of the task fit if offsets count UTF-16 units"
        )
    return Span(touched[0], touched[-1] + 1)


def _one_label(labels: Sequence[str], where: str) -> str:
    if len(labels) != 1 or not isinstance(labels[0], str):
        raise DataError(f"{where}: an entity has one type, got {', '.join(map(str, labels)) or 'none'}")
    return labels[0]
