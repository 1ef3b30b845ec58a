"""Files of version 0.1.0 can still be read: its cache, its recording and its results.

The files of `written_before` hold three questions about one post, asked of an endpoint whose answers were written by
hand. Their prompts, request keys and rows are those of 0.1.0; they are never made anew.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ANN, ARBOR, OWLS, doubt, graph_of, says
from unco.context import Context
from unco.state import read_result
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording

FOLDER = Path(__file__).parent / "written_before"
TEXT = "Ann Lee plays for the Blue Owls of Ann Arbor"
SMALL_MODEL = says(
    (ANN, "ORG", None, doubt("span type")), (OWLS, "ORG", None, doubt("type")), (ARBOR, "LOC", None, doubt())
)


def answers(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    """List the correction of each attribute, with its prompt and the MLLM's replies."""
    return [
        (
            *(note[name] for name in ("attribute", "outcome", "before", "after", "prompt", "prompt_hash", "reasoning")),
            [(exchange["text"], exchange["model"], exchange["finish_reason"]) for exchange in note["exchanges"]],
        )
        for entity in result["entities"]
        for note in entity["corrections"]
    ]


@pytest.fixture
def before() -> dict[str, Any]:
    result: dict[str, Any] = json.loads((FOLDER / "result.json").read_text("utf-8"))
    return result


def test_a_recording_is_replayed(before: dict[str, Any]) -> None:
    llm = Mllm(model="authored-before", frame="pixels", recording=Recording(FOLDER / "recording.jsonl"))
    result = graph_of(SMALL_MODEL, llm).invoke({"text": TEXT}, context=Context(mode="replay"))
    assert answers(result) == answers(before)
    assert [entity["text"] for entity in result["entities"]] == ["Ann Lee", "Blue Owls", "Ann"]


def test_a_cache_serves_without_a_call(before: dict[str, Any], tmp_path: Path) -> None:
    shutil.copy(FOLDER / "cache.db", tmp_path / "cache.db")
    nobody_listens = "http://127.0.0.1:8123/v1"
    llm = Mllm(nobody_listens, "authored-before", frame="pixels", cache=Cache(tmp_path), attempts=1)
    result = graph_of(SMALL_MODEL, llm).invoke({"text": TEXT}, context=Context(mode="live"))
    assert answers(result) == answers(before)
    assert (result["usage"]["calls"], result["usage"]["asked"]) == (3, 0)


def test_a_result_is_read(before: dict[str, Any]) -> None:
    result = read_result(before)
    assert [entity.type for entity in result.entities] == ["PER", "PER", "LOC"]
    assert not result.is_open
