"""Recorded paths give what the graph gives, whatever the thresholds; nothing is asked twice."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.evals.tuning.recorded_posts import (
    inputs_of,
    recorded_posts,
    run_graph,
    scripted,
    small_model,
    without_times,
)
from unco.errors import DataError, SettingsError
from unco.evals.tuning.recorded.every_path import record_paths
from unco.evals.tuning.recorded.paths import About, Recording, read_paths, write_paths
from unco.evals.tuning.recorded.replay import replay
from unco.tools.extraction.tool import small_model_tool
from unco.types import ALWAYS, Thresholds

TRIED = [Thresholds(ALWAYS, ALWAYS, ALWAYS), Thresholds(1, 1, 1), Thresholds(0.4, 0.3, 0.5), Thresholds(0.1, 1, 0)]
THRESHOLD = st.sampled_from([ALWAYS, 0.0, 0.1, 0.25, 0.3, 0.5, 0.9, 1.0]) | st.floats(0, 1)


@pytest.mark.parametrize("thresholds", TRIED)
def test_a_replay_is_the_graphs_result(thresholds: Thresholds, tmp_path: Path) -> None:
    recording, _ = recorded_posts()
    assert without_times(replay(recording, thresholds)) == without_times(run_graph(24, tmp_path, thresholds))


@settings(max_examples=6)
@given(st.builds(Thresholds, THRESHOLD, THRESHOLD, THRESHOLD))
def test_so_it_is_at_any_thresholds(tmp_path_factory: pytest.TempPathFactory, thresholds: Thresholds) -> None:
    recording, _ = recorded_posts()
    graph = run_graph(24, tmp_path_factory.mktemp("pictures"), thresholds)
    assert without_times(replay(recording, thresholds)) == without_times(graph)


def test_up_to_seven_questions_an_entity_and_none_twice(tmp_path: Path) -> None:
    llm = scripted()
    inputs = inputs_of(6, tmp_path)
    posts = asyncio.run(record_paths(inputs, small_model_tool(small_model), llm))
    asked = [(one.request.system, one.request.user) for one in llm.asked if one.key != ("type", "w8 w9")]
    assert len(set(asked)) == len(asked), "one answer serves all paths that come to the same question"
    counts = [[len(answers) for answers in post.answers] for post in posts]
    assert max(map(max, counts)) == 7
    assert {post[2] for post in counts} == {3}, "a span that is not corrected, a type that is not: one of each"
    for post in posts:
        for answers in post.answers:
            keys = [(one.correction.attribute, one.span, one.type) for one in answers]
            assert len(set(keys)) == len(keys)


def test_a_floor_saves_calls_and_refuses_what_was_not_recorded(tmp_path: Path) -> None:
    floor, llm = Thresholds(0.3, 0.3, 1.0), scripted()
    posts = asyncio.run(record_paths(inputs_of(24, tmp_path), small_model_tool(small_model), llm, floor=floor))
    assert {asked.attribute for asked in llm.asked} == {"span", "type"}
    cheap, (full, _) = Recording(About(floor=floor), tuple(posts)), recorded_posts()
    chosen = Thresholds(0.3, 0.5, 1.0)
    assert without_times(replay(cheap, chosen)) == without_times(replay(full, chosen))
    with pytest.raises(SettingsError, match="below a type threshold of 0.3, so 0.2"):
        replay(cheap, Thresholds(0.3, 0.2, 1.0))


def test_the_stated_threshold_is_that_of_the_recording() -> None:
    llm = scripted()
    asyncio.run(record_paths([{"text": ["post0", *"abcdefghijk"]}], small_model_tool(small_model), llm))
    spans = [asked.request.user + asked.request.system for asked in llm.asked if asked.attribute == "span"]
    assert len(spans) == 3
    assert all("0.4" in prompt for prompt in spans)


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recording, _ = recorded_posts()
    write_paths(recording, tmp_path / "paths.jsonl")
    assert read_paths(tmp_path / "paths.jsonl") == recording


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (lambda lines: lines[:3] + [lines[3][:200]], r"paths.jsonl:4: cut off in the middle"),
        (lambda lines: lines[:2] + [lines[2].replace('"outcome":"', '"outcome":"x')], r"paths.jsonl:3: .*outcome"),
        (lambda lines: lines[1:], r"paths.jsonl:1: not the first line of recorded paths"),
        (lambda lines: [lines[0], lines[1].replace('"answers":[[', '"answers":[[],[')], "3 entities, but answers"),
        (
            lambda lines: [
                lines[0],
                lines[1].replace('"gold":{"id":"0","tokens":["post0"', '"gold":{"id":"0","tokens":["x"'),
            ],
            "paths.jsonl:2: the gold is of other words",
        ),
        (lambda lines: [], "is empty"),
    ],
)
def test_a_broken_recording_names_its_line(broken: Callable[[list[str]], list[str]], says: str, tmp_path: Path) -> None:
    path = tmp_path / "paths.jsonl"
    write_paths(recorded_posts()[0], path)
    path.write_text("\n".join(broken(path.read_text("utf-8").split("\n"))), "utf-8")
    with pytest.raises(DataError, match=says):
        read_paths(path)
