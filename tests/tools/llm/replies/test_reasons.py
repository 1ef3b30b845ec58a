"""What an error says and means: its own words are told, what lasts is not asked again, and what passes is."""

import json
import time
from dataclasses import replace
from typing import Any

import pytest

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion
from tests.tools.llm.scripted_client import ASKED, KEY, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.replies.reason import reason_in
from unco.tools.llm.replies.waiting import seconds_in
from unco.types import Reason

NGINX = "<html>\n<head><title>413 Request Entity Too Large</title></head>\n<body><h1>413</h1></body></html>"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"message": "Provider returned error", "metadata": {"raw": "it is rate-limited upstream"}},
            "Provider returned error: it is rate-limited upstream",
        ),
        (
            {"message": "Provider returned error", "metadata": {"raw": '{"error": {"message": "at most 1 image"}}'}},
            "Provider returned error: at most 1 image",
        ),
        ({"message": '{\n "error": {"code": 429, "message": "exhausted"}}'}, "exhausted"),
        ([{"error": {"code": 400, "message": "not valid"}}], "not valid"),
        ({"message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs"}]}}, "body.seed: Extra inputs"),
        ({"message": '{"detail": [{"loc": ["body", "top_k"], "msg": "Extra"}]}'}, "body.top_k: Extra"),
        ({"Message": "not authorized"}, "not authorized"),
        ({"fault": {"faultstring": "quota", "detail": {"errorcode": "x"}}}, "quota"),
        ({"error_message": "why"}, "why"),
        ("<400> InternalError.Algo: the image is small", "<400> InternalError.Algo: the image is small"),
        (NGINX, "413 Request Entity Too Large"),
        ("<!DOCTYPE html>\n<html><body>x</body></html>", ""),
        ("{broken", "{broken"),
        ({"message": "[" * 5000}, "[" * 5000),
        ({"message": {"message": {"message": {}}}}, ""),
    ],
)
def test_the_reason_is_found_wherever_it_stands(body: Any, said: str) -> None:
    assert reason_in(body) == said


def failure(server: OpenAIServer, ask: Ask, status: int, body: Any) -> CallFailed:
    server.script = [Step(body if isinstance(body, str) else json.dumps(body), status)]
    with pytest.raises(CallFailed) as raised:
        ask(client(server), ASKED)
    return raised.value


