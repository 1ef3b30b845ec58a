"""Levels of belief: chosen from recorded answers, written into the policy, and what the graph does with them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.evals.tuning.recorded_posts import gold_of, inputs_of, scripted, small_model, without_times
from tests.tools.extraction.made_policy import policy_of
from unco.context import Context
from unco.evals.tuning.accept_levels import at_levels, choose_levels, reports_confidence
from unco.evals.tuning.outcomes import outcomes_of
from unco.evals.tuning.recorded.every_path import record_paths
from unco.evals.tuning.recorded.paths import About, Recording
from unco.evals.tuning.recorded.replay import replay
from unco.graph import build_graph
from unco.state import read_result
from unco.tools.extraction.policy import PolicyAccept, read_policy, write_policy
from unco.tools.extraction.tool import small_model_tool
from unco.types import ALWAYS, Accept, Correction, Result, Thresholds

WANTED = Context(span_accept=0.0, type_accept=0.0, region_accept=0.0)
KEYS = [(name, words) for name in ("span", "type", "region") for words in ("w1", "w1 w2", "w3", "w2 w3", "w8 w9")]


def sure_of(key: tuple[str, str]) -> float:
    return 0.2 + 0.15 * (len(key[0]) + len(key[1])) % 0.7


def recorded(folder: Path, count: int = 24) -> Recording:
    llm = scripted()
    llm.sure = {key: sure_of(key) for key in KEYS}
    posts = asyncio.run(record_paths(inputs_of(count, folder), small_model_tool(small_model), llm, WANTED))
    return Recording(About(), tuple(replace(post, gold=gold_of(number)) for number, post in enumerate(posts)))


@pytest.mark.parametrize("accept", [Accept(), Accept(0.5, 0.5, 0.5), Accept(0.9, None, 0.1), Accept(1, 1, 1)])
def test_a_replay_at_levels_is_the_graphs_result(accept: Accept, tmp_path: Path) -> None:
    recording, thresholds = at_levels(recorded(tmp_path), accept), Thresholds(0.1, 0.25, 0.0)
    llm = scripted()
    llm.sure = {key: sure_of(key) for key in KEYS}
    context = Context(span_accept=accept.span, type_accept=accept.type, region_accept=accept.region)
    graph = build_graph(small_model_tool(small_model), llm, thresholds=thresholds)
    outputs = asyncio.run(graph.abatch(inputs_of(24, tmp_path), context=context))
    found = without_times([read_result(output) for output in outputs])
    wanted = without_times(replay(recording, thresholds))
    if accept == Accept(0.9, None, 0.1):  # the graph did not ask how sure the answers about types are
        wanted = [_without_type_confidence(result) for result in wanted]
    elif accept == Accept():
        wanted = [_without_confidence(result, lambda note: True) for result in wanted]
    assert found == wanted


def _without_type_confidence(result: Result) -> Result:
    return _without_confidence(result, lambda note: note.attribute == "type")


def _without_confidence(result: Result, forgotten: Callable[[Correction], bool]) -> Result:
    entities = tuple(
        replace(
            entity,
            corrections=tuple(
                replace(note, confidence=None) if forgotten(note) else note for note in entity.corrections
            ),
        )
        for entity in result.entities
    )
    return replace(result, entities=entities)


def test_the_chosen_levels_are_no_worse_than_none(tmp_path: Path) -> None:
    recording, always = recorded(tmp_path), Thresholds(ALWAYS, ALWAYS, ALWAYS)
    assert reports_confidence(recording)
    accept = choose_levels(recording, "GMNER")
    before, after = (outcomes_of(one).by_post(always)[:, 0].sum() for one in (recording, at_levels(recording, accept)))
    assert all(accept.of(name) is not None for name in ("span", "type", "region"))
    assert after >= before


def test_a_policy_keeps_them_and_one_of_before_has_none(tmp_path: Path) -> None:
    path, policy = tmp_path / "policy.yaml", policy_of()
    write_policy(policy, path)
    assert "accept" not in path.read_text("utf-8"), "as files of before"
    assert read_policy(path) == policy
    levels = policy.model_copy(update={"accept": PolicyAccept(span=0.2, region=0.7)})
    write_policy(levels, path)
    assert read_policy(path).accept.as_accept() == Accept(0.2, None, 0.7)
