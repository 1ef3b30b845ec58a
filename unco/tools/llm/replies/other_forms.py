"""Brings replies that other APIs would give into the form of a chat completion; gateways mix them up."""

from collections.abc import Mapping, Sequence
from typing import Any

from unco.prompts.parser import FILTERED

BROKEN_OFF = {"error": {"message": "the stream ended before the answer did", "code": 502}}
"""What stands for the first part of an answer whose others are missing."""


class NoCompletion(ValueError):
    """A body that is no chat completion in any form; its words say what it is instead."""

    def __init__(self, body: object) -> None:
        """Name the fields of an object, and of anything else its kind."""
        fields = ", ".join(str(name)[:30] for name in list(body)[:6]) if isinstance(body, dict) else ""
        super().__init__(f"JSON with the fields {fields}" if fields else "JSON without fields")


def as_completion(body: object) -> object:
    """Return a body as a chat completion, where it is one in another form; else as it is.

    Read are the older completions of a text, a chunk of a stream that came alone, the Responses API, the own ones of
    Ollama, Anthropic, Gemini and Amazon Bedrock, and all these in an envelope of a gateway or of DashScope.
    """
    match body:
        case {"data": {"choices": [_, *_]} as inner} | {"result": {"choices": [_, *_]} as inner}:
            return as_completion(inner)
        case {"output": {"choices": [{"message": dict()}, *_]} as inner, **rest}:
            return {**rest, **inner, "usage": _counts(rest.get("usage"))}
        case {"type": "message", "content": [*parts], **rest}:
            return _whole(parts, rest.get("stop_reason"), _counts(rest.get("usage")), rest.get("model"))
        case {"output": {"message": {"content": [*parts]}}, "stopReason": reason, **rest}:
            return _whole(parts, reason, _counts(rest.get("usage")), None)
        case {"candidates": [{"content": dict(message), **choice}, *_], **rest}:
            counts = _counts(rest.get("usageMetadata"))
            return _whole(message.get("parts"), choice.get("finishReason"), counts, rest.get("modelVersion"))
        case {
            "candidates": [{"finishReason": str(reason)}, *_],
            **rest,
        }:  # no word was written, as when thoughts took all
            return _whole(None, reason, _counts(rest.get("usageMetadata")), rest.get("modelVersion"))
        case {"promptFeedback": {"blockReason": str()}}:
            return _whole(None, "content_filter", {}, None)
        case {"choices": [{"finish_reason": str(reason), **choice}, *_], **rest} if (
            reason.lower() in FILTERED and "message" not in choice and "delta" not in choice and "text" not in choice
        ):
            return _whole(None, reason, rest.get("usage"), rest.get("model"))
        case {"choices": [{"message": dict()}, *_]}:
            return body
        case {"choices": [{"text": str(text), **choice}, *_], **rest}:
            return {**rest, "choices": [{**choice, "message": {"content": text}}]}
        case {"choices": [{"delta": dict(message), **choice}, *_], **rest}:
            return {**rest, "choices": [{**choice, "message": message}]} if choice.get("finish_reason") else BROKEN_OFF
        case {"output": [*items], **rest}:
            return _of_responses(items, rest)
        case {"type": "response.completed" | "response.incomplete", "response": dict(inner)}:
            return as_completion(inner)
        case {"message": dict(message), "done": bool(done), **rest}:
            return of_ollama(message, rest) if done else BROKEN_OFF
    return body


_ASKED = ("prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount")
_ANSWERED = ("completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount")
_ALL = ("total_tokens", "totalTokens", "totalTokenCount")


def _counts(usage: object) -> dict[str, Any]:
    """Bring token counts of another API into OpenAI's form."""
    known = _dict(usage)
    ours = {"prompt_tokens": _ASKED, "completion_tokens": _ANSWERED, "total_tokens": _ALL}
    return {name: next((known[one] for one in theirs if one in known), None) for name, theirs in ours.items()}


def _whole(parts: object, reason: object, usage: object, model: object) -> dict[str, Any]:
    """Build a completion of one message."""
    return {"model": model, "choices": [{"message": {"content": parts}, "finish_reason": reason}], "usage": usage}


def of_ollama(message: Mapping[Any, Any], rest: Mapping[Any, Any]) -> dict[str, Any]:
    """Bring a reply of Ollama's own API, or a part of one, into OpenAI's form."""
    usage = {"prompt_tokens": rest.get("prompt_eval_count"), "completion_tokens": rest.get("eval_count")}
    choice = {"message": message, "finish_reason": rest.get("done_reason")}
    return {"model": rest.get("model"), "choices": [choice], "usage": usage}


def _of_responses(items: Sequence[Any], rest: Mapping[Any, Any]) -> dict[str, Any]:
    """Bring a reply of the Responses API, whose items are reasoning, messages and calls, into the older form."""
    messages = [item for item in items if isinstance(item, dict) and item.get("type", "message") == "message"]
    usage, details = _dict(rest.get("usage")), _dict(rest.get("incomplete_details"))
    counts = {"prompt_tokens": usage.get("input_tokens"), "completion_tokens": usage.get("output_tokens")}
    parts = [item.get("content") for item in messages]
    whole = rest.get("status") in (None, "completed")
    reason = details.get("reason") or ("stop" if whole else "length")
    choice = {"message": {"content": parts}, "finish_reason": reason}
    return {"model": rest.get("model"), "choices": [choice], "usage": counts}


def _dict(value: object) -> Mapping[Any, Any]:
    return value if isinstance(value, dict) else {}
