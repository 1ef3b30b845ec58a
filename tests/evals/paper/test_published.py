"""What the published evaluator gives on its own gold file, computed from the data set's files (facts of 2025)."""

from dataclasses import replace
from pathlib import Path

import pytest

from unco.evals.evaluate.run_scores import score_run
from unco.evals.evaluate.scoring import Line, Scored
from unco.evals.formats.detect_format import read_gold
from unco.evals.formats.predicted import Predicted, PredictedPost
from unco.types import GoldEntity, GoldPost


def as_published(post: GoldPost) -> GoldPost:
    """The published gold lacks each entity that begins where one that it has ends."""
    kept: list[GoldEntity] = []
    for entity in post.entities:
        if not kept or kept[-1].span.stop != entity.span.start:
            kept.append(entity)
    return replace(post, entities=tuple(kept))


def ratios(line: Line) -> tuple[float, float, float]:
    assert isinstance(line, Scored)
    score = line.score
    return round(100 * score.precision, 2), round(100 * score.recall, 2), round(100 * score.f1, 2)


@pytest.fixture
def gold(shared: Path) -> list[GoldPost]:
    return [as_published(post) for post in read_gold(shared / "data" / "twitter-gmner", "test")]


def perfect(gold: list[GoldPost]) -> list[PredictedPost]:
    """The right words and types, and one right box each."""
    return [
        PredictedPost(
            post.id, tuple(Predicted(item.span, item.type, next(iter(item.boxes), None)) for item in post.entities)
        )
        for post in gold
    ]


def test_the_counts_of_the_published_gold(gold: list[GoldPost]) -> None:
    entities = [entity for post in gold for entity in post.entities]
    boxes = [len(entity.boxes) for entity in entities]
    assert (len(entities), sum(map(bool, boxes)), sum(boxes)) == (2497, 1022, 1228)


def test_a_perfect_system_of_one_box_and_one_that_never_grounds(gold: list[GoldPost]) -> None:
    official, paper = (score_run(gold, perfect(gold), rule) for rule in ("official", "paper"))
    assert ratios(official.schemes["gmner"].tasks["GMNER"]) == (100.0, 92.38, 96.04)
    assert ratios(official.baselines["never ground", "GMNER"])[2] == 56.73
    assert ratios(paper.schemes["gmner"].tasks["GMNER"]) == (100.0, 100.0, 100.0)
    assert ratios(paper.baselines["never ground", "GMNER"])[2] == 59.07
