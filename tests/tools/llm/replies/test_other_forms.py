"""Replies in the forms of other APIs are read; what is no reply is named for what it is."""

import json
from typing import Any

import pytest

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step
from tests.tools.llm.scripted_client import REQUEST, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.request import is_cut, is_filtered

COUNTS = {"input_tokens": 11, "output_tokens": 7}


@pytest.mark.parametrize(
    "body",
    [
        {
            "choices": [{"text": ANSWER, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        },
        {
            "choices": [{"delta": {"content": ANSWER}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 11, "completion_tokens": 7},
        },
        {
            "code": 0,
            "msg": "success",
            "data": {
                "model": "served-model",
                "choices": [{"message": {"content": ANSWER}, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7},
            },
        },
        {
            "output": [
                {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Hm."}]},
                {"type": "message", "content": [{"type": "output_text", "text": ANSWER, "annotations": []}]},
            ],
            "usage": COUNTS,
        },
        {
            "message": {"role": "assistant", "content": ANSWER},
            "done": True,
            "done_reason": "stop",
            "prompt_eval_count": 11,
            "eval_count": 7,
        },
        {
            "output": {"choices": [{"message": {"content": [{"text": ANSWER}]}, "finish_reason": "stop"}]},
            "usage": COUNTS,
        },
        {"type": "message", "content": [{"type": "text", "text": ANSWER}], "stop_reason": "stop", "usage": COUNTS},
        {
            "candidates": [{"content": {"parts": [{"text": ANSWER}], "role": "model"}, "finishReason": "stop"}],
            "usageMetadata": {"promptTokenCount": 11, "candidatesTokenCount": 3, "totalTokenCount": 18},
            "modelVersion": "served-model",
        },
    ],
)
def test_a_reply_in_another_form_is_read(server: OpenAIServer, ask: Ask, body: dict[str, Any]) -> None:
    server.script = [Step(json.dumps(body | {"model": "served-model"}))]
    reply = ask(client(server), REQUEST)
    assert (reply.text, reply.finish_reason, reply.model) == (ANSWER, "stop", "served-model")
    assert (reply.input_tokens, reply.output_tokens) == (11, 7)


def test_a_reply_of_bedrock_is_read() -> None:
    reply = reply_from_body(
        {
            "output": {"message": {"role": "assistant", "content": [{"text": ANSWER}]}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
        }
    )
    assert (reply.text, reply.finish_reason, reply.input_tokens, reply.output_tokens) == (ANSWER, "end_turn", 11, 7)


@pytest.mark.parametrize(
    "body",
    [
        {"promptFeedback": {"blockReason": "SAFETY"}},
        {"candidates": [{"finishReason": "SAFETY", "index": 0}]},
        {"choices": [{"finish_reason": "content_filter", "index": 0, "content_filter_results": {}}]},
    ],
)
def test_a_reply_that_a_filter_took_away_says_so(body: dict[str, Any]) -> None:
    assert (reply_from_body(body).text, is_filtered(reply_from_body(body).finish_reason)) == ("", True)


def test_a_reply_that_is_cut_says_so_in_any_form() -> None:
    cut = {"output": [{"content": [{"text": "{"}]}], "incomplete_details": {"reason": "max_output_tokens"}}
    assert is_cut(reply_from_body(cut).finish_reason)
    without_words = {"candidates": [{"finishReason": "MAX_TOKENS"}], "usageMetadata": {"promptTokenCount": 3}}
    assert is_cut(reply_from_body(without_words).finish_reason)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("<!DOCTYPE html><html><body>Welcome to nginx</body></html>", "a web page: is its base URL right"),
        ("\n\n <html>", "a web page"),
        ('{"detail": "Not Found"}', "Not Found"),
        ('{"code": 20012, "message": "Model does not exist", "data": null}', "Model does not exist"),
        ('{"choices": null, "base_resp": {"status_code": 1004, "status_msg": "login fail"}}', "login fail"),
        ('{"success": false, "errors": [{"code": 7003, "message": "no such route"}]}', "no such route"),
        (
            '{"choices": [{"message": {"content": ""}, "error": {"code": 429, "message": "the provider is busy"}}]}',
            "status 429: the provider is busy",
        ),
        ("{}", "not a chat completion, but JSON without fields: is its base URL right"),
        (
            '{"content": "{}", "stop": true}',
            "not a chat completion, but JSON with the fields content, stop: is its base",
        ),
        ('[{"generated_text": "{}"}]', "not a chat completion"),
        ('{"choices": [{"message": {"content": "{', "not a chat completion: its JSON is broken, or breaks off"),
        ("", "not a chat completion: it is empty"),
        ("upstream connect error sk-123 http://a.example", r"but 'upstream connect error \*\*\* \*\*\*'"),
        ('"OK"', "not a chat completion"),
    ],
)
def test_what_is_no_reply_is_said_in_its_own_words(server: OpenAIServer, ask: Ask, body: str, said: str) -> None:
    server.script = [Step(body)]
    with pytest.raises(CallFailed, match=said):
        ask(client(server), REQUEST)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            Step("", 301, headers={"Location": "https://elsewhere.example/v1"}),
            "unco follows nowhere; set its base URL",
        ),
        (Step("<html>", 307), "status 307: it wants to be asked elsewhere"),
        (Step('{"detail": "Not Found"}', 404), "status 404: Not Found: is its base URL right. Most end in /v1"),
        (Step("<html>", 405), "status 405: is its base URL right"),
        (Step('{"error": {"message": "The model m does not exist"}}', 404), "status 404: The model m does not exist$"),
    ],
)
def test_a_status_of_a_wrong_address_says_what_to_do(server: OpenAIServer, ask: Ask, step: Step, said: str) -> None:
    server.script = [step]
    with pytest.raises(CallFailed, match=said) as told:
        ask(client(server), REQUEST)
    assert "elsewhere.example" not in str(told.value)
