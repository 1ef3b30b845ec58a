"""Token probabilities: read where they are those of the text, forgotten where they cannot be."""

import json
from math import exp, log
from typing import Any

import pytest

from unco.tools.llm.checks.token_probabilities import probability, stored_logs, token_logs
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.request import Reply, Request, reply_from, reply_parts, request_key

TEXT = '{"corrected_type": "PER"}'
PIECES = [('{"corrected_type": "', -0.1), ("P", log(0.5)), ("ER", log(0.8)), ('"}', -0.2)]


def choice(*pieces: tuple[str, float], **more: Any) -> dict[str, Any]:
    """A choice as OpenAI sends it."""
    content = [{"token": token, "logprob": chance, "bytes": list(token.encode())} for token, chance in pieces]
    return {"message": {"content": TEXT}, "logprobs": {"content": content}} | more


def test_each_token_ends_where_its_bytes_do() -> None:
    assert token_logs(choice(*PIECES), TEXT) == ((20, -0.1), (21, log(0.5)), (23, log(0.8)), (25, -0.2))


def test_a_value_is_as_probable_as_its_tokens_together() -> None:
    logs = token_logs(choice(*PIECES), TEXT)
    assert probability(logs, TEXT, 20, 23, mean=False) == pytest.approx(0.4)
    assert probability(logs, TEXT, 20, 23, mean=True) == pytest.approx(0.4**0.5)
    assert probability(logs, TEXT, 21, 22, mean=False) == pytest.approx(0.8), "the token that it lies in"
    assert probability(logs, TEXT, 24, 25, mean=False) == pytest.approx(exp(-0.2))
    assert probability((), TEXT, 20, 23, mean=False) is None
    assert probability(logs[:2], TEXT, 20, 23, mean=False) is None, "a part of the value has no token"


def test_a_letter_may_be_spread_over_tokens() -> None:
    first, second = "é".encode()[:1], "é".encode()[1:]
    content = [{"token": "?", "logprob": -1.0, "bytes": list(part)} for part in (first, second)]
    logs = token_logs({"logprobs": {"content": content}}, "é")
    assert logs == ((1, -1.0), (2, -1.0))
    assert probability(logs, "é", 0, 1, mean=False) == pytest.approx(exp(-2))


def test_tokens_around_the_text_are_left_out() -> None:
    around = choice(("<|start|>", -5.0), *PIECES, ("<|im_end|>", -3.0))
    assert token_logs(around, TEXT) == token_logs(choice(*PIECES), TEXT)
    without_bytes = {"content": [{"token": token, "logprob": chance, "bytes": None} for token, chance in PIECES]}
    assert token_logs({"logprobs": without_bytes}, TEXT) == token_logs(choice(*PIECES), TEXT)


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"logprobs": None},
        {"logprobs": []},
        {"logprobs": {"content": None}},
        {"logprobs": {"content": [None]}},
        {"logprobs": {"content": [{"token": TEXT}]}},
        {"logprobs": {"content": [{"token": TEXT, "logprob": "-inf"}]}},
        {"logprobs": {"content": [{"token": TEXT, "logprob": "nan"}]}},
        {"logprobs": {"content": [{"token": TEXT, "logprob": -1, "bytes": [999]}]}},
        {"logprobs": {"content": [{"token": "other words", "logprob": -1}]}},
        {"logprobs": {"tokens": ["{"], "token_logprobs": [-0.1]}},
    ],
)
def test_what_is_no_probability_of_this_text_is_none(odd: dict[str, Any]) -> None:
    assert token_logs(odd, TEXT) == ()


def test_a_probability_above_one_is_one() -> None:
    assert token_logs(choice((TEXT, 0.3)), TEXT) == ((25, 0.0),)


def test_a_cached_reply_keeps_them_and_one_of_before_has_none() -> None:
    reply = reply_from_body({"choices": [choice(*PIECES, finish_reason="stop")], "model": "m"})
    assert reply.log_probabilities == token_logs(choice(*PIECES), TEXT)
    stored = json.loads(json.dumps(reply_parts(reply)))
    assert reply_from(stored).log_probabilities == reply.log_probabilities
    plain = reply_parts(Reply(text=TEXT, finish_reason="stop", model="m"))
    assert "log_probabilities" not in plain
    assert reply_from(plain).log_probabilities == ()


@pytest.mark.parametrize(
    "odd", [[[1]], [["a", -1]], [[5, -1], [2, -1]], [[99, -1]], [[-1, -1]], [[5, 1]], [7], [[5, None]]]
)
def test_stored_ones_that_cannot_be_are_forgotten(odd: list[Any]) -> None:
    assert stored_logs(odd, TEXT) == ()


def test_only_a_question_that_wants_them_has_another_key() -> None:
    plain = Request(model="m", system="s", user="u")
    wanting = Request(model="m", system="s", user="u", token_probabilities=True)
    assert request_key(plain) != request_key(wanting)
    assert (
        request_key(plain) == "b4671ad692d38ad39c947fbe66d59005c038cc95c734baa45178e38d548e3cd3"
    )  # of before, pragma: allowlist secret
