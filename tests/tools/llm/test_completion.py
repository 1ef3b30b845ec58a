"""A reply is read wherever a server puts it."""

from typing import Any

import pytest

from unco.state import Json
from unco.tools.llm.completion import reply_from_body, text_of

SAID = '{"corrected_type": "LOC"}'


@pytest.mark.parametrize(
    "message",
    [
        {"content": SAID},
        {"content": [{"type": "text", "text": SAID}]},
        {
            "content": None,
            "tool_calls": [{"type": "function", "function": {"name": "json", "arguments": SAID}}],
        },
        {"content": "", "tool_calls": [None, {"function": {"arguments": SAID}}]},
        {"content": None, "function_call": {"name": "json", "arguments": SAID}},
        {"content": SAID, "function_call": {"name": "json", "arguments": "{}"}},
        {"content": None, "refusal": SAID},
        {"content": None, "tool_calls": "none", "reasoning_content": SAID},
        {"content": None, "tool_calls": [{"function": {"arguments": {"corrected_type": "LOC"}}}]},
        {"content": {"corrected_type": "LOC"}},
        {"content": "", "tool_calls": [], "refusal": None, "reasoning": SAID},
    ],
)
def test_text_of_a_message(message: Json) -> None:
    assert text_of(message) == SAID
    assert reply_from_body({"choices": [{"message": message}]}).text == SAID


@pytest.mark.parametrize(
    "message", [{}, {"content": None, "tool_calls": [{"function": {"arguments": {}}}, {"function": None}, 7]}]
)
def test_a_message_without_text(message: Json) -> None:
    assert text_of(message) == ""


DRAFT = 'Perhaps {"corrected_type": "ORG"}, but it is a place.'


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_a_draft_in_the_reasoning_is_no_answer_and_an_answer_at_its_end_is_one(name: str) -> None:
    assert text_of({"content": None, name: DRAFT}) == ""
    for end in (
        '{"corrected_type": "LOC"}',
        '```json\n{"corrected_type": "LOC"}\n```\n',
        '{"a": 1}<|im_end|>',
        '[{"a": 1}]',
    ):
        assert text_of({"content": "", name: f"Well: {end}"}) == f"Well: {end}"


@pytest.mark.parametrize(
    "thought",
    [
        {"type": "thinking", "thinking": [{"type": "text", "text": DRAFT}]},
        {"type": "reasoning", "text": DRAFT},
        {"type": "reasoning", "summary": [{"type": "summary_text", "text": DRAFT}]},
        {"text": DRAFT, "thought": True},
    ],
)
def test_parts_that_hold_thoughts_are_no_part_of_the_answer(thought: dict[str, Any]) -> None:
    assert text_of({"content": [thought, {"type": "text", "text": "{}"}]}) == "{}"
    assert text_of({"content": [thought]}) == ""
