"""Puts the chunks of a stream together into the chat completion that they are parts of."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from unco.tools.llm.replies.other_forms import BROKEN_OFF, as_completion, of_ollama
from unco.tools.llm.replies.reason import error_in, reason_in
from unco.tools.llm.replies.text import joined_text

_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")
"""Texts of a message that come in parts."""


class Pieces(NamedTuple):
    """The JSON values of a stream."""

    values: Sequence[Any]
    done: bool
    """Whether the server said at the end that nothing is missing."""


def completion_of(pieces: Pieces) -> object:
    """Return the body that a server would have sent at once: a completion, or its error.

    A stream that stops without a reason, and without saying that it is done, is an error: half an answer is none.

    Raises:
        ValueError: a piece is no object, there is none, or several are answers.
    """
    values = pieces.values
    if not values or not all(isinstance(value, dict) for value in values):
        raise ValueError("a stream without any chunks")
    if fault := next(filter(None, map(_fault_in, values)), None):
        return {"error": fault}
    chunks = [chunk for chunk in map(_as_chunk, values) if chunk is not None]
    said = next((value for value in values if "choices" not in value and reason_in(value)), None)
    if not chunks:
        return _only_answer(values, said)
    whole = _assembled(chunks, pieces.done)
    return {"error": said} if said and whole is BROKEN_OFF else whole


def _fault_in(value: Mapping[str, Any]) -> object:
    """Return the error that a piece says to be; None = none. A word beside the answer, as of a ping, is none."""
    is_error = "error" in (value.get("object"), value.get("type"))
    return value.get("error") or error_in(value) or (value if is_error and reason_in(value) else None)


def _only_answer(values: Sequence[Mapping[str, Any]], said: object) -> object:
    """Return the one answer that came whole among pieces that are none; else what a piece says is an error."""
    answers = [one for one in map(as_completion, values) if isinstance(one, dict) and {"choices", "error"} & one.keys()]
    if len(answers) > 1:
        raise ValueError("a stream with several answers")
    return answers[0] if answers else {"error": said} if said else values[-1]


def _as_chunk(value: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return a chunk in the form of OpenAI, also one of Ollama's own; None = the value is whole, no chunk."""
    match value:
        case {"choices": [{"delta": _}, *_]} | {"choices": [], "usage": _}:
            return value
        case {"choices": [{"text": str(text), **others}, *_], **rest} if "message" not in others:
            return {**rest, "choices": [{**others, "delta": {"content": text}}]}
        case {"object": str(kind)} if kind.endswith(".chunk"):
            return value
        case {"message": dict(message), "done": bool(done), **rest}:
            whole = of_ollama(message, rest)
            choice = {"delta": message, "finish_reason": (rest.get("done_reason") or "stop") if done else None}
            return {**whole, "choices": [choice], "usage": whole["usage"] if done else None}
    return None


def _assembled(chunks: Sequence[Mapping[str, Any]], done: bool) -> dict[str, Any]:
    choices = [choice for chunk in chunks for choice in _first_choice(chunk)]
    if not choices:
        return {"choices": []}
    finish_reason = _last(choice.get("finish_reason") for choice in choices)
    if finish_reason is None and not done:
        return BROKEN_OFF
    choice = {"message": _message(choices), "finish_reason": finish_reason, "logprobs": _log_probabilities(choices)}
    model, usage = (_last(chunk.get(name) for chunk in chunks) for name in ("model", "usage"))
    return {"object": "chat.completion", "model": model, "choices": [choice], "usage": usage}


def _first_choice(chunk: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the part of the first choice in a chunk; nobody asks for more than one."""
    choices = chunk.get("choices")
    return [
        choice
        for choice in (choices if isinstance(choices, list) else ())
        if isinstance(choice, dict) and choice.get("index") in (0, None)
    ]


def _last(values: Iterable[Any]) -> Any:
    """Return the last value that says something, else None."""
    return next((value for value in reversed(list(values)) if value), None)


def _message(choices: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Join the parts of a message; a whole one that comes along counts only where there are none."""
    parts = [part for choice in choices if isinstance(part := choice.get("delta"), dict)]
    message: dict[str, Any] = {name: "".join(joined_text(part.get(name)) for part in parts) for name in _TEXTS}
    message["tool_calls"] = _tool_calls(parts)
    message["function_call"] = {"arguments": "".join(_arguments(part.get("function_call")) for part in parts)}
    whole = _last(choice.get("message") for choice in choices)
    said = any(message[name] for name in (*_TEXTS, "tool_calls")) or message["function_call"]["arguments"]
    return whole if isinstance(whole, dict) and not said else message


def _tool_calls(parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Join the arguments of each tool call, by its index."""
    joined: dict[Any, list[str]] = {}
    for part in parts:
        calls = part.get("tool_calls")
        for place, call in enumerate(calls if isinstance(calls, list) else ()):
            if isinstance(call, dict):
                index = call.get("index")
                key = index if isinstance(index, int) else place
                joined.setdefault(key, []).append(_arguments(call.get("function")))
    return [{"function": {"arguments": "".join(texts)}} for _, texts in sorted(joined.items())]


def _arguments(function: object) -> str:
    match function:
        case {"arguments": str(text)}:
            return text
    return ""


def _log_probabilities(choices: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    found = [
        part["content"]
        for choice in choices
        if isinstance(part := choice.get("logprobs"), dict) and isinstance(part.get("content"), list)
    ]
    return {"content": [token for tokens in found for token in tokens]} if found else None
