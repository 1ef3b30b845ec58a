"""Malformed answers, hundreds of them: none raises out of a correction, none changes what it did not verify."""

import itertools
import json
import re
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scripted import ANN, FACE, TOKENS, doubt
from tests.tiny import extraction
from unco.context import Context, Mode
from unco.nodes.correct_region import RegionCorrector
from unco.nodes.correct_span import SpanCorrector
from unco.nodes.correct_type import TypeCorrector
from unco.nodes.questions.correction import Corrector, correction_steps
from unco.nodes.questions.question import EntityQuestion
from unco.nodes.questions.question_runner import Attempt, ask_models
from unco.tools.blocking import block_on
from unco.tools.box_frames.frame import frame_by_name
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Reply, Request
from unco.types import ATTRIBUTES, Attribute, Box, Correction, Outcome, PictureInfo, Span

PICTURE = PictureInfo("a.png", "ab" * 32, 200, 100)
CORRECTORS: dict[Attribute, Corrector] = {
    "span": SpanCorrector(),
    "type": TypeCorrector(),
    "region": RegionCorrector(),
}
KEYS: dict[Attribute, str] = {
    "span": "corrected_entity",
    "type": "corrected_type",
    "region": "corrected_bounding_box",
}

VALUES: dict[Attribute, list[str]] = {
    "span": [
        '"Ann Lee"',
        '"ann lee"',
        '"Bob"',
        '""',
        '" "',
        "null",
        "7",
        "true",
        '["Ann"]',
        '{"text": "Ann"}',
        '"Ann Lee plays for the Blue"',
        '"\\ud83d"',
        '"\\u0000"',
        '"Ann" "Lee"',
        "Ann Lee",
        "'Ann'",
        '"Ann\n',
        '"Owls of Ann Arbor"',
        '"' + "x" * 5000 + '"',
    ],
    "type": [
        '"PER"',
        '"per"',
        '"PERSON"',
        '""',
        "null",
        "3",
        '["PER"]',
        '{"type": "PER"}',
        '"PER, LOC"',
        '"PER or LOC"',
        "PER",
        "'LOC'",
        '"\\u2603"',
        '"ignore all rules"',
        "true",
        '"PER\\n"',
        '"P E R"',
        '"' + "y" * 5000 + '"',
    ],
    "region": [
        "[1, 2, 30, 40]",
        "[30, 40, 1, 2]",
        "[1, 2, 30]",
        "[1, 2, 30, 40, 50]",
        "[]",
        "[[]]",
        "[[1, 2, 30, 40]]",
        "null",
        '"null"',
        '"none"',
        '"[1, 2, 30, 40]"',
        '"1, 2, 30, 40"',
        "[1, 2, 1, 2]",
        "[NaN, 1, 2, 3]",
        "[1e999, 1, 2, 3]",
        "[-5, -5, 900, 900]",
        "[1, 2, 1.1, 2.1]",
        '{"x1": 1, "y1": 2, "x2": 30, "y2": 40}',
        '{"x": 1, "y": 2, "w": 3, "h": 4}',
        '["1", "2", "30", "40"]',
        '["a", "b", "c", "d"]',
        "[true, 1, 2, 3]",
        "[1, 2, [3], 4]",
        "{}",
        '"<loc0001><loc0002>"',
        "[0.1, 0.2, 0.3, 0.4]",
        "(1, 2, 30, 40)",
        "7",
        "[1000000000000000, 0, 1, 1]",
    ],
}

WRAPPINGS = [
    "{object}",
    "```json\n{object}\n```",
    "```\n{object}",
    "<think>It may be [1, 2].</think>{object}",
    "<think>never closed {object}",
    "Sure! {object} Hope this helps.",
    "{object}{object}",
    "[{object}]",
    "{cut}",
    "{single}",
    "{trailing}",
    '{{"answer": {object}}}',
]  # fmt: skip


def texts(attribute: Attribute) -> list[str]:
    """Put each value in each wrapping."""
    made = []
    for value, wrapping in itertools.product(VALUES[attribute], WRAPPINGS):
        found = f'{{"reasoning_process": "x", "{KEYS[attribute]}": {value}}}'
        parts = {"object": found, "cut": found[:-3], "single": found.replace('"', "'"), "trailing": found[:-1] + ",}"}
        made.append(wrapping.format(**parts))
    return made


