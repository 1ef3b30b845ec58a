"""Benchmarks run and measure what they say; how fast is no business of a test."""

from dataclasses import replace

import pytest

from benchmarks.batching import made_up_posts, measure_batching
from benchmarks.graph_overhead import measure_graph_overhead, plain_loop, scripted, through_graph
from benchmarks.timing import measure
from tests import tiny


def test_tasks_take_turns_and_warm_up_is_not_counted() -> None:
    calls: list[str] = []
    rows = measure({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=2, warm_up=1)
    assert calls == ["a", "b"] * 3
    assert [row.name for row in rows] == ["a", "b"]
    assert all(row.seconds >= 0 for row in rows)


def test_the_plain_loop_does_what_the_graph_does() -> None:
    for uncertainty in (0.1, 0.9):
        extraction = scripted(5, uncertainty)
        output = through_graph(extraction)()
        assert isinstance(output, dict)
        by_graph = [[note["outcome"] for note in entity["corrections"]] for entity in output["entities"]]
        assert by_graph == [[note.outcome for note in entity.corrections] for entity in plain_loop(extraction)]
    assert len(measure_graph_overhead(rounds=1)) == 4


def test_posts_of_mixed_lengths_run_one_by_one_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = made_up_posts(64)
    assert len(set(texts)) == 64
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) < 10 < 30 < max(lengths)
    monkeypatch.setattr(tiny, "TINY", replace(tiny.TINY, positions=400))  # its pieces are single letters
    tables = measure_batching(tiny.tiny_predictor(), posts=4, rounds=1)
    assert [len(rows) for _, rows in tables] == [4, 4]
