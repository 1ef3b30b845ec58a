"""What a server does with each part of a request, asked directly: one thing is changed at a time."""

from collections.abc import Callable, Mapping
from typing import Any

import httpx2
from langchain_core.messages import convert_to_openai_messages

from compat.servers import Server
from unco.evals.frame_probe.pictures import DRAWINGS
from unco.evals.frame_probe.probe import question
from unco.prompts import load_prompt
from unco.tools.box_frames.frame import FRAMES
from unco.tools.llm import endpoint
from unco.tools.llm.completion import reply_from_body
from unco.tools.llm.replies.reason import reason_in
from unco.tools.llm.request import is_cut

SCHEMA = load_prompt("region", "v1").schema
TIMEOUT_S = 120.0
FEW = 8
"""Tokens, as a limit that every answer meets."""


def features(server: Server) -> dict[str, str]:
    """Ask for each feature; return a word or two by its name."""
    request = question(server.model, DRAWINGS[0], FRAMES["0-1000"])
    system, user = convert_to_openai_messages(endpoint.messages(request))
    plain = {"model": server.model, "messages": [user], "max_tokens": server.max_tokens or 256}
    with_system = plain | {"messages": [system, user]}
    in_words = plain | {"messages": [{"role": "user", "content": "Answer with one JSON object."}]}
    schema = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": SCHEMA}}
    ask = _asker(server)
    return {
        "picture": _accepted(ask(plain)),
        "system role": _accepted(ask(with_system)),
        "json_schema": _held(ask(with_system | {"response_format": schema}), _fits),
        "json_object": _held(ask(with_system | {"response_format": {"type": "json_object"}}), _is_object),
        "max_tokens": _held(ask(in_words | {"max_tokens": FEW}), _is_short),
        "max_completion_tokens": _held(
            ask(_without(in_words, "max_tokens") | {"max_completion_tokens": FEW}), _is_short
        ),
        "temperature": _accepted(ask(plain | {"temperature": 0.0})),
        "usage": _usage(ask(with_system)),
        "errors": _error(ask(plain | {"messages": "none"})),
        "another model's name": _accepted(ask(plain | {"model": "nobody"})),
    }


Answer = tuple[int, Any]


def _asker(server: Server) -> Callable[[Mapping[str, Any]], Answer]:
    def ask(body: Mapping[str, Any]) -> Answer:
        answer = httpx2.post(f"{server.base_url}/chat/completions", json=dict(body), timeout=TIMEOUT_S)
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    return ask


def _without(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in body.items() if key != name}


def _accepted(answer: Answer) -> str:
    return "yes" if answer[0] == 200 else f"refused ({answer[0]})"


def _held(answer: Answer, holds: Callable[[Any], bool]) -> str:
    if answer[0] != 200:
        return f"refused ({answer[0]})"
    return "yes" if holds(answer[1]) else "ignored"


def _is_short(body: Any) -> bool:
    reply = reply_from_body(body)
    return is_cut(reply.finish_reason) and (reply.output_tokens or FEW) <= FEW


def _is_object(body: Any) -> bool:
    """Tell whether an answer is a JSON object, or the beginning of one that was cut."""
    reply = reply_from_body(body)
    return reply.text.lstrip().startswith("{")


def _fits(body: Any) -> bool:
    """Tell whether an answer begins as the schema wants it: its first key comes first."""
    text = "".join(reply_from_body(body).text.split())
    return text.startswith('{"' + next(iter(SCHEMA["properties"]))[: len(text)])


def _usage(answer: Answer) -> str:
    if answer[0] != 200:
        return "unknown"
    return "yes" if reply_from_body(answer[1]).output_tokens else "no"


def _error(answer: Answer) -> str:
    reason = reason_in(answer[1])
    return f"{answer[0]}, {'with' if reason else 'without'} a reason"
