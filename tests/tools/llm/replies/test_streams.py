"""A stream that nobody asked for is put together; half of one is an error, and so is an error in it."""

import json
from typing import Any

import pytest

from tests.tools.llm.openai_server import ANSWER, OpenAIServer, Step, completion
from tests.tools.llm.scripted_client import REQUEST, Ask, client
from unco.errors import CallFailed
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.replies.body import read_body
from unco.tools.llm.request import Reply

USAGE = {"prompt_tokens": 11, "completion_tokens": 7}


def chunk(delta: dict[str, Any] | None, finish_reason: str | None = None, **rest: Any) -> dict[str, Any]:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish_reason}]
    return {"object": "chat.completion.chunk", "model": "served-model", "choices": choices} | rest


def parts(name: str = "content") -> list[dict[str, Any]]:
    """Return the chunks of the answer, with its last words in one that counts the tokens."""
    texts = [{"role": "assistant", "content": ""}, *({name: ANSWER[i : i + 9]} for i in range(0, len(ANSWER), 9))]
    return [*map(chunk, texts), chunk({}, "stop"), chunk(None, usage=USAGE)]


def events(chunks: list[Any], end: str = "\n\n", done: bool = True) -> str:
    lines = [f"data: {json.dumps(one, ensure_ascii=False)}" for one in chunks] + ["data: [DONE]"] * done
    return "".join(line + end for line in lines)


def ollama(chunks: list[str]) -> str:
    lines = [{"model": "m", "message": {"role": "assistant", "content": text}, "done": False} for text in chunks]
    last = {"model": "m", "message": {"content": ""}, "done": True, "done_reason": "stop"}
    counts = {"prompt_eval_count": 11, "eval_count": 7}
    return "".join(json.dumps(line) + "\n" for line in [*lines, last | counts])


BODIES = {
    "events": events(parts()),
    "events with CR LF": events(parts(), "\r\n\r\n"),
    "no blank lines between": events(parts(), "\n"),
    "no blank after the colon": events(parts()).replace("data: ", "data:"),
    "no end mark": events(parts(), done=False),
    "names, numbers and comments": ": PROCESSING\n\n" + events(parts()).replace("data", "event: m\nid: 1\ndata"),
    "a mark of bytes": "\ufeff" + events(parts()),
    "lines": "\n".join(map(json.dumps, parts())),
    "a list of chunks": json.dumps(parts()),
    "lines of Ollama": ollama([ANSWER[:20], ANSWER[20:]]),
    "a whole answer as an event": f"data: {completion()}\n\ndata: [DONE]\n\n",
    "a whole answer as an event over lines": f"data: {json.dumps(json.loads(completion()), indent=1)}\n\n",
    "each line an event's": events([json.loads(completion())]).replace(": {", ":\ndata: {"),
    "comments before JSON": f": keep-alive\n: keep-alive\n\n{completion()}",
    "blank lines before JSON": f"\r\n\r\n  \n{completion()}\n\n",
    "a mark of bytes before JSON": f"\ufeff{completion()}",
}


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain"])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_a_stream_is_read_as_if_it_had_come_at_once(server: OpenAIServer, ask: Ask, body: str, kind: str) -> None:
    server.script = [Step(body, kind=kind)]
    reply = ask(client(server), REQUEST)
    assert (reply.text, reply.finish_reason) == (ANSWER, "stop")
    assert (reply.input_tokens, reply.output_tokens) == (11, 7)


def read(body: str) -> Reply:
    return reply_from_body(read_body(body.encode()))


@pytest.mark.parametrize("name", ["content", "refusal", "reasoning_content", "reasoning"])
def test_a_text_is_joined_wherever_it_comes(name: str) -> None:
    assert read(events(parts(name))).text == ANSWER


def test_texts_of_the_older_api_are_joined() -> None:
    texts = [{"choices": [{"text": part, "finish_reason": end}]} for part, end in (('{"a"', None), (": 1}", "stop"))]
    assert read(events(texts)).text == '{"a": 1}'


def test_the_last_event_of_the_responses_api_is_the_answer() -> None:
    whole = {"status": "completed", "output": [{"type": "message", "content": [{"text": ANSWER}]}]}
    stream = [{"type": "response.output_text.delta", "delta": "x"}, {"type": "response.completed", "response": whole}]
    assert (read(events(stream)).text, read(events(stream)).finish_reason) == (ANSWER, "stop")
    half = {"type": "response.incomplete", "response": whole | {"status": "incomplete"}}
    assert read(events([half])).finish_reason == "length"


