"""One call against a scripted server: policy, budget, deadline, breaker, rate, format, egress log, cost."""

import asyncio
import json
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from tenacity import wait_none

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion, refusal
from tests.tools.llm.scripted_client import ASKED, KEY, PRICES, REQUEST, SCHEMA, Ask, client, formats
from unco.errors import CallFailed, EndpointError, SetupError, Unavailable
from unco.tools.llm.budget import Budget, Caps, Spent
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.request import Purpose, SentPicture
from unco.types import PASSING_REASONS


def test_the_schema_is_sent_and_the_text_still_comes_back_raw(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(completion("not json"))]
    assert ask(client(server), ASKED).text == "not json"
    sent = server.bodies[0]["response_format"]["json_schema"]
    assert sent == {"name": "answer", "strict": True, "schema": json.loads(SCHEMA)}


@pytest.mark.parametrize("status", [400, 422])
def test_the_format_is_negotiated_once_and_remembered(
    server: OpenAIServer, ask: Ask, tmp_path: Path, status: int
) -> None:
    server.script = [refusal(status, "json_schema is not supported"), refusal(status, "no"), Step()]
    cache = Cache(tmp_path)
    mllm = client(server, cache=cache)
    assert ask(mllm, ASKED).text == ANSWER
    ask(mllm, replace(ASKED, user="Bergen"))
    ask(client(server, cache=Cache(tmp_path)), replace(ASKED, user="Tromso"))
    assert formats(server) == ["json_schema", "json_object", None, None, None]


def test_a_refusal_that_speaks_of_the_content_is_not_taken_for_one_of_the_shape(server: OpenAIServer, ask: Ask) -> None:
    server.script = [refusal(400, "image too large")]
    mllm = client(server)
    for _ in range(2):
        with pytest.raises(CallFailed, match="image too large"):
            ask(mllm, ASKED)
    assert formats(server) == ["json_schema"] * 2


def test_a_known_format_is_not_tried_again(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(), refusal(400, "image too large")]
    mllm = client(server)
    ask(mllm, ASKED)
    with pytest.raises(CallFailed):
        ask(mllm, replace(ASKED, user="Bergen"))
    assert formats(server) == ["json_schema", "json_schema"]


def test_a_refusal_in_its_own_field_is_kept_as_text(server: OpenAIServer, ask: Ask) -> None:
    body = json.loads(completion(None))
    body["choices"][0]["message"]["refusal"] = "I cannot help."
    server.script = [Step(json.dumps(body))]
    assert ask(client(server), ASKED).text == "I cannot help."


def test_the_cost_is_by_the_endpoints_own_counts(server: OpenAIServer, ask: Ask) -> None:
    terms = Terms(prices=PRICES)
    assert ask(client(server, terms), REQUEST).cost == pytest.approx((11 * 2.0 + 7 * 10.0) / 1e6)
    assert terms.budget.spent.usd == pytest.approx(92e-6)
    assert ask(client(server), REQUEST).cost is None, "no price is known for it"


def test_a_budget_ends_the_calls(server: OpenAIServer, ask: Ask) -> None:
    mllm = client(server, Terms(budget=Budget(Caps(calls=1))))
    ask(mllm, REQUEST)
    with pytest.raises(Unavailable, match="budget"):
        ask(mllm, replace(REQUEST, user="Bergen"))
    assert server.calls == 1


