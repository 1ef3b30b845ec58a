"""Read and write gold and predictions in the format of UnCo's authors: a JSON list of posts, inclusive word indices.

Gold has a row for each box of an entity; here the rows of an entity are one. What we call OTHER is MISC there, and the
other way round: OTHER is an unknown type to the published evaluator, so it is read as MISC, which is unknown to us.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import model_validator

from unco.errors import DataError
from unco.evals.formats.checks import check_gold, check_ids
from unco.evals.formats.geometry import box_to_list, check_span, to_box, to_span
from unco.evals.formats.json_text import Record, checked, json_rows, write_text
from unco.evals.formats.predicted import NOWHERE, Predicted, PredictedPost, known_id
from unco.state import PostId
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty
from unco.types.picture_names import id_of_picture

_RENAMED = {"MISC": "OTHER", "OTHER": "MISC"}

OFFICIAL_KEYS = frozenset({"image_id", "img_id", "gt_entities", "pre_entities"})
"""Keys that tell posts in this format from others."""


class _Row(Record):
    """A row of gold, or a prediction; keys that only the published training code reads are accepted and ignored."""

    start: int
    end: int
    entity_type: str
    phrase: str | None = None
    region_box: Any = None
    """Four numbers; null or an empty list = not in the picture."""
    entity_coarse_type: str | None = None
    span_uncertainty: float | None = None
    type_uncertainty: float | None = None
    region_uncertainty: float | None = None
    bpe_start_idx: Any = None
    bpe_end_idx: Any = None
    region: Any = None

    def span(self, where: str) -> Span:
        return to_span(self.start, self.end + 1, where)

    @property
    def type(self) -> str:
        return _RENAMED.get(self.entity_type, self.entity_type)


class _Item(Record):
    image_id: PostId | None = None
    img_id: PostId | None = None
    tokens: list[str] | None = None
    gt_entities: list[Any] | None = None
    pre_entities: list[_Row] | None = None
    candidate_regions: list[list[float]] | None = None

    @model_validator(mode="after")
    def _named(self) -> "_Item":
        if not (self.image_id or self.img_id):
            raise ValueError("image_id is missing")
        return self

    @property
    def id(self) -> str:
        return id_of_picture(self.image_id or self.img_id or "")


def read_official_gold(path: Path) -> list[GoldPost]:
    """Read gold posts from a file of `gt_entities`; the sizes of the pictures are not known.

    Raises:
        DataError: not in the format, with its place.
    """
    return official_gold(json_rows(path), str(path))


def official_gold(rows: Iterable[tuple[str, Any]], name: str) -> list[GoldPost]:
    """Convert (place, object) pairs to gold posts: see `read_official_gold`.

    Raises:
        DataError: not in the format, with its place.
    """
    posts = [_gold_post(item, where) for where, item in _items(rows, "gt_entities")]
    check_gold(posts, name)
    return posts


def read_official_predictions(path: Path) -> list[PredictedPost]:
    """Read predictions from a file of `pre_entities`, by the published evaluator's rules.

    A missing or empty `region_box`, or null, is "not in the picture"; one that is no box is `NOWHERE`, a wrong
    prediction; one that leaves the picture is kept. Types that the scheme does not have are kept: what becomes of them
    is the scorer's business.

    Raises:
        DataError: not in the format, with its place.
    """
    return official_predictions(json_rows(path), str(path))


def official_predictions(rows: Iterable[tuple[str, Any]], name: str) -> list[PredictedPost]:
    """Convert (place, object) pairs to predictions: see `read_official_predictions`.

    Raises:
        DataError: not in the format, with its place.
    """
    posts = [_predicted_post(item, where) for where, item in _items(rows, "pre_entities")]
    check_ids([post.id for post in posts], name)
    return posts


def write_official_gold(posts: Sequence[GoldPost], path: Path) -> None:
    """Write gold posts; `read_official_gold` gives them back as they are, the pictures' sizes aside."""
    _write(
        path,
        [
            {
                "tokens": list(post.tokens),
                "image_id": f"{post.id}.jpg",
                "gt_entities": [
                    _row_to_dict(entity.span, entity.type, box, post.tokens)
                    for entity in post.entities
                    for box in entity.boxes or (None,)
                ],
            }
            for post in posts
        ],
    )


def write_official_predictions(posts: Sequence[PredictedPost], path: Path) -> None:
    """Write predictions; `read_official_predictions` gives them back, but for sizes of pictures and second boxes.

    Raises:
        DataError: a post has no id.
    """
    _write(path, [_item_to_dict(post) for post in posts])


