"""Regions by a rule instead of a model."""

import pytest

from tests.tiny import gold_post
from unco.evals.metrics.region_rules import CAREFUL_RULE, NEVER, ORACLE, RULE, by_rule, rule_scores
from unco.small_model.regions.region import Region
from unco.small_model.uncertainty.prediction import Prediction
from unco.types import Box, GoldEntity, GoldPost, Span, Uncertainty

SMALL, LARGE = Region(Box(0, 0, 10, 10), "person"), Region(Box(10, 10, 60, 90), "person")
LINE, THING = Region(Box(0, 0, 50, 9), "text", "OWLS 2026"), Region(Box(0, 0, 30, 30), "object")
WHOLE = Region(Box(0, 0, 200, 100), "picture")
NONE = Uncertainty(0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    ("kind", "name", "candidates", "box"),
    [
        ("PER", "Ann Lee", (SMALL, LARGE, LINE, THING), LARGE.box),
        ("ORG", "Blue Owls", (SMALL, THING, LINE), LINE.box),
        ("ORG", "Blue Jays", (SMALL, LINE, THING), THING.box),
        ("ORG", "Blue Jays", (SMALL, LINE), None),
        ("PER", "Ann Lee", (WHOLE,), None),
    ],
)
def test_the_rule(kind: str, name: str, candidates: tuple[Region, ...], box: Box | None) -> None:
    assert by_rule(kind, name, candidates) == box


def test_types_of_a_users_own_that_are_persons_are_looked_for_among_people() -> None:
    assert by_rule("chef", "Mara Quist", (SMALL, LARGE, LINE)) is None
    assert by_rule("chef", "Mara Quist", (SMALL, LARGE, LINE), people=("chef",)) == LARGE.box
    post = GoldPost("1", ("Mara", "cooks"), (GoldEntity(Span(0, 1), "chef", (LARGE.box,)),), (200, 100))
    found = [[Prediction(Span(0, 1), "chef", None, NONE, NONE, "chef")]]
    scores = [rule_scores([post], [(SMALL, LARGE, WHOLE)], found, people)[RULE] for people in ((), ("chef",))]
    assert scores == [(0.0, 0.0), (1.0, 1.0)]


def test_scores_of_the_rule_of_never_and_of_the_best_candidate() -> None:
    post = gold_post()
    found = [
        Prediction(Span(0, 2), "PER", None, NONE, NONE, "PER"),
        Prediction(Span(5, 7), "ORG", LINE.box, NONE, NONE, "ORG"),
        Prediction(Span(3, 4), "LOC", None, NONE, NONE, "LOC"),
    ]
    scores = rule_scores([post], [(SMALL, LARGE, LINE, WHOLE)], [found])
    assert scores == {RULE: (0.4, 0.5), CAREFUL_RULE: (0.4, 0.5), NEVER: (0.4, 0.5), ORACLE: (0.8, 1.0)}
    things = rule_scores([post], [(LARGE, THING, WHOLE)], [found])
    assert (things[RULE], things[CAREFUL_RULE]) == ((0.4, 0.5), (0.8, 1.0))
    assert rule_scores([post], [()], [[]])[RULE] == (0.0, None)