def test_what_the_cache_knows_costs_nothing(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    mllm = client(server, Terms(budget=Budget(Caps(calls=1))), cache=Cache(tmp_path))
    ask(mllm, REQUEST)
    assert ask(mllm, REQUEST).cached
    assert mllm.terms.budget.spent.calls == 1


def test_a_refused_call_opens_no_socket(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    def no_client(*_: object) -> None:
        raise AssertionError("a client was built")

    monkeypatch.setattr("unco.tools.llm.endpoint.build_client", no_client)
    mllm = Mllm("https://api.example.com/v1", "small-vl", terms=Terms(privacy=Privacy(span="local")))
    with pytest.raises(Unavailable, match="policy"):
        ask(mllm, REQUEST)
    with pytest.raises(Unavailable, match="private"):
        ask(Mllm("https://api.example.com/v1", "small-vl"), replace(REQUEST, purpose=Purpose(private=True)))


def test_a_dead_endpoint_is_unavailable_quickly(ask: Ask) -> None:
    mllm = Mllm("http://127.0.0.1:9/v1", "small-vl", wait=wait_none(), attempts=3)
    for number in range(2):
        with pytest.raises(Unavailable):
            ask(mllm, replace(REQUEST, repeat=number))
    start = time.perf_counter()
    for number in range(20):
        with pytest.raises(
            Unavailable, match="failed 5 times in a row; .*; the last time: .* is it running, and is UNCO"
        ):
            ask(mllm, replace(REQUEST, repeat=number))
    assert time.perf_counter() - start < 2


def test_retry_after_is_honoured(server: OpenAIServer, ask: Ask) -> None:
    server.script = [replace(refusal(429, "slow down"), headers={"Retry-After": "1"}), Step()]
    start = time.monotonic()
    assert ask(client(server), REQUEST).text == ANSWER
    assert time.monotonic() - start >= 1
    assert server.calls == 2


def test_a_wait_past_the_deadline_is_not_begun(server: OpenAIServer, ask: Ask) -> None:
    server.script = [replace(refusal(429, "slow down"), headers={"Retry-After": "60"})]
    start = time.monotonic()
    with pytest.raises(CallFailed, match="429"):
        ask(client(server, deadline_s=5), REQUEST)
    assert time.monotonic() - start < 3
    assert server.calls == 1


async def test_a_question_is_not_asked_before_the_endpoint_wants_it_and_another_is(server: OpenAIServer) -> None:
    server.script = [replace(refusal(429, "slow down"), headers={"Retry-After": "60"}), Step()]
    mllm = client(server, deadline_s=5)
    for reason in ("busy", "rate"):
        with pytest.raises(EndpointError) as raised:
            await mllm.aask(REQUEST, "live")
        assert raised.value.reason == reason
    assert (await mllm.aask(replace(REQUEST, user="Bergen"), "live")).text == ANSWER
    assert server.calls == 2


def test_two_that_want_time_in_a_row_hold_all_posts(server: OpenAIServer, ask: Ask) -> None:
    server.script = [replace(refusal(429, "slow down"), headers={"Retry-After": "60"})] * 2
    mllm = client(server, deadline_s=5)
    for user, reason in (("Oslo", "busy"), ("Bergen", "busy"), ("Tromso", "rate")):
        with pytest.raises(EndpointError) as raised:
            ask(mllm, replace(REQUEST, user=user))
        assert raised.value.reason == reason
    assert server.calls == 2


REASONS = {
    400: "endpoint", 403: "endpoint", 404: "endpoint", 413: "endpoint", 422: "endpoint",
    401: "access", 402: "access", 407: "access",
    408: "busy", 425: "busy", 429: "busy", 503: "busy", 529: "busy",
    409: "broken", 500: "broken", 502: "broken", 504: "broken",
}  # fmt: skip


@pytest.mark.parametrize(("status", "reason"), REASONS.items())
def test_the_status_says_whether_it_passes(server: OpenAIServer, ask: Ask, status: int, reason: str) -> None:
    server.script = [refusal(status, "the content")] * 20
    with pytest.raises(CallFailed) as raised:
        ask(client(server, attempts=1), REQUEST)
    assert raised.value.reason == reason
    assert (reason in PASSING_REASONS) == (reason != "endpoint")


@pytest.mark.parametrize("body", ["<html></html>", "{", '{"choices": []}', "null", ""])
def test_what_is_no_answer_passes(server: OpenAIServer, ask: Ask, body: str) -> None:
    server.script = [Step(body)] * 5
    with pytest.raises(CallFailed) as raised:
        ask(client(server), REQUEST)
    assert raised.value.reason == "broken"


def test_between_attempts_nothing_is_reserved(server: OpenAIServer, ask: Ask) -> None:
    noted: list[tuple[int, float]] = []
    server.script = [refusal(500, "broke"), Step()]
    mllm = client(server, Terms(budget=Budget(Caps(calls=9))))
    mllm.terms.budget.go_on(Spent(), lambda *amounts: noted.append(amounts))
    ask(mllm, REQUEST)
    assert [calls for calls, _ in noted] == [1, 0, 1, 1]


def test_a_posts_deadline_ends_its_questions(server: OpenAIServer, ask: Ask) -> None:
    with pytest.raises(Unavailable, match="deadline"):
        ask(client(server), replace(REQUEST, purpose=Purpose(deadline=time.time() - 1)))
    assert server.calls == 0


def test_a_deadline_shortens_the_attempt(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(after_s=2.0)]
    with pytest.raises(CallFailed, match="too long|deadline"):
        ask(client(server, deadline_s=0.3), REQUEST)


def test_no_slot_before_the_deadline_is_a_reason_that_passes(server: OpenAIServer, ask: Ask) -> None:
    mllm = client(server, Terms(rate=RateLimit(requests_per_minute=1)), deadline_s=5)
    ask(mllm, REQUEST)
    with pytest.raises(Unavailable, match="rate limit leaves no place") as raised:
        ask(mllm, replace(REQUEST, user="Bergen"))
    assert raised.value.reason == "rate"
    assert server.calls == 1


def test_the_egress_log_holds_hashes_and_no_contents(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    server.script = [Step("busy", 503), Step()]
    path = tmp_path / "logs" / "egress.jsonl"
    picture = SentPicture("image/png", "ab" * 32, b"\x89PNG")
    ask(client(server, Terms(egress=EgressLog(path))), replace(REQUEST, picture=picture, prompt="span/v1"))
    first, second = map(json.loads, path.read_text().splitlines())
    assert first | {"time": ""} == second | {"time": ""}, "two attempts are two lines"
    assert (first["host"], first["model"], first["prompt"]) == ("127.0.0.1", "small-vl", "span/v1")
    assert (first["attribute"], first["private"], first["picture_bytes"]) == ("span", False, 4)
    assert first["text_sha256"] == sha256(b"You correct.\nOslo").hexdigest()
    assert "Oslo" not in path.read_text()
    assert KEY not in path.read_text()


def test_without_a_log_line_nothing_leaves(server: OpenAIServer, ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SetupError, match="nothing is sent"):
        ask(client(server, Terms(egress=EgressLog(tmp_path / "file" / "egress.jsonl"))), REQUEST)
    assert server.calls == 0


def test_an_answer_that_comes_drop_by_drop_ends_at_the_deadline(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(drip_s=0.05)]
    start = time.monotonic()
    with pytest.raises(CallFailed, match="did not finish its answer before the call's deadline"):
        ask(client(server, timeout_s=5.0, deadline_s=0.8), REQUEST)
    assert time.monotonic() - start < 4


async def test_a_caller_that_blocks_its_loop_does_not_wait_for_a_task_of_it(server: OpenAIServer) -> None:
    """The task cannot go on while the loop stands still, so the question is asked twice."""
    mllm = client(server)
    await asyncio.to_thread(mllm._connection.get_client)
    server.script = [Step(after_s=0.3)]
    task = asyncio.create_task(mllm.aask(REQUEST, "live"))
    while not server.calls:
        await asyncio.sleep(0.01)
    assert mllm.ask(REQUEST, "live").text == ANSWER
    assert (await task).text == ANSWER
    assert server.calls == 2
