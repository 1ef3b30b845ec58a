"""Checks that gold and predictions must pass, whatever file they came from."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import count, zip_longest
from pathlib import Path
from typing import TypeVar

from unco.errors import DataError
from unco.evals.formats.geometry import check_box, check_pixels, check_span
from unco.evals.formats.json_text import json_rows
from unco.evals.formats.predicted import PredictedPost
from unco.types import GoldPost, Result

_Post = TypeVar("_Post", PredictedPost, Result)


def check_gold(posts: Sequence[GoldPost], name: str) -> None:
    """Check that gold posts are consistent: unique ids and entities, spans and boxes in range.

    Args:
        posts: all of them.
        name: of the file, for messages.

    Raises:
        DataError: an id or an entity stands twice, a span outside its text, or a box outside its picture.
    """
    check_ids([post.id for post in posts], name)
    for post in posts:
        where = f"{name}: post {post.id!r}"
        seen = set()
        for index, entity in enumerate(post.entities):
            place = f"{where}: entities[{index}]"
            check_span(entity.span, post.tokens, place)
            for box in entity.boxes:
                check_box(box, post.size, place)
                check_pixels(box, place)
            if (entity.span, entity.type) in seen:
                raise DataError(f"{place} stands there before: give all boxes of an entity in one")
            seen.add((entity.span, entity.type))


def check_ids(ids: Iterable[str | None], name: str) -> None:
    """Check that no id occurs twice.

    Raises:
        DataError: one does; names both places.
    """
    places: dict[str, int] = {}
    for number, identity in enumerate(ids, start=1):
        if identity is not None and places.setdefault(identity, number) != number:
            twice = f"{name}: id {identity!r} stands twice, as post {places[identity]} and as post {number}"
            raise DataError(f"{twice}: give each post an id of its own, or leave out all ids")


def numbered(posts: Sequence[_Post], places: Iterable[int] | None = None) -> list[_Post]:
    """Give posts without an id their places as ids; all stay as they are where such an id is another post's.

    Args:
        posts: in order.
        places: their places in the run, from 1, where some of its posts are left out; None = none is.
    """
    at = count(1) if places is None else places
    names = [post.id or str(place) for post, place in zip(posts, at, strict=False)]
    if len(set(names)) < len(names):
        return list(posts)
    return [replace(post, id=name) for post, name in zip(posts, names, strict=True)]


def numbers_in(run: Path) -> frozenset[str]:
    """Return the ids that `numbered` gives to posts of a run: `2.jpg` is not the picture of the second one."""
    return frozenset(str(place) for place, (_, row) in enumerate(json_rows(run), start=1) if not row.get("id"))


def check_pairs(gold: Sequence[GoldPost], predictions: Sequence[PredictedPost], name: str = "predictions") -> None:
    """Check that predictions are of the gold posts, in their order.

    Args:
        gold: annotated posts.
        predictions: one for each.
        name: of the predictions' file, for messages.

    Raises:
        DataError: names the first post that differs, and in what.
    """
    for number, (post, prediction) in enumerate(zip_longest(gold, predictions), start=1):
        if post is None or prediction is None or prediction.id not in (None, post.id):
            raise DataError(f"{name}: {_first_difference(gold, predictions, number)}")
        where = f"{name}: post {number} ({post.id!r})"
        _check_tokens(post, prediction, where)
        if prediction.size is not None and post.size is not None and prediction.size != post.size:
            raise DataError(f"{where}: predicted on a picture of {prediction.size} pixels, gold's is of {post.size}")
        for index, entity in enumerate(prediction.with_dropped.entities):
            check_span(entity.span, post.tokens, f"{where}: entities[{index}]")
            if entity.region is not None and not prediction.any_box:
                check_box(entity.region, post.size, f"{where}: entities[{index}]")


def _first_difference(gold: Sequence[GoldPost], predictions: Sequence[PredictedPost], number: int) -> str:
    counts = f"{len(gold)} gold posts, {len(predictions)} predictions"
    if number > len(predictions):
        return f"post {number} of gold ({gold[number - 1].id!r}) has no prediction: {counts}"
    prediction = predictions[number - 1].id
    if number > len(gold):
        return f"post {number} ({prediction!r}) is one more than gold has: {counts}"
    there = [place for place, post in enumerate(gold, start=1) if post.id == prediction]
    known = f"gold has it as post {there[0]}, so the order differs" if there else "which gold does not have"
    return f"post {number} is {gold[number - 1].id!r} in gold, here it is {prediction!r}: {known}; {counts}"


def _check_tokens(post: GoldPost, prediction: PredictedPost, where: str) -> None:
    for place, (ours, theirs) in enumerate(zip_longest(post.tokens, prediction.tokens or post.tokens)):
        if ours != theirs:
            raise DataError(
                f"{where}: token {place} is {ours!r} in gold, here it is {theirs!r}: predict on gold's own tokens"
            )