def test_a_word_beside_a_whole_stream_is_no_error() -> None:
    assert read(events([{"type": "ping", "message": "alive"}, *parts()])).text == ANSWER


def test_parts_of_parts_and_strange_letters_are_joined() -> None:
    texts = ['{"a": "\u2028', "\u0085é", '\\n"}']
    assert read(events([chunk({"content": [{"type": "text", "text": text}]}) for text in texts])).text == "".join(texts)


def test_the_arguments_of_a_tool_are_joined_by_its_index() -> None:
    def call(text: str, **about: Any) -> dict[str, Any]:
        return chunk({"content": None, "tool_calls": [{"function": {"arguments": text}} | about]})

    named = {"index": 0, "id": "c", "type": "function"}
    chunks = [call("", **named), call(ANSWER[:9], index=0), call("{}", index=1), call(ANSWER[9:], index=0)]
    assert read(events([*chunks, chunk({}, "tool_calls")])).text == ANSWER
    old = [chunk({"function_call": {"name": "f"}}), chunk({"function_call": {"arguments": ANSWER}}, "function_call")]
    assert read(events(old)).text == ANSWER


def test_probabilities_of_tokens_are_joined() -> None:
    chunks = [chunk({"content": text}) for text in ("Os", "lo")]
    for one, text in zip(chunks, ("Os", "lo"), strict=True):
        one["choices"][0]["logprobs"] = {"content": [{"token": text, "logprob": -0.5}]}
    assert read(events(chunks)).log_probabilities == ((2, -0.5), (4, -0.5))


def test_a_whole_message_beside_the_parts_is_not_added_to_them() -> None:
    chunks = [chunk({"content": ANSWER})]
    chunks[0]["choices"].append({"index": 1, "delta": {"content": "another"}})
    last = {"choices": [{"delta": {}, "message": {"content": ANSWER}, "finish_reason": "stop"}]}
    assert read(events([*chunks, last])).text == ANSWER
    assert read(events([chunk({"role": "assistant"}), last])).text == ANSWER


def test_the_reason_of_a_cut_stream_is_kept() -> None:
    assert read(events([chunk({"content": "{"}, "length"), chunk({})])).finish_reason == "length"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (events(parts()[:3], done=False), "ended before the answer did"),
        ("\n".join(map(json.dumps, parts()[:3])), "ended before the answer did"),
        (events([*parts()[:2], {"error": {"message": "CUDA ran out", "code": 500}}]), "status 500: CUDA ran out"),
        (events([{"error": {"message": "slow down", "type": "rate_limit"}}]), "status 429: slow down"),
        (events(parts()[:2]) + 'event: error\ndata: {"message": "the card is on fire"}\n\n', "card is on fire"),
        (events([*parts()[:3], {"object": "error", "message": "too long", "code": 400}]), "status 400: too long"),
        (events([*parts()[:3], {"choices": [{"delta": {}, "error": {"message": "it is gone"}}]}]), "it is gone"),
        (events(parts()[:3])[:-30], "ended before the answer did"),
        ("\n".join(map(json.dumps, parts()[:3]))[:-30], "ended before the answer did"),
        ("data: {broken\n\n", "not a chat completion"),
        ("data: 7\n\n", "not a chat completion"),
        ("data: [DONE]\n\n", "not a chat completion"),
        (events([chunk(None)]), "without any choices"),
        (events([json.loads(completion()), json.loads(completion())]), "not a chat completion"),
        (json.dumps({"choices": [{"delta": {"content": '{"a": 1'}}]}), "ended before the answer did"),
        (json.dumps({"message": {"content": '{"a": 1'}, "done": False}), "ended before the answer did"),
        (events([{"choices": [{"text": '{"a": 1'}]}], done=False), "ended before the answer did"),
        ('{"a": 1}\n{"b":', "not a chat completion"),
    ],
)
def test_half_a_stream_and_an_error_in_it_are_errors(server: OpenAIServer, ask: Ask, body: str, said: str) -> None:
    server.script = [Step(body, kind="text/event-stream")]
    with pytest.raises(CallFailed, match=said):
        ask(client(server), REQUEST)


def test_a_stream_that_broke_off_is_asked_for_again(server: OpenAIServer, ask: Ask) -> None:
    server.script = [Step(events(parts()[:3], done=False), kind="text/event-stream"), Step()]
    assert ask(client(server), REQUEST).text == ANSWER
