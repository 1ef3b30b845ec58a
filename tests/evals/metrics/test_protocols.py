"""The three rules side by side, on posts small enough to count by hand: correct, predicted, gold."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unco.errors import DataError, SettingsError
from unco.evals.metrics.paper import Task
from unco.evals.metrics.protocols import PROTOCOLS, TASKS, Protocol, Report, evaluate
from unco.types import Box, GoldEntity, GoldPost, Span

TYPES = ("PER", "LOC", "ORG", "MISC")
A, B, C = Box(0, 0, 10, 10), Box(100, 0, 110, 10), Box(0, 100, 10, 110)
HALF = Box(0, 0, 10, 5)
"""IoU with A: exactly one half."""
NEAR_A = Box(0, 0, 10, 9)
"""IoU with A: 0.9."""
AWAY = Box(500, 500, 510, 510)
AWAY_TOO = Box(600, 600, 610, 610)


@dataclass(frozen=True)
class Prediction:
    span: Span
    type: str
    region: Box | None


def g(start: int, kind: str = "PER", *boxes: Box) -> GoldEntity:
    return GoldEntity(Span(start, start + 1), kind, boxes)


def p(start: int, kind: str = "PER", region: Box | None = None) -> Prediction:
    return Prediction(Span(start, start + 1), kind, region)


def post(*entities: GoldEntity) -> GoldPost:
    return GoldPost("1", tuple("abcdefgh"), entities, (1000, 1000))


Counts = tuple[int, int, int]

CASES: list[tuple[str, list[GoldEntity], list[Prediction], Task, Counts, Counts]] = [
    # what, gold, predicted, task, (correct, predicted, gold) under paper, under official
    ("all right, no box", [g(0)], [p(0)], "GMNER", (1, 1, 1), (1, 1, 1)),
    ("all right, a box", [g(0, "PER", A)], [p(0, "PER", NEAR_A)], "GMNER", (1, 1, 1), (1, 1, 1)),
    ("wrong span", [g(0)], [p(1)], "GMNER", (0, 1, 1), (0, 1, 1)),
    ("wrong type", [g(0)], [p(0, "LOC")], "GMNER", (0, 1, 1), (0, 1, 1)),
    ("wrong type is right for EEG", [g(0, "PER", A)], [p(0, "LOC", A)], "EEG", (1, 1, 1), (1, 1, 1)),
    ("wrong region is right for MNER", [g(0, "PER", A)], [p(0, "PER", AWAY)], "MNER", (1, 1, 1), (1, 1, 1)),
    ("span alone", [g(0, "PER", A)], [p(0, "LOC", AWAY)], "span", (1, 1, 1), (1, 1, 1)),
    # several boxes: one unit, or one for each box
    ("one of two boxes", [g(0, "PER", A, B)], [p(0, "PER", B)], "GMNER", (1, 1, 1), (1, 1, 2)),
    ("two of two boxes", [g(0, "PER", A, B)], [p(0, "PER", A), p(0, "PER", B)], "GMNER", (1, 2, 1), (2, 2, 2)),
    ("one of three boxes, EEG", [g(0, "PER", A, B, C)], [p(0, "PER", C)], "EEG", (1, 1, 1), (1, 1, 3)),
    ("boxes do not count for MNER", [g(0, "PER", A, B)], [p(0, "PER", A)], "MNER", (1, 1, 1), (1, 1, 1)),
    # an IoU of exactly one half
    ("IoU of one half", [g(0, "PER", A)], [p(0, "PER", HALF)], "GMNER", (0, 1, 1), (1, 1, 1)),
    ("IoU of one half, EEG", [g(0, "PER", A)], [p(0, "PER", HALF)], "EEG", (0, 1, 1), (1, 1, 1)),
    # the first fitting box counts
    ("a later box fits better", [g(0, "PER", NEAR_A, A)], [p(0, "PER", A)], "GMNER", (1, 1, 1), (1, 1, 2)),
    ("out of reach", [g(0, "PER", NEAR_A, A)], [p(0, "PER", A), p(0, "PER", NEAR_A)], "GMNER", (1, 2, 1), (1, 1, 2)),
    # the ghost
    ("a box where gold has none", [g(0)], [p(0, "PER", A)], "GMNER", (0, 1, 1), (1, 2, 1)),
    ("a box where gold has none, EEG", [g(0)], [p(0, "PER", A)], "EEG", (0, 1, 1), (1, 2, 1)),
    ("a wrong box where gold has one", [g(0, "PER", A)], [p(0, "PER", AWAY)], "GMNER", (0, 1, 1), (0, 2, 1)),
    ("no box where gold has one", [g(0, "PER", A)], [p(0)], "GMNER", (0, 1, 1), (0, 1, 1)),
    ("no ghost for a wrong type", [g(0)], [p(0, "LOC", A)], "GMNER", (0, 1, 1), (0, 1, 1)),
    ("a ghost for a wrong type, EEG", [g(0)], [p(0, "LOC", A)], "EEG", (0, 1, 1), (1, 2, 1)),
    ("no ghost for wrong words", [g(0)], [p(1, "PER", A)], "GMNER", (0, 1, 1), (0, 1, 1)),
    ("no ghost for MNER", [g(0)], [p(0, "PER", A)], "MNER", (1, 1, 1), (1, 1, 1)),
    # posts without gold or without predictions
    ("invented where gold has nothing", [], [p(0), p(1)], "GMNER", (0, 2, 0), (0, 0, 0)),
    ("invented, EEG", [], [p(0)], "EEG", (0, 1, 0), (0, 0, 0)),
    ("invented, MNER", [], [p(0)], "MNER", (0, 1, 0), (0, 1, 0)),
    ("nothing found", [g(0), g(1)], [], "GMNER", (0, 0, 2), (0, 0, 0)),
    ("nothing found, MNER", [g(0), g(1)], [], "MNER", (0, 0, 2), (0, 0, 2)),
    ("nothing at all", [], [], "GMNER", (0, 0, 0), (0, 0, 0)),
    # equal predictions
    ("said twice", [g(0)], [p(0), p(0)], "GMNER", (1, 2, 1), (1, 1, 1)),
    ("said twice, MNER", [g(0)], [p(0), p(0)], "MNER", (1, 2, 1), (1, 1, 1)),
    ("two wrong boxes", [g(0, "PER", A)], [p(0, "PER", AWAY), p(0, "PER", AWAY_TOO)], "GMNER", (0, 2, 1), (0, 2, 1)),
    ("two boxes on one", [g(0, "PER", A)], [p(0, "PER", A), p(0, "PER", NEAR_A)], "GMNER", (1, 2, 1), (1, 1, 1)),
    ("two types for one span, EEG", [g(0)], [p(0), p(0, "LOC")], "EEG", (1, 2, 1), (1, 1, 1)),
    # types that do not exist
    ("an unknown type", [g(0)], [p(0, "OTHER")], "GMNER", (0, 1, 1), (0, 0, 0)),
    ("an unknown type, MNER", [g(0)], [p(0, "OTHER")], "MNER", (0, 1, 1), (0, 0, 1)),
    ("an unknown type among others", [g(0), g(1)], [p(0), p(1, "OTHER")], "GMNER", (1, 2, 2), (1, 1, 2)),
    # names that stand twice have all boxes
    ("a name twice", [g(0, "PER", A), g(5, "PER", A)], [p(0, "PER", A), p(5, "PER", A)], "GMNER", (2, 2, 2), (2, 2, 2)),
]  # fmt: skip


def counts(gold: Sequence[GoldEntity], predictions: Sequence[Prediction], task: Task, protocol: Protocol) -> Counts:
    score = evaluate([post(*gold)], [list(predictions)], protocol, TYPES).tasks[task]
    return score.correct, score.predicted, score.gold


@pytest.mark.parametrize(
    ("gold", "predictions", "task", "paper", "official"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_by_hand(
    gold: list[GoldEntity], predictions: list[Prediction], task: Task, paper: Counts, official: Counts
) -> None:
    assert counts(gold, predictions, task, "paper") == paper
    assert counts(gold, predictions, task, "official") == official


def hindex(
    gold: list[GoldEntity], predictions: list[Prediction], candidates: list[Box], task: Task = "GMNER"
) -> Counts:
    score = evaluate([post(*gold)], [predictions], "hindex", TYPES, [candidates]).tasks[task]
    return score.correct, score.predicted, score.gold


@pytest.mark.parametrize(
    ("gold", "predictions", "candidates", "expected"),
    [
        ([g(0, "PER", A)], [p(0, "PER", NEAR_A)], [NEAR_A, AWAY], (1, 1, 1)),
        ([g(0, "PER", A)], [p(0, "PER", AWAY)], [NEAR_A, AWAY], (0, 1, 1)),
        ([g(0, "PER", A)], [p(0)], [AWAY], (0, 1, 1)),  # covered by no candidate: cannot be found
        ([g(0, "PER", A)], [p(0, "PER", A)], [AWAY], (0, 1, 1)),  # a box that is no candidate
        ([g(0, "PER", A)], [p(0, "PER", A)], [], (0, 1, 1)),
        ([g(0)], [p(0)], [A], (1, 1, 1)),
        ([g(0)], [p(0, "PER", A)], [A], (0, 1, 1)),
        ([g(0, "PER", A, B)], [p(0, "PER", B)], [A, B], (1, 1, 1)),
        ([g(0)], [p(0, "LOC"), p(0)], [], (1, 1, 1)),  # the last of the same words counts
        ([g(0)], [p(0), p(0, "LOC")], [], (0, 1, 1)),
        ([], [p(0)], [], (0, 1, 0)),
    ],
)
def test_hindex_by_hand(
    gold: list[GoldEntity], predictions: list[Prediction], candidates: list[Box], expected: Counts
) -> None:
    assert hindex(gold, predictions, candidates) == expected


def test_type_given_span_and_single_types() -> None:
    gold = [post(g(0), g(1, "LOC"), g(2, "LOC"))]
    report = evaluate(gold, [[p(0), p(1), p(2, "LOC"), p(4, "LOC")]], types=TYPES)
    assert (report.type_given_span.correct, report.type_given_span.predicted) == (2, 3)
    of_loc = report.types["LOC"]["MNER"]
    assert (of_loc.correct, of_loc.predicted, of_loc.gold) == (1, 2, 2)
    assert report.types["ORG"]["MNER"].f1 == 0.0


def test_what_cannot_be_scored_is_named() -> None:
    with pytest.raises(DataError, match="1 gold posts, but predictions for 2"):
        evaluate([post()], [[], []])
    with pytest.raises(SettingsError, match="no protocol 'best': choose paper, official, hindex"):
        evaluate([post()], [[]], "best")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="candidate boxes"):
        evaluate([post()], [[]], "hindex")


boxes = st.sampled_from([A, B, C, HALF, NEAR_A])
regions = st.none() | boxes | st.just(AWAY)
kinds = st.sampled_from(TYPES)
gold_entities = st.lists(
    st.builds(g, st.integers(0, 7), kinds, boxes) | st.builds(g, st.integers(0, 7), kinds),
    max_size=5,
    unique_by=lambda item: item.span,
)
predicted = st.lists(st.builds(p, st.integers(0, 7), kinds, regions), max_size=6)
posts = st.lists(st.tuples(gold_entities, predicted), min_size=1, max_size=4)
Found = list[tuple[list[GoldEntity], list[Prediction]]]
"""Of each post what is true and what is predicted."""


@given(posts, st.randoms(use_true_random=False), st.sampled_from(PROTOCOLS[:2]))
def test_the_order_of_posts_and_entities_never_matters(found: Found, random: Random, protocol: Protocol) -> None:
    def report(items: Found) -> Report:
        return evaluate([post(*gold) for gold, _ in items], [predictions for _, predictions in items], protocol, TYPES)

    first = report(found)
    mixed = [
        (random.sample(gold, len(gold)), random.sample(predictions, len(predictions))) for gold, predictions in found
    ]
    assert report(random.sample(mixed, len(mixed))) == first


@given(st.lists(gold_entities, min_size=1))
def test_a_perfect_prediction_has_all_points_by_the_papers_rule(entities: list[list[GoldEntity]]) -> None:
    gold = [post(*items) for items in entities]
    predictions = [
        [Prediction(item.span, item.type, item.boxes[0] if item.boxes else None) for item in items]
        for items in entities
    ]
    report = evaluate(gold, predictions, types=TYPES)
    for task in TASKS:
        score = report.tasks[task]
        assert score.correct == score.predicted == score.gold


@given(posts, st.sampled_from(TASKS))
def test_a_wrong_entity_more_never_raises_precision(found: Found, task: Task) -> None:
    gold, predictions = [post(*items) for items, _ in found], [entities for _, entities in found]
    before = evaluate(gold, predictions, types=TYPES).tasks[task]
    worse = [[*predictions[0], Prediction(Span(20, 21), "PER", None)], *predictions[1:]]
    after = evaluate(gold, worse, types=TYPES).tasks[task]
    assert after.precision <= before.precision
    assert after.correct == before.correct
