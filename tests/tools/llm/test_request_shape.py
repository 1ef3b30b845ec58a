"""What an endpoint refuses is found out one thing at a time, remembered, and never taken for a failure."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion, refusal
from tests.tools.llm.scripted_client import ASKED, PRICES, REQUEST, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.connection import Terms
from unco.tools.llm.request import SentPicture
from unco.tools.llm.request_shape import CHOICES, Shape, Shapes, shapes_to_try

Body = dict[str, Any]
PLAIN = Shape(answer_format="none", token_probabilities=False)
"""How a question without a schema is put, to a model of which nothing is known."""
PICTURE = SentPicture("image/png", "ab" * 32, b"\x89PNG")


def words(status: int, message: str) -> Step:
    return refusal(status, message)


def temperature(body: Body) -> bool:
    return "temperature" in body


def limit(body: Body) -> bool:
    return "max_completion_tokens" in body


def any_limit(body: Body) -> bool:
    return limit(body) or "max_tokens" in body


def system(body: Body) -> bool:
    return bool(body["messages"][0]["role"] == "system")


def picture_last(body: Body) -> bool:
    content = body["messages"][-1]["content"]
    return isinstance(content, list) and content[-1]["type"] == "image_url"


def schema(body: Body) -> bool:
    return bool((body.get("response_format") or {}).get("type") == "json_schema")


def any_format(body: Body) -> bool:
    return "response_format" in body


REFUSED: dict[str, Callable[[Body], bool]] = {
    "temperature": temperature,
    "the newer limit": limit,
    "any limit": any_limit,
    "a system message": system,
    "the picture behind the text": picture_last,
    "a schema": schema,
    "any format": any_format,
}
WAYS = {
    "opaque 400": (400, "Bad request"),
    "no words": (422, ""),
    "odd status": (418, "I cannot"),
    "not implemented": (501, "response_format, json_schema, temperature, max_tokens, system role: see the manual"),
}


def refuse(server: OpenAIServer, is_refused: Callable[[Body], bool], step: Step) -> None:
    server.answer = lambda: step if is_refused(server.bodies[-1]) else Step()


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("way", WAYS)
def test_any_field_or_form_may_be_refused(server: OpenAIServer, ask: Ask, name: str, way: str) -> None:
    refuse(server, REFUSED[name], words(*WAYS[way]))
    mllm, question = client(server, attempts=1), replace(ASKED, picture=PICTURE)
    assert ask(mllm, question).text == ANSWER
    found = server.calls
    assert ask(mllm, replace(question, user="Bergen")).text == ANSWER
    assert server.calls == found + 1, "what was found out is remembered"
    changed = [key for key in REFUSED if not REFUSED[key](server.bodies[-1])]
    if way in ("opaque 400", "no words", "odd status"):
        related = {"any limit": "the newer limit", "any format": "a schema"}
        assert set(changed) == {name, related.get(name, name)}, "and nothing else is given up"


@pytest.mark.parametrize(
    ("message", "is_refused"),
    [
        ("'temperature' does not support 0.0 with this model.", temperature),
        ("Unsupported parameter: 'max_completion_tokens'", limit),
        ("System role not supported", system),
        ("guided decoding is off", any_format),
        ("the image must come before the text", picture_last),
    ],
)
def test_a_field_that_is_named_is_changed_first(
    server: OpenAIServer, ask: Ask, message: str, is_refused: Callable[[Body], bool]
) -> None:
    refuse(server, is_refused, words(400, message))
    assert ask(client(server), replace(ASKED, picture=PICTURE)).text == ANSWER
    assert server.calls <= 3


@pytest.mark.parametrize("step", [words(400, "logprobs is not available for this model"), words(400, "Bad request")])
def test_probabilities_that_are_refused_are_done_without(server: OpenAIServer, ask: Ask, step: Step) -> None:
    refuse(server, lambda body: "logprobs" in body, step)
    mllm, wanting = client(server, attempts=1), replace(ASKED, token_probabilities=True)
    assert ask(mllm, wanting).text == ANSWER
    assert server.calls == 2
    ask(mllm, replace(wanting, user="Bergen"))
    assert server.calls == 3, "what was found out is remembered"
    ask(mllm, ASKED)
    assert not any("logprobs" in body for body in server.bodies[1:])


def test_several_things_are_refused_one_after_another(server: OpenAIServer, ask: Ask) -> None:
    def answer() -> Step:
        for field, is_refused in (("temperature", temperature), ("max_completion_tokens", limit), ("schema", schema)):
            if is_refused(server.bodies[-1]):
                return words(
                    400, f"{field}: json_schema not supported" if field == "schema" else f"{field} not supported"
                )
        return Step()

    server.answer = answer
    assert ask(client(server), ASKED).text == ANSWER
    assert server.calls == 4


def test_two_opaque_refusals_are_found_too(server: OpenAIServer, ask: Ask) -> None:
    refuse(server, lambda body: temperature(body) or system(body), words(400, "Bad request"))
    assert ask(client(server), ASKED).text == ANSWER


def test_a_schema_that_breaks_the_server_opens_no_breaker(server: OpenAIServer, ask: Ask) -> None:
    refuse(server, schema, words(500, "internal error"))
    mllm = client(server)
    for number in range(6):
        assert ask(mllm, replace(ASKED, user=str(number))).text == ANSWER
    assert server.calls == 6 + 2, "a failure of the server may pass, so it is believed the second time"


def test_a_failure_that_passes_changes_nothing(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step("oops", 500), Step()]
    mllm = client(server)
    ask(mllm, ASKED)
    ask(mllm, replace(ASKED, user="Bergen"))
    assert schema(server.bodies[-1])
    assert temperature(server.bodies[-1])


def test_a_server_that_is_broken_is_asked_as_often_as_before_and_once_or_twice_more(
    server: OpenAIServer, ask: Ask
) -> None:
    server.script = [Step("oops", 500)]
    with pytest.raises(CallFailed, match="status 500"):
        ask(client(server), ASKED)
    assert server.calls == 1 + 1 + 3, "as it is, without a format, and plainly, with the usual retries"


@pytest.mark.parametrize("status", [401, 402, 403, 405, 407, 411, 421, 426, 495])
def test_keys_money_methods_and_protocols_are_no_matter_of_shape(server: OpenAIServer, ask: Ask, status: int) -> None:
    server.script = [words(status, "json_schema temperature max_tokens")]
    with pytest.raises(CallFailed, match=f"status {status}"):
        ask(client(server), ASKED)
    assert server.calls == 1


def test_the_first_refusal_is_what_the_user_reads(server: OpenAIServer, ask: Ask) -> None:
    server.script = [words(400, "the first reason"), words(400, "another")]
    with pytest.raises(CallFailed, match="status 400: the first reason"):
        ask(client(server), ASKED)


def test_what_was_found_out_outlives_the_process(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    refuse(server, temperature, words(400, "temperature"))
    ask(client(server, cache=Cache(tmp_path)), ASKED)
    assert server.calls == 2
    ask(client(server, cache=Cache(tmp_path)), replace(ASKED, user="Bergen"))
    assert server.calls == 3


@pytest.mark.parametrize("kept", ["", "no json", "[]", '{"room": 99}', '{"temperature": "maybe"}', '{"other": 1}'])
def test_what_another_version_remembered_is_forgotten(tmp_path: Path, kept: str) -> None:
    cache = Cache(tmp_path)
    shapes = Shapes(cache)
    shapes.remember("http://x/v1", REQUEST, replace(Shape(), temperature=False))
    (key,) = [row.key for row in cache.rows() if row.key.startswith("request_shape")]
    cache.put(key, kept)
    assert Shapes(cache).find("http://x/v1", REQUEST) == (PLAIN, False)


@pytest.mark.parametrize(
    ("model", "known"), [("gpt-5-mini", True), ("openai/o3", True), ("gpt-4o", False), ("pro1", False)]
)
def test_a_reasoning_model_begins_without_temperature_and_with_room(model: str, known: bool) -> None:
    shape, _ = Shapes().find("http://x/v1", replace(ASKED, model=model))
    assert (shape.temperature, shape.room) == ((False, 4) if known else (True, 1))


@pytest.mark.parametrize("text", ["", "<think>Let me see", "<think>a {b} c</think>", "Well"])
def test_reasoning_that_eats_the_limit_gets_more_room(server: OpenAIServer, ask: Ask, text: str) -> None:
    def answer() -> Step:
        most = server.bodies[-1]["max_completion_tokens"]
        return Step() if most >= 4000 else Step(completion(text, finish_reason="length"))

    server.answer = answer
    mllm = client(server)
    assert ask(mllm, ASKED).text == ANSWER
    assert [body["max_completion_tokens"] for body in server.bodies] == [1024, 4096]
    ask(mllm, replace(ASKED, user="Bergen"))
    assert server.bodies[-1]["max_completion_tokens"] == 4096, "remembered"


TOO_LONG = "This model's maximum context length is 2048 tokens. However, you requested 4596 tokens"


@pytest.mark.parametrize(
    "message", [TOO_LONG, "Range of max_tokens should be [1, 2048]", "max_tokens is too large: 4096"]
)
def test_room_that_the_model_does_not_have_is_given_up(server: OpenAIServer, ask: Ask, message: str) -> None:
    def answer() -> Step:
        most = server.bodies[-1].get("max_completion_tokens", 0)
        return words(400, message) if most > 2048 else Step()

    server.answer = answer
    mllm, question = client(server), replace(ASKED, model="gemini-2.5-flash")
    assert ask(mllm, question).text == ANSWER
    assert [body["max_completion_tokens"] for body in server.bodies] == [4096, 1024]
    ask(mllm, replace(question, user="Bergen"))
    assert server.bodies[-1]["max_completion_tokens"] == 1024, "remembered"


def test_an_answer_that_was_cut_counts_where_more_room_is_refused(server: OpenAIServer, ask: Ask) -> None:
    def answer() -> Step:
        most = server.bodies[-1]["max_completion_tokens"]
        return words(400, TOO_LONG) if most > 2048 else Step(completion("<think>so {a}", "length"))

    server.answer = answer
    terms = Terms(prices=PRICES)
    reply = ask(client(server, terms), ASKED)
    assert (reply.text, reply.ended, server.calls) == ("<think>so {a}", "length", 2)
    assert reply.cost == terms.budget.spent.usd


def test_what_a_question_took_in_all_is_told(server: OpenAIServer, ask: Ask) -> None:
    server.answer = lambda: Step() if server.calls > 1 else Step(completion("", "length"))
    terms = Terms(prices=PRICES)
    reply = ask(client(server, terms), ASKED)
    assert (reply.text, reply.input_tokens, reply.output_tokens) == (ANSWER, 22, 14)
    assert reply.cost == pytest.approx(terms.budget.spent.usd)


def test_a_crowd_met_while_asking_for_more_room_passes(server: OpenAIServer, ask: Ask) -> None:
    server.answer = lambda: Step("{}", 429) if server.calls > 1 else Step(completion("", "length"))
    with pytest.raises(CallFailed, match="429"):
        ask(client(server), ASKED)


def test_room_has_an_end(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(completion("", finish_reason="MAX_TOKENS"))]
    assert ask(client(server), ASKED).text == ""
    assert [body["max_completion_tokens"] for body in server.bodies] == [1024, 4096, 16384]


@given(st.lists(st.tuples(st.integers(400, 599), st.text(max_size=40)), max_size=40), st.booleans())
def test_the_search_ends_and_repeats_nothing(refusals: list[tuple[int, str]], known: bool) -> None:
    search = shapes_to_try(Shape(), known)
    tried = [next(search)]
    for refusal_ in refusals:
        try:
            tried.append(search.send(refusal_))
        except StopIteration:
            break
    assert len(set(tried)) == len(tried)
    assert len(tried) <= 3 * 2 * 3 * 2 * 2


def test_all_fields_have_choices() -> None:
    assert {*CHOICES, "room"} == set(Shape.__dataclass_fields__)
    assert all(values[0] == getattr(Shape(), field) for field, values in CHOICES.items())
    assert json.dumps([list(values) for values in CHOICES.values()])