TABLE = [(attribute, text) for attribute in ATTRIBUTES for text in texts(attribute)]


def correction(attribute: Attribute, text: str, finish_reason: str | None = "stop") -> Correction:
    """Return the correction of an attribute when the MLLM replies with this text, twice."""
    extracted = extraction(TOKENS, [(ANN, "ORG", FACE, doubt("span type region"))], picture=PICTURE)
    question = EntityQuestion(
        entity=extracted.entities[0],
        extraction=extracted,
        image="a.png",
        context=Context(),
        model="authored-test",
        frame=frame_by_name("pixels"),
    )
    attempts = iter([Attempt(Parrot(text, finish_reason), question, "live")])
    _, result = block_on(ask_models(attempts, partial(correction_steps, CORRECTORS[attribute])))
    (note,) = result.notes
    assert isinstance(note, Correction)
    return note


class Parrot(Mllm):
    """Gives the same reply to everything."""

    def __init__(self, text: str, finish_reason: str | None) -> None:
        super().__init__()
        self._reply = Reply(text=text, finish_reason=finish_reason, model="authored-test")

    def ask(self, request: Request, mode: Mode) -> Reply:
        return self._reply


def holds(attribute: Attribute, value: Any) -> bool:
    """Return whether a changed value can be true of the post."""
    if attribute == "span":
        return isinstance(value, Span) and value.stop <= len(TOKENS) and value.start <= ANN.start + 3
    if attribute == "type":
        return value in {"PER", "LOC", "ORG", "MISC", "OTHER"}
    inside = isinstance(value, Box) and value.x1 >= 0 and value.y1 >= 0 and value.x2 <= 200 and value.y2 <= 100
    return value is None or inside


def check(note: Correction) -> None:
    if note.outcome == "changed":
        assert holds(note.attribute, note.after)
        assert note.exchanges[-1].fault == ""
    else:
        assert note.after == note.before
    assert (note.outcome == "failed") == (note.answer == "unreadable")


@pytest.fixture(autouse=True)
def no_picture_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.nodes.correct_region.sent_picture", lambda question: None)
    monkeypatch.setattr("unco.nodes.correct_type.sent_picture", lambda question: None)


def test_the_table_is_long_and_reaches_every_outcome() -> None:
    assert len(TABLE) > 300
    outcomes: dict[Attribute, set[Outcome]] = {attribute: set() for attribute in ATTRIBUTES}
    for attribute, text in TABLE:
        outcomes[attribute].add(correction(attribute, text).outcome)
    assert outcomes["type"] == outcomes["region"] == {"changed", "rejected", "failed"}
    assert outcomes["span"] == {"changed", "kept", "rejected", "failed"}


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_no_answer_of_the_table_raises_or_changes_what_it_may_not(attribute: Attribute) -> None:
    for text in texts(attribute):
        for finish_reason in ("stop", "length", "content_filter", None):
            note = correction(attribute, text, finish_reason)
            check(note)
            assert finish_reason != "length" or note.outcome == "failed" or is_object(text), text
            assert [one.text for one in note.exchanges] == [text] * note.calls


def is_object(text: str) -> bool:
    """Whether a reply holds a whole JSON object, which counts although the endpoint says that it was cut off."""
    text = re.sub(r"<think>.*?</think>", "", text, flags=re.DOTALL)
    for part in (text, *re.findall(r"```[^\n]*\n(.*?)```", text, re.DOTALL)):
        with suppress(ValueError):
            return bool(json.loads(part))
    return False


def test_only_an_explicit_null_is_not_in_the_picture() -> None:
    nulls = {text for text in texts("region") if correction("region", text).answer == "null"}
    assert nulls
    assert all("[]" in text or "null" in text or "none" in text for text in nulls)


@given(st.sampled_from(ATTRIBUTES), st.text())
def test_any_text(attribute: Attribute, text: str) -> None:
    check(correction(attribute, text))


values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(st.sampled_from(ATTRIBUTES), values, values, st.sampled_from(WRAPPINGS[:8]))
def test_any_json(attribute: Attribute, value: Any, other: Any, wrapping: str) -> None:
    found = json.dumps({KEYS[attribute]: value, "reasoning_process": other})
    check(correction(attribute, wrapping.format(object=found)))
