"""A reply is read wherever a server puts it."""

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
