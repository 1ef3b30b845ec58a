"""Tabulate, for each entity, what is known of it beforehand, and whether its values and the answers were right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unco.evals.metrics.paper import region_correct
from unco.evals.tuning.recorded.paths import Answered, Recording
from unco.tools.extraction.own_thresholds import Features, features_of
from unco.types import ATTRIBUTES, Attribute, Box, Correction, Entity, GoldEntity, GoldPost, Span

Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cases:
    """What can be learned from: E entities of P posts, as in `Outcomes`; columns are span, type, region."""

    features: tuple[Features, ...]
    """Of each entity, uncertainties apart."""
    own: Flags
    """(E, 3) whether the small model's value is right."""
    answer: Flags
    """(E, 3) whether the value after the question is right."""
    taught: Flags
    """(E, 3) whether the case teaches: it was asked about; of type and region, the small model's span is right."""
    answerable: Flags
    """(E, 3) of these, whether there is a right answer: for a span, that it shares a word with a gold one."""


def cases_of(recording: Recording, names: frozenset[bytes]) -> Cases:
    """Tabulate a recording.

    Args:
        recording: of labelled posts.
        names: hashes of known names.

    Raises:
        DataError: a post is not labelled.
    """
    features, rows = list[Features](), list[list[_Case]]()
    for post, gold in zip(recording.posts, recording.gold, strict=True):
        for entity, answers in zip(post.extraction.entities, post.answers, strict=True):
            features.append(features_of(entity, post.extraction, names))
            rows.append([_case(name, entity, answers, gold) for name in ATTRIBUTES])
    table = np.array(rows, np.bool_).reshape(-1, len(ATTRIBUTES), 4)
    return Cases(tuple(features), *(table[..., column] for column in range(4)))


_Case = tuple[bool, bool, bool, bool]
"""Own value right, answer right, taught, answerable."""


def _case(name: Attribute, entity: Entity, answers: Sequence[Answered], gold: GoldPost) -> _Case:
    item = next((item for item in gold.entities if item.span == entity.span), None)
    note = next(_corrections(name, entity, answers), None)
    if note is None or (item is None and name != "span"):
        return False, False, False, False
    if name == "span":
        found = [one.span for one in gold.entities]
        return item is not None, note.after in found, True, any(one.overlaps(entity.span) for one in found)
    assert item is not None
    return _is_right(name, entity.value_of(name), item), _is_right(name, note.after, item), True, True


def _corrections(name: Attribute, entity: Entity, answers: Sequence[Answered]) -> Iterator[Correction]:
    """Find what came of the question about the entity as the small model left it."""
    for one in answers:
        if one.correction.attribute == name and (one.span, one.type) == (entity.span, entity.type):
            yield one.correction


def _is_right(name: Attribute, value: Span | str | Box | None, item: GoldEntity) -> bool:
    if name == "type":
        return value == item.type
    assert value is None or isinstance(value, Box)
    return region_correct(value, item.boxes)