def _items(rows: Iterable[tuple[str, Any]], key: Literal["gt_entities", "pre_entities"]) -> list[tuple[str, _Item]]:
    items = [(where, checked(_Item, row, where)) for where, row in rows]
    for where, item in items:
        if getattr(item, key) is None:
            raise DataError(f"{where} ({item.id}): {key} is missing")
        if key == "gt_entities" and item.pre_entities is not None:
            # Beside predictions, the published code writes candidates that fit, which are not the annotated boxes.
            raise DataError(f"{where} ({item.id}) holds predictions, and its gt_entities are no gold boxes")
    return items


def _gold_post(item: _Item, where: str) -> GoldPost:
    if item.tokens is None:
        raise DataError(f"{where} ({item.id}): tokens is missing")
    grouped: dict[tuple[Span, str], list[Box | None]] = {}
    for index, data in enumerate(item.gt_entities or ()):
        place = f"{where} ({item.id}): gt_entities[{index}]"
        row = checked(_Row, data, place)
        span = row.span(place)
        check_span(span, item.tokens, place)
        words = " ".join(item.tokens[span.start : span.stop])
        if row.phrase not in (None, words):
            raise DataError(f"{place}: phrase is {row.phrase!r}, but words {row.start} to {row.end} are {words!r}")
        boxes = grouped.setdefault((span, row.type), [])
        boxes.append(to_box(row.region_box, f"{place}.region_box") if row.region_box not in (None, []) else None)
        if None in boxes and len(boxes) > 1:
            raise DataError(f"{place}: {words!r} stands without a box and once more")
    entities = tuple(
        GoldEntity(span, kind, tuple(box for box in boxes if box is not None))
        for (span, kind), boxes in grouped.items()
    )
    return GoldPost(item.id, tuple(item.tokens), entities, None)


def _predicted_post(item: _Item, where: str) -> PredictedPost:
    entities = []
    for index, row in enumerate(item.pre_entities or ()):
        place = f"{where} ({item.id}): pre_entities[{index}]"
        span = row.span(place)
        if item.tokens is not None:
            check_span(span, item.tokens, place)
        entities.append(Predicted(span, row.type, _region(row.region_box), _uncertainty(row, place)))
    candidates = None
    if item.candidate_regions is not None:
        candidates = tuple(
            to_box(box, f"{where}: candidate_regions[{n}]") for n, box in enumerate(item.candidate_regions)
        )
    tokens = None if item.tokens is None else tuple(item.tokens)
    return PredictedPost(item.id, tuple(entities), tokens, candidates, any_box=True)


def _region(corners: Any) -> Box | None:
    if corners in (None, []):
        return None
    try:
        return to_box(corners, "region_box")
    except DataError:
        return NOWHERE


def _uncertainty(row: _Row, where: str) -> Uncertainty | None:
    span, kind, region = row.span_uncertainty, row.type_uncertainty, row.region_uncertainty
    if span is None and kind is None and region is None:
        return None
    if span is None or kind is None or region is None:
        raise DataError(f"{where}: give all of span_uncertainty, type_uncertainty and region_uncertainty, or none")
    return Uncertainty(span, kind, region)


def _row_to_dict(span: Span, kind: str, box: Box | None, tokens: Sequence[str] | None) -> dict[str, Any]:
    return {
        "start": span.start,
        "end": span.stop - 1,
        "entity_type": _RENAMED.get(kind, kind),
        **({} if tokens is None else {"phrase": " ".join(tokens[span.start : span.stop])}),
        "region_box": [] if box is None else box_to_list(box),
    }


def _item_to_dict(post: PredictedPost) -> dict[str, Any]:
    identity = known_id(post)
    rows = []
    for entity in post.entities:
        row = _row_to_dict(entity.span, entity.type, entity.region, post.tokens)
        if entity.uncertainty is not None:
            row["span_uncertainty"] = entity.uncertainty.span
            row["type_uncertainty"] = entity.uncertainty.type
            row["region_uncertainty"] = entity.uncertainty.region
        rows.append(row)
    tokens = {} if post.tokens is None else {"tokens": list(post.tokens)}
    candidates = {} if post.candidates is None else {"candidate_regions": [box_to_list(box) for box in post.candidates]}
    return {**tokens, "image_id": f"{identity}.jpg", **candidates, "pre_entities": rows}


def _write(path: Path, items: list[dict[str, Any]]) -> None:
    write_text(json.dumps(items, ensure_ascii=False, allow_nan=False, indent=1) + "\n", path)
