"""Read and write predictions as JSON Lines, this project's own format; lines that hold a whole `Result` are read too.

{"id", "tokens", "entities": [{"start", "stop", "type", "region": [x1, y1, x2, y2] or null,
 "uncertainty": {"span", "type", "region"}}], "candidates": [[x1, y1, x2, y2], ...]}

Tokens, uncertainty and candidates may be left out. `region` may not: "not in the picture" is null. A type of null is
one that nobody told; `types` names a list of the user's own that types were chosen from, where there is one. `dropped`
holds entities that were found and left out as too doubtful, where there are some.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from unco.errors import DataError
from unco.evals.formats.checks import check_ids
from unco.evals.formats.failed_posts import check_run
from unco.evals.formats.geometry import box_to_list, check_box, check_pixels, check_span, to_box, to_span
from unco.evals.formats.json_text import Record, checked, json_lines, write_lines
from unco.evals.formats.predicted import Predicted, PredictedPost, known_id
from unco.state import RESULT, PostId
from unco.types import ATTRIBUTES, UNTYPED, Entity, Result, Uncertainty


class _Uncertainty(Record):
    span: float
    type: float
    region: float


class _Entity(Record):
    start: int
    stop: int
    type: str | None
    region: list[float] | None
    uncertainty: _Uncertainty | None = None
    regions: list[list[float]] = []


class _Line(Record):
    id: PostId = Field(min_length=1)
    entities: list[_Entity]
    tokens: list[str] | None = None
    candidates: list[list[float]] | None = None
    types: list[str] = []
    dropped: list[_Entity] = []


def read_prediction_lines(path: Path) -> list[PredictedPost]:
    """Read the predictions of a file.

    Raises:
        DataError: not in the format, with its place.
    """
    return predictions_from_dicts(json_lines(path), str(path))


def predictions_from_dicts(lines: Iterable[tuple[str, Any]], name: str) -> list[PredictedPost]:
    """Convert (place, object) pairs to predictions; an object may be a `Result`, as `graph.invoke` gives it.

    Raises:
        DataError: not in the format, with its place.
    """
    posts = [_from_result(data, where) if _is_result(data) else _from_line(data, where) for where, data in lines]
    check_ids([post.id for post in posts], name)
    return posts


def write_prediction_lines(posts: Sequence[PredictedPost], path: Path) -> None:
    """Write predictions; `read_prediction_lines` gives them back as they are, the pictures' sizes aside.

    Raises:
        DataError: a post has no id.
    """
    write_lines(path, [prediction_to_dict(post) for post in posts])


def prediction_to_dict(post: PredictedPost) -> dict[str, Any]:
    """Convert the predictions of a post to the object of one line.

    Raises:
        DataError: it has no id.
    """
    identity = known_id(post)
    tokens = {} if post.tokens is None else {"tokens": list(post.tokens)}
    candidates = {} if post.candidates is None else {"candidates": [box_to_list(box) for box in post.candidates]}
    types = {"types": list(post.types)} if post.types else {}
    entities = [_entity_to_dict(entity) for entity in post.entities]
    dropped = {"dropped": [_entity_to_dict(entity) for entity in post.dropped]} if post.dropped else {}
    return {"id": identity, **tokens, "entities": entities, **candidates, **types, **dropped}


def _entity_to_dict(entity: Predicted) -> dict[str, Any]:
    uncertainty = entity.uncertainty
    return {
        "start": entity.span.start,
        "stop": entity.span.stop,
        "type": None if entity.type == UNTYPED else entity.type,
        "region": None if entity.region is None else box_to_list(entity.region),
        **({} if uncertainty is None else {"uncertainty": {name: uncertainty.of(name) for name in ATTRIBUTES}}),
        **({"regions": [box_to_list(box) for box in entity.regions]} if len(entity.regions) > 1 else {}),
    }


def _from_line(data: Any, where: str) -> PredictedPost:
    check_run(data, where)
    line = checked(_Line, data, where)
    entities, dropped = (
        tuple(_to_entity(entity, f"{where}: {name}[{index}]") for index, entity in enumerate(getattr(line, name)))
        for name in ("entities", "dropped")
    )
    candidates = None
    if line.candidates is not None:
        candidates = tuple(to_box(box, f"{where}: candidates[{n}]") for n, box in enumerate(line.candidates))
    tokens = None if line.tokens is None else tuple(line.tokens)
    post = PredictedPost(line.id, entities, tokens, candidates, types=tuple(line.types), dropped=dropped)
    return check_inside(post, where)


def _to_entity(entity: _Entity, where: str) -> Predicted:
    region = None if entity.region is None else to_box(entity.region, f"{where}.region")
    found = entity.uncertainty
    uncertainty = None if found is None else Uncertainty(found.span, found.type, found.region)
    kind = UNTYPED if entity.type is None else entity.type
    regions = tuple(to_box(box, f"{where}.regions[{index}]") for index, box in enumerate(entity.regions))
    for box in (region, *regions):
        if box is not None:
            check_pixels(box, f"{where}.region")
    if regions and regions[0] != region:
        raise DataError(
            f"{where}.regions: the first of them must be `region`; leave `regions` out where there is one box"
        )
    return Predicted(to_span(entity.start, entity.stop, where), kind, region, uncertainty, regions)


def _is_result(data: Any) -> bool:
    return isinstance(data, dict) and {"text", "thresholds"} <= data.keys()


def _from_result(data: Any, where: str) -> PredictedPost:
    try:
        result = RESULT.validate_python(data)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        raise DataError(f"{where}: not a result: {'.'.join(map(str, fault['loc']))}: {fault['msg']}") from error
    return check_inside(predicted_of(result), where)


def predicted_of(result: Result) -> PredictedPost:
    """Convert a `Result` to predictions, the same form as any other system's."""
    seen = result.seen_picture
    size = None if seen is None else (seen.width, seen.height)
    picture = None if seen is None or seen.ref.startswith("data:") else seen.ref
    entities, dropped = map(_predicted, result.entities), (_predicted(one.entity) for one in result.dropped)
    return PredictedPost(
        result.id,
        tuple(entities),
        result.tokens,
        size=size,
        types=result.types,
        dropped=tuple(dropped),
        picture=picture,
    )


def _predicted(entity: Entity) -> Predicted:
    return Predicted(entity.span, entity.shown_type, entity.region, _measured(entity), entity.regions)


def _measured(entity: Entity) -> Uncertainty | None:
    """Return the small model's uncertainty; None where the MLLM found it or it was changed: none was measured."""
    changed = any(note.is_changed for note in entity.corrections)
    return None if changed or entity.found_by != "small model" else entity.uncertainty


def check_inside(post: PredictedPost, where: str) -> PredictedPost:
    """Return the post when its spans and boxes lie inside it.

    Raises:
        DataError: a span lies outside its text, or a box outside its picture.
    """
    for name, entities in (("entities", post.entities), ("dropped", post.dropped)):
        for index, entity in enumerate(entities):
            if post.tokens is not None:
                check_span(entity.span, post.tokens, f"{where}: {name}[{index}]")
            for box in entity.regions:
                check_box(box, post.size, f"{where}: {name}[{index}].region")
    return post