def error(message: str, code: str | None = None, **others: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", "code": code} | others}


LASTING: list[tuple[int, Any, Reason]] = [
    # money and keys, under whatever status
    (429, error("You exceeded your current quota", "insufficient_quota"), "access"),
    (429, error("insufficient balance (1008)"), "access"),
    (500, {"type": "error", "error": {"type": "api_error", "message": "insufficient balance (1008)"}}, "access"),
    (200, {"choices": None, "base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "access"),
    (429, {"error": {"code": "1113", "message": "余额不足或无可用资源包,请充值。"}}, "access"),
    (429, error("Your account org-1 is suspended, please check", type="exceeded_current_quota_error"), "access"),
    (400, error("Access denied, please make sure your account is in good standing.", "Arrearage"), "access"),
    (400, error("Your credit balance is too low to access the API."), "access"),
    (403, {"code": 30001, "message": "Sorry, your account balance is insufficient"}, "access"),
    (403, {"error": {"code": "AccountOverdueError", "message": "The request failed"}}, "access"),
    (412, error("Account x is suspended, possibly due to reaching the monthly spending limit"), "access"),
    (400, [{"error": {"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT"}}], "access"),
    (400, {"code": "invalid", "error": "Incorrect API key provided: sk***89."}, "access"),
    (403, error("该令牌额度已用尽"), "access"),
    # filters
    (400, error("Input data may contain inappropriate content.", "data_inspection_failed"), "endpoint"),
    (400, error("input contains sensitive words: [x] (request id: 1)", "sensitive_words_detected"), "endpoint"),
    (400, error("It was considered high risk", type="content_filter"), "endpoint"),
    (400, {"error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}}, "endpoint"),
    # pictures
    (413, NGINX, "endpoint"),
    (400, error("messages.0.content.1: image exceeds 5 MB maximum: 6543000 bytes > 5242880 bytes"), "endpoint"),
    (400, error("<400> InternalError: The image length and width do not meet the model restrictions."), "endpoint"),
    (400, error("At most 0 image(s) may be provided in one prompt."), "endpoint"),
    (400, error("messages[1]: unknown variant `image_url`, expected `text`"), "endpoint"),
    (500, error("image input is not supported - hint: you may need to provide the mmproj"), "endpoint"),
    # models, sizes, places
    (400, error("foo is not a valid model ID"), "endpoint"),
    (400, error("Invalid model name passed in model=foo"), "endpoint"),
    (400, error("The requested model 'x/y' is not supported by any provider", "model_not_supported"), "endpoint"),
    (400, error("Your input exceeds the limit.", "context_length_exceeded", param="messages"), "endpoint"),
    (200, error("the request exceeds the available context size", type="exceed_context_size_error"), "endpoint"),
    (410, error("The model has been deprecated"), "endpoint"),
    (451, error("Unavailable"), "endpoint"),
]


@pytest.mark.parametrize(("status", "body", "reason"), LASTING)
def test_what_lasts_is_asked_once_and_says_why(
    server: OpenAIServer, ask: Ask, status: int, body: Any, reason: Reason
) -> None:
    found = failure(server, ask, status, body)
    assert (found.reason, server.calls) == (reason, 1)
    assert len(str(found)) > len("the endpoint answered with status 400: ")
    assert "***89" not in str(found)


PASSING: list[tuple[int, Any]] = [
    (403, error("Rate limit exceeded for this API key")),
    (200, {"error": "Too many requests for this API key"}),
    (200, {"error": "too many connections"}),
    (200, {"error": "upstream worker not found"}),
    (200, {"error": "the model m is not loaded yet"}),
    (503, error("load balance: insufficient capacity")),
    (400, {"message": "Too many requests, please wait.", "__type": "ThrottlingException"}),
    (200, {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit exceeded(RPM)"}}),
    (200, {"statusCode": 429, "message": "Rate limit is exceeded."}),
    (429, [{"error": {"code": 429, "message": "You exceeded your current quota, please check your plan and billing"}}]),
    (
        200,
        {
            "choices": [{"message": {"content": None}, "finish_reason": "stop"}],
            "error": {"message": "busy", "code": 429},
        },
    ),
]


@pytest.mark.parametrize(("status", "body"), PASSING)
def test_what_passes_is_asked_again_under_any_status(server: OpenAIServer, ask: Ask, status: int, body: Any) -> None:
    server.script = [Step(json.dumps(body), status), Step()]
    assert ask(client(server), ASKED).text == ANSWER
    assert server.calls == 2


def test_a_wrong_address_is_told_where_a_server_answers_with_200(server: OpenAIServer, ask: Ask) -> None:
    found = failure(server, ask, 200, {"error": "Unexpected endpoint or method. (POST /chat/completions)"})
    assert (server.calls, found.reason) == (1, "endpoint")
    assert str(found).endswith("(POST /chat/completions): is its base URL right? Most end in /v1")


@pytest.mark.parametrize(
    "finish_reason", ["error", "network_error", "insufficient_system_resource", "abort", "model_overloaded_x"]
)
def test_an_answer_that_the_server_could_not_finish_is_asked_for_again(
    server: OpenAIServer, ask: Ask, finish_reason: str
) -> None:
    server.script = [Step(completion('{"reasoning_pro', finish_reason)), Step()]
    half = finish_reason == "model_overloaded_x"  # what nobody knows is given to the reader of answers
    assert ask(client(server), ASKED).text == ('{"reasoning_pro' if half else ANSWER)


def test_an_answer_that_is_whole_counts_whatever_ended_it(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(completion(finish_reason="error"))]
    assert ask(client(server), ASKED).text == ANSWER


def test_a_server_that_says_so_is_not_asked_again(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step("no", 503, headers={"x-should-retry": "false"})]
    with pytest.raises(CallFailed):
        ask(client(server, attempts=9), ASKED)
    assert server.calls <= 3, "as it is, without a format, and plainly"


def test_a_refusal_that_no_form_helps_against_is_searched_about_twice(server: OpenAIServer, ask: Ask) -> None:
    mllm = client(server)
    calls = []
    for number in range(4):
        server.script = [Step(json.dumps(error(f"Bad request (id: a{number}f)")), 400)]
        with pytest.raises(CallFailed, match="Bad request"):
            ask(mllm, replace(ASKED, user=str(number)))
        calls.append(server.calls)
    assert calls[0] > 3
    assert (calls[2] - calls[1], calls[3] - calls[2]) == (1, 1)


@pytest.mark.parametrize(
    ("body", "seconds"),
    [
        ({"details": [{"@type": "x/google.rpc.RetryInfo", "retryDelay": "34.07s"}]}, 34.07),
        ([{"error": {"message": "m", "details": [{"retryDelay": "2s"}]}}], 2.0),
        ({"message": "Rate limit reached. Please try again in 6.5s. Visit x."}, 6.5),
        ({"message": "Please try again in 1m2.5s."}, 62.5),
        ({"message": "Please try again in 150ms"}, 0.15),
        ({"message": "Please retry after 26 seconds."}, 26.0),
        ({"message": "Try again in 2 minutes"}, 120.0),
        ({"message": "reached max request: 3, please try again after 1 seconds"}, 1.0),
        ({"error": "Model x is currently loading", "estimated_time": 20.5}, 20.5),
        ({"message": "Please request again after 4s"}, 4.0),
        ({"message": "The server could not complete the request in 30 seconds"}, None),
        ({"message": "Gave up on the request after 60s"}, None),
        ({"message": "try again later"}, None),
        ({"message": "limit 3 per minute, 20 s used"}, None),
        ({"estimated_time": True, "retryDelay": "soon"}, None),
        ("Please try again in 3s", 3.0),
        (None, None),
    ],
)
def test_the_time_to_wait_may_stand_in_the_body(body: Any, seconds: float | None) -> None:
    assert seconds_in(body) == (None if seconds is None else pytest.approx(seconds))


def test_the_time_in_the_body_is_waited(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(json.dumps(error("Please try again in 600ms")), 429), Step()]
    start = time.monotonic()
    assert ask(client(server), ASKED).text == ANSWER
    assert time.monotonic() - start >= 0.6


def test_a_server_without_memory_may_have_some_later(server: OpenAIServer, ask: Ask) -> None:
    found = failure(server, ask, 500, error("CUDA out of memory: no room for the KV cache of context size 8192"))
    assert found.reason == "broken"


def test_words_of_a_post_that_an_error_quotes_say_nothing_about_money(server: OpenAIServer, ask: Ask) -> None:
    found = failure(server, ask, 400, error("1 validation error: input_value='My rent is overdue'"))
    assert found.reason == "endpoint"


def test_no_part_of_a_key_is_told_by_a_refusal_that_calls_it_otherwise(server: OpenAIServer, ask: Ask) -> None:
    for words in ("Invalid token: hf_ab***yz", "Bad credentials ab***yz", "Rate limit exceeded for API key ab***yz"):
        assert "***yz" not in str(failure(server, ask, 403, error(words)))


def test_no_part_of_a_key_is_told(server: OpenAIServer, ask: Ask) -> None:
    for status in (400, 401, 403):
        found = failure(server, ask, status, error(f"Incorrect API key provided: {KEY[:7]}***{KEY[-4:]}"))
        assert str(found) == f"the endpoint answered with status {status}: it refuses the key, or wants one"
    assert "Country" in str(failure(server, ask, 403, error("Country, region, or territory not supported")))


@pytest.mark.parametrize(
    ("status", "message"),
    [
        (400, "Invalid schema for response_format 'answer': 'minItems' is not permitted."),
        (400, "'response_format' of type 'json_schema' is not supported with this model"),
        (400, "the prompt is too long"),
        (500, "Your input exceeds the context window of this model"),
        (422, "Your input exceeds the context window of this model"),
    ],
)
def test_the_users_terminal_shows_no_advice_of_another_package(
    server: OpenAIServer, ask: Ask, status: int, message: str
) -> None:
    found = failure(server, ask, status, error(message))
    assert str(found) == f"the endpoint answered with status {status}: {message}"
