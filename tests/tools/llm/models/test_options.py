"""What a user sets for a model is sent as it is, is never negotiated, and stands in the key of the question."""

from dataclasses import replace

import pytest

from tests.tools.llm.openai_server import OpenAIServer, Step, completion, refusal
from tests.tools.llm.scripted_client import ASKED, REQUEST, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import with_options
from unco.tools.llm.models.families import FAMILIES, family_of
from unco.tools.llm.models.options import ModelOptions, body_text
from unco.tools.llm.request import request_key

NO_THINKING = body_text({"chat_template_kwargs": {"enable_thinking": False}, "top_p": 0.9}, "low")
OPTIONS = ModelOptions(
    temperature=0.7,
    max_tokens=300,
    limit_field="max_tokens",
    system=False,
    extra_body=NO_THINKING,
    headers=(("X-Route", "eu"),),
    secret_headers=(("X-Api-Key", "hidden"),),
)


def test_every_setting_is_sent(server: OpenAIServer, ask: Ask) -> None:
    ask(client(server, options=OPTIONS), ASKED)
    [body], [headers] = server.bodies, server.headers
    assert (body["temperature"], body["max_tokens"], body["top_p"]) == (0.7, 300, 0.9)
    assert "max_completion_tokens" not in body
    assert body["reasoning_effort"] == "low"
    assert body["chat_template_kwargs"] == {"enable_thinking": False}
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert body["response_format"]["type"] == "json_schema"
    assert (headers["x-route"], headers["x-api-key"]) == ("eu", "hidden")


@pytest.mark.parametrize("field", ["temperature", "limit_field", "system"])
def test_a_setting_that_is_refused_is_not_changed(server: OpenAIServer, ask: Ask, field: str) -> None:
    message = {"temperature": "temperature", "limit_field": "max_tokens", "system": "system role"}[field]
    server.script = [refusal(400, f"{message} is not supported")]
    with pytest.raises(CallFailed, match=f"{message} is not supported"):
        ask(client(server, options=OPTIONS), REQUEST)
    sent = [(body.get("temperature"), body.get("max_tokens"), len(body["messages"])) for body in server.bodies]
    assert set(sent) == {(0.7, 300, 1)}


def test_what_is_not_set_is_negotiated_still(server: OpenAIServer, ask: Ask) -> None:
    server.script = [refusal(400, "response_format is not supported"), Step()]
    ask(client(server, options=OPTIONS), ASKED)
    assert [("response_format" in body and body["response_format"]["type"]) for body in server.bodies] == [
        "json_schema",
        "json_object",
    ]


def test_a_limit_of_the_users_is_not_raised_for_thinking(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(completion("", "length"))]
    assert ask(client(server, options=OPTIONS), REQUEST).text == ""
    assert [body["max_tokens"] for body in server.bodies] == [300]


def test_another_setting_wins_over_what_was_remembered(server: OpenAIServer, ask: Ask) -> None:
    cache = Cache()
    server.script = [refusal(400, "temperature is not supported"), Step()]
    ask(client(server, cache=cache), REQUEST)
    server.script = [Step()]
    ask(client(server, cache=cache, options=ModelOptions(temperature=1.0)), REQUEST)
    assert [body.get("temperature") for body in server.bodies] == [0.0, None, 1.0]


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"temperature": 0.5}, False),
        ({"max_tokens": 7}, False),
        ({"extra_body": '{"seed": 1}'}, False),
        ({"headers": (("X-Route", "us"),)}, False),
        ({"secret_headers": (("X-Api-Key", "other"),)}, True),
    ],
)
def test_what_can_change_an_answer_is_in_the_key(change: dict[str, object], same: bool) -> None:
    keys = {request_key(with_options(REQUEST, replace(OPTIONS, **own))) for own in ({}, change)}  # type: ignore[arg-type]
    assert (len(keys) == 1) is same


def test_without_settings_the_key_is_that_of_before() -> None:
    assert request_key(with_options(REQUEST, ModelOptions())) == request_key(REQUEST)


def test_a_secret_is_not_shown() -> None:
    assert "hidden" not in repr(OPTIONS)


def test_equal_bodies_have_one_text() -> None:
    assert body_text({"b": 1, "a": 2}) == body_text({"a": 2, "b": 1})
    assert body_text({}) == ""


@pytest.mark.parametrize(
    ("model", "temperature", "limit_field", "room"),
    [
        ("gpt-4o", True, "max_completion_tokens", 1),
        ("gpt-5-mini", False, "max_completion_tokens", 4),
        ("openai/o3", False, "max_completion_tokens", 4),
        ("claude-sonnet-4-5", True, "max_completion_tokens", 1),
        ("claude-opus-4-20250514", True, "max_completion_tokens", 1),
        ("anthropic/claude-opus-4.7", False, "max_completion_tokens", 1),
        ("moonshotai/Kimi-K2.5", False, "max_completion_tokens", 4),
        ("pixtral-12b-2409", True, "max_tokens", 1),
        ("mistral-small-latest", True, "max_tokens", 1),
        ("magistral-medium", True, "max_tokens", 4),
        ("gemini-2.0-flash", True, "max_completion_tokens", 1),
        ("google/gemini-3-pro-preview", True, "max_completion_tokens", 4),
        ("Qwen/Qwen3-VL-8B-Thinking", True, "max_completion_tokens", 4),
        ("Qwen2.5-VL-7B-Instruct", True, "max_completion_tokens", 1),
    ],
)
def test_a_family_comes_with_its_shape(model: str, temperature: bool, limit_field: str, room: int) -> None:
    family = family_of(model)
    assert (family.temperature, family.limit_field, family.room) == (temperature, limit_field, room)


def test_every_family_names_its_source() -> None:
    assert all(family.names and family.source for family in FAMILIES)
