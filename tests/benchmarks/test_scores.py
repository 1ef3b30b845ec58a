"""A test split's worth of posts is scored by all rules in well under the time it takes to look at the numbers."""

from benchmarks.scores import GMNER, made_up_run, measure_scores
from unco.evals.evaluate.evaluate import evaluate_run
from unco.evals.evaluate.scoring import Scored


def test_made_up_posts_look_like_the_data_sets() -> None:
    gold, run = made_up_run(1500, GMNER)
    found = evaluate_run(gold, run)
    assert 2000 < found.gold < 2700
    line = found.scores.schemes["gmner"].tasks["GMNER"]
    assert isinstance(line, Scored)
    assert 0.4 < line.f1.value < 0.8


def test_all_protocols_and_each_are_timed() -> None:
    tables = measure_scores(posts=20, rounds=1)
    assert [[row.name for row in rows] for _, rows in tables] == [
        ["all protocols", "paper alone", "official alone", "hindex alone"]
    ] * 2
