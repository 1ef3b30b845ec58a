"""Token counts: what is missing, odd or cannot be is not reported, and what was reserved is then spent."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion
from tests.tools.llm.scripted_client import PRICES, REQUEST, Ask, client
from unco.tools.llm.budget import Budget, Caps, max_usd
from unco.tools.llm.checks.token_counts import UNKNOWN, token_counts
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.connection import Terms
from unco.tools.llm.prices import cost_usd
from unco.tools.llm.request import Reply, reply_from, reply_parts

PRICE = PRICES.models[0]
UNREPORTED: dict[str, Any] = {
    "null": None,
    "empty": {},
    "a list": [],
    "a full list": [{"prompt_tokens": 5}],
    "a text": "100",
    "a number": 120,
    "nulls": {"prompt_tokens": None, "completion_tokens": None, "total_tokens": None},
    "a total alone": {"total_tokens": 120},
    "no answer's": {"prompt_tokens": 100},
    "no question's": {"completion_tokens": 20},
    "half null": {"prompt_tokens": 100, "completion_tokens": None, "total_tokens": 100},
    "other names": {"input_tokens": 100, "output_tokens": 20},
    "zeros": {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0},
    "a free question": {"prompt_tokens": 0, "completion_tokens": 20, "total_tokens": 20},
    "a free answer": {"prompt_tokens": 100, "completion_tokens": 0, "total_tokens": 100},
    "negative": {"prompt_tokens": -100, "completion_tokens": -20, "total_tokens": -120},
    "half negative": {"prompt_tokens": 100, "completion_tokens": -1},
    "no number": {"prompt_tokens": float("nan"), "completion_tokens": 20},
    "endless": {"prompt_tokens": 100, "completion_tokens": float("inf")},
    "fractions": {"prompt_tokens": 100.5, "completion_tokens": 20.5},
    "texts": {"prompt_tokens": "100", "completion_tokens": "20"},
    "texts all": {"prompt_tokens": "100", "completion_tokens": "20", "total_tokens": "120"},
    "true all": {"prompt_tokens": True, "completion_tokens": True, "total_tokens": 2},
    "half a text": {"prompt_tokens": "100", "completion_tokens": 20},
    "true": {"prompt_tokens": True, "completion_tokens": True},
    "lists": {"prompt_tokens": [100], "completion_tokens": {"n": 20}},
    "astronomic": {"prompt_tokens": 10**12, "completion_tokens": 20},
}
CACHED: list[tuple[Any, int]] = [
    ({"cached_tokens": 40}, 40),
    ({"cached_tokens": None}, 0),
    ({"cached_tokens": -40}, 0),
    ({"cached_tokens": 101}, 0),
    ({"cached_tokens": "40"}, 0),
    ({"cached_tokens": True}, 0),
    ("40", 0),
    ([40], 0),
    (None, 0),
]


def body_with(usage: Any) -> dict[str, Any]:
    return {**json.loads(completion()), "usage": usage}


@pytest.mark.parametrize("case", UNREPORTED)
def test_a_live_reply_without_counts_spends_what_was_reserved(server: OpenAIServer, ask: Ask, case: str) -> None:
    server.script = [Step(json.dumps(body_with(UNREPORTED[case])))]
    terms = Terms(prices=PRICES, budget=Budget(Caps(usd=1.0)))
    reply = ask(client(server, terms), REQUEST)
    assert reply.text == ANSWER
    assert (reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens, reply.cost) == (None, None, 0, None)
    assert terms.budget.spent.usd == max_usd(REQUEST, PRICE)
    assert (terms.budget.spent.calls, terms.budget.spent.unpriced) == (1, 1)
    assert server.calls == 1


def test_a_live_reply_without_any_usage(server: OpenAIServer, ask: Ask) -> None:
    body = body_with(None)
    del body["usage"]
    server.script = [Step(json.dumps(body))]
    assert ask(client(server), REQUEST).output_tokens is None


@pytest.mark.parametrize("case", UNREPORTED)
def test_a_batchs_reply_is_read_in_the_same_way(case: str) -> None:
    reply = reply_from_body(body_with(UNREPORTED[case]))
    assert (reply.text, reply.input_tokens, reply.output_tokens) == (ANSWER, None, None)


@pytest.mark.parametrize(("details", "cached"), CACHED)
def test_a_part_in_the_providers_cache_never_spoils_the_counts(
    server: OpenAIServer, ask: Ask, details: Any, cached: int
) -> None:
    usage = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "prompt_tokens_details": details}
    server.script = [Step(json.dumps(body_with(usage)))]
    reply = ask(client(server, Terms(prices=PRICES)), REQUEST)
    assert (reply.input_tokens, reply.output_tokens, reply.provider_cached_tokens) == (100, 20, cached)
    assert reply.cost == cost_usd(PRICE, 100, 20, cached)
    assert reply_from_body(body_with(usage)).provider_cached_tokens == cached


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        # xAI and Gemini's OpenAI interface count thoughts in the total alone; others within the answer
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 135}, (32, 103, 0)),
        ({"prompt_tokens": 20, "completion_tokens": 0, "total_tokens": 81}, (20, 61, 0)),
        ({"prompt_tokens": 32, "completion_tokens": 103, "total_tokens": 135}, (32, 103, 0)),
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 0}, (32, 9, 0)),
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": 10**12}, (32, 9, 0)),
        ({"prompt_tokens": 32, "completion_tokens": 9, "total_tokens": "135"}, (32, 9, 0)),
    ],
)
def test_thoughts_that_only_the_total_counts_are_paid_for(usage: dict[str, Any], counts: tuple[int, int, int]) -> None:
    assert token_counts(usage, "x") == counts


def test_an_empty_answer_may_have_no_tokens_and_its_question_has_some() -> None:
    assert token_counts({"prompt_tokens": 9, "completion_tokens": 0}, "") == (9, 0, 0)
    assert token_counts({"prompt_tokens": 9, "completion_tokens": 0}, "x") == UNKNOWN
    assert token_counts({"prompt_tokens": 0, "completion_tokens": 0}, "") == UNKNOWN


RECORDED = Reply(text=ANSWER, finish_reason="stop", model="m", input_tokens=100, output_tokens=20, cost=0.5)


@pytest.mark.parametrize(
    "changed",
    [
        {"input_tokens": 0, "output_tokens": 0, "cost": 0.0},
        {"input_tokens": -1},
        {"output_tokens": None},
        {"output_tokens": 0},
        {"cost": float("nan")},
        {"cost": -0.5},
        {"cost": float("inf")},
    ],
)
def test_a_recorded_reply_whose_counts_cannot_be_has_no_cost(changed: dict[str, Any]) -> None:
    reply = reply_from(reply_parts(replace(RECORDED, **changed)))
    assert reply.cost is None
    assert "cost" in changed or reply.input_tokens is None


def test_a_recorded_reply_keeps_what_can_be() -> None:
    assert reply_from(reply_parts(RECORDED)) == replace(RECORDED, cached=True)
    by_hand = replace(RECORDED, input_tokens=None, output_tokens=None)
    assert reply_from(reply_parts(by_hand)) == replace(by_hand, cached=True)
