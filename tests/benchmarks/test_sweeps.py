"""The benchmark's made-up posts have the shape of Figure 4, and each of its tasks is timed."""

from benchmarks.sweeps import OTHERS, made_up_outcomes, measure_sweeps
from unco.evals.tuning.sweep import sweep_one


def test_asking_about_all_harms_and_about_nothing_gains_nothing() -> None:
    f1 = sweep_one(made_up_outcomes(), "type", OTHERS, [0.0, 0.3, 1.0]).f1("GMNER").ravel()
    assert f1[1] > max(f1[0], f1[2]) + 0.01


def test_each_task_is_timed() -> None:
    [(title, rows)] = measure_sweeps(posts=20, entities=40, rounds=1)
    assert title == "Thresholds over 20 posts"
    assert len(rows) == 5
    assert all(row.seconds > 0 for row in rows)
