"""Regions by a rule instead of a model: what any model has to beat, and what none can, on the same candidates."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from unco.evals.metrics.paper import region_correct, score
from unco.evals.metrics.uncertainty import wrong_groundings
from unco.small_model.label_schemes import PERSON_TYPES
from unco.small_model.regions.region import Region
from unco.types import Box, GoldPost

if TYPE_CHECKING:
    from unco.small_model.uncertainty.prediction import Prediction

RULE, CAREFUL_RULE, NEVER, ORACLE = "a rule", "the rule without objects", "never ground", "the best candidate"
"""The rule: the largest person for a person; else the text that shares a word; else the first object; else none."""


def rule_scores(
    posts: Sequence[GoldPost],
    candidates: Sequence[Sequence[Region]],
    found: "Sequence[Sequence[Prediction]]",
    people: Collection[str] = (),
) -> dict[str, tuple[float, float | None]]:
    """Score predicted entities whose regions are chosen otherwise.

    Args:
        posts: gold.
        candidates: the regions of each post.
        found: entities of each post; their spans and types stay.
        people: types of a user's own that are persons.

    Returns:
        By name of the choice: F1 of GMNER in [0, 1], and the share of entities with a right span for which "in the
        picture or not" is right; None where there are none.
    """
    fewer = [[region for region in own if region.kind != "object"] for own in candidates]
    chosen: dict[str, list[list[Box | None]]] = {
        RULE: _by_rule(posts, candidates, found, people),
        CAREFUL_RULE: _by_rule(posts, fewer, found, people),
        NEVER: [[None for _ in line] for line in found],
        ORACLE: [[_best(post, e, own) for e in line] for post, own, line in _zip(posts, candidates, found)],
    }
    return {name: _scores(posts, found, boxes) for name, boxes in chosen.items()}


def _by_rule(
    posts: Sequence[GoldPost],
    candidates: Sequence[Sequence[Region]],
    found: "Sequence[Sequence[Prediction]]",
    people: Collection[str],
) -> list[list[Box | None]]:
    return [
        [by_rule(e.type, words(post, e), own, people) for e in line]
        for post, own, line in _zip(posts, candidates, found)
    ]


def by_rule(kind: str, name: str, candidates: Sequence[Region], people: Collection[str] = ()) -> Box | None:
    """Choose a region by the type of an entity and the words of its name.

    Args:
        kind: type of the entity.
        name: words, with blanks between them.
        candidates: to choose from.
        people: types that are persons, beside those of Twitter-GMNER and Twitter-FMNERG.
    """
    persons = [region for region in candidates if region.kind == "person"]
    if persons and (kind in PERSON_TYPES or kind in people):
        return max(persons, key=lambda region: region.box.area).box
    shared = set(name.lower().split())
    texts = [one.box for one in candidates if one.kind == "text" and shared & set(one.text.lower().split())]
    things = [one.box for one in candidates if one.kind == "object"]
    return next(iter(texts + things), None)


def words(post: GoldPost, entity: "Prediction") -> str:
    """Join an entity's tokens."""
    return " ".join(post.tokens[entity.span.start : entity.span.stop])


def _best(post: GoldPost, entity: "Prediction", candidates: Sequence[Region]) -> Box | None:
    """Choose a candidate that is right, if there is one."""
    boxes = next((item.boxes for item in post.entities if item.span == entity.span), ())
    return next((region.box for region in candidates if boxes and region_correct(region.box, boxes)), None)


def _scores(
    posts: Sequence[GoldPost], found: "Sequence[Sequence[Prediction]]", boxes: Sequence[Sequence[Box | None]]
) -> tuple[float, float | None]:
    placed = [
        [replace(entity, region=box) for entity, box in zip(line, own, strict=True)]
        for line, own in zip(found, boxes, strict=True)
    ]
    wrong = [flag for flag in wrong_groundings(posts, placed) if flag is not None]
    share = round(1 - sum(wrong) / len(wrong), 4) if wrong else None
    return round(score(posts, placed, "GMNER").f1, 4), share


def _zip(
    posts: Sequence[GoldPost], candidates: Sequence[Sequence[Region]], found: "Sequence[Sequence[Prediction]]"
) -> "zip[tuple[GoldPost, Sequence[Region], Sequence[Prediction]]]":
    return zip(posts, candidates, found, strict=True)
