"""Spoilt answers of a model: read, or refused by the two errors that stand for it; and what passes can be true."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.mutations import changed, spoilt
from unco.errors import Rejected, ReplyError
from unco.nodes.verify import find_span, verify_candidate, verify_region, verify_span, verify_type
from unco.prompts import AnswerName, parse_answer
from unco.prompts.specs import answer_type
from unco.tools.box_frames.frame import FRAMES
from unco.types import Box, Label, Span

pytestmark = pytest.mark.slow

TOKENS = ("Ann", "Lee", "#\u0130", "\u200b", "Ann", "Oslo", "\U0001f680")
LABELS = (Label("PER", "a person"), Label("LOC", "a place"))
SIZE = (200, 100)
CANDIDATES = (Box(1, 2, 30, 40), Box(50, 10, 199, 100))
GOOD: dict[AnswerName, dict[str, Any]] = {
    "span": {"reasoning_process": "A name.", "corrected_entity": "Ann Lee"},
    "type": {"reasoning_process": "A name.", "corrected_type": "PER"},
    "region": {"reasoning_process": "A face.", "corrected_bounding_box": [1, 2, 30.5, 40]},
    "candidate": {"reasoning_process": "A face.", "candidate": 1, "corrected_bounding_box": [1, 2, 30, 40]},
    "entities": {
        "reasoning_process": "Two.",
        "entities": [{"entity": "Ann", "type": "PER", "bounding_box": [1, 2, 3, 4]}, {"entity": "Oslo", "type": "LOC"}],
    },
}
WRAPPINGS = ("{}", "```json\n{}\n```", "<think>{{</think>{}", "So: {} .", "[{}]", "{} {}")


def texts(name: AnswerName) -> st.SearchStrategy[str]:
    values = changed(GOOD[name]).map(lambda value: json.dumps(value, default=str))
    data = spoilt(json.dumps(GOOD[name]).encode()).map(lambda data: data.decode("utf-8", "surrogateescape"))
    return st.builds(lambda form, text: form.replace("{}", text), st.sampled_from(WRAPPINGS), values | data)


@pytest.mark.parametrize("name", GOOD)
def test_a_spoilt_answer_is_read_or_refused(name: AnswerName) -> None:
    @settings()
    @given(text=texts(name), finish=st.sampled_from(["stop", "length", None, ""]), frame=st.sampled_from(list(FRAMES)))
    def reads(text: str, finish: str | None, frame: str) -> None:
        try:
            answer = parse_answer(text, finish, name)
        except ReplyError:
            return
        assert isinstance(answer, answer_type(name))
        try:
            check(name, answer, frame)
        except Rejected:
            pass

    reads()


def check(name: AnswerName, answer: Any, frame: str) -> None:
    """What passes is words of the post, a type of the scheme, a box in the picture."""
    if name == "span":
        span = verify_span(answer.corrected_entity, Span(0, 1), TOKENS, [Span(5, 6)])
        assert 0 <= span.start < span.stop <= 5 or span.start >= 6
    elif name == "type":
        assert verify_type(answer.corrected_type, LABELS) in ("PER", "LOC")
    elif name == "region":
        inside(verify_region(answer, CANDIDATES[0], FRAMES[frame], SIZE))
    elif name == "candidate":
        inside(verify_candidate(answer, None, FRAMES[frame], SIZE, CANDIDATES))
    else:
        for entity in answer.entities:
            find_span(entity.entity, TOKENS, [])


def inside(box: Box | None) -> None:
    assert box is None or (0 <= box.x1 < box.x2 <= SIZE[0] and 0 <= box.y1 < box.y2 <= SIZE[1])
