"""Reads a chat completion: the one reader of live replies and of batches."""

import json
import re
from collections.abc import Mapping
from typing import Any

from unco.tools.llm.checks.token_counts import token_counts
from unco.tools.llm.checks.token_probabilities import token_logs
from unco.tools.llm.checks.whole_characters import replace_lone_surrogates
from unco.tools.llm.replies.other_forms import NoCompletion, as_completion
from unco.tools.llm.replies.text import joined_text
from unco.tools.llm.request import Reply

_ENDS_WITH_OBJECT = re.compile(r"\}[\s\]`]*(?:<[^<>]{1,30}>\s*)*\Z")
"""Behind the object may stand the end of a list, of a code fence, or a sign that ends the turn."""


def reply_from_body(body: object) -> Reply:
    """Read a reply from the body of a chat completion, as in a Batch API's file; without time and cost.

    Raises:
        NoCompletion: it is no chat completion.
    """
    match as_completion(body):
        case {"choices": [{"message": dict(message), **choice}, *_], **rest}:
            text, name, finish_reason = text_of(message), rest.get("model"), choice.get("finish_reason")
            counts = token_counts(rest.get("usage"), text)
            return Reply(
                text=replace_lone_surrogates(text),
                finish_reason=replace_lone_surrogates(finish_reason) if isinstance(finish_reason, str) else None,
                model=replace_lone_surrogates(name) if isinstance(name, str) else "",
                input_tokens=counts.input,
                output_tokens=counts.output,
                provider_cached_tokens=counts.cached,
                log_probabilities=token_logs(choice, text),
            )
    raise NoCompletion(body)


def text_of(message: Mapping[str, Any]) -> str:
    """Return a message's text: its content, whole or in parts, else a tool's arguments, its refusal, or its reasoning.

    Some servers hold a model to a schema by a tool of their own. A server whose reasoning parser takes the whole reply
    for reasoning leaves the content empty; an answer that the reasoning ends with counts as one. An object that stands
    before its end is a draft.
    """
    calls = [message.get("function_call"), *_listed(message.get("tool_calls"))]
    for text in (joined_text(message.get("content")), *map(_arguments, calls), joined_text(message.get("refusal"))):
        if text:
            return text
    reasoning = joined_text(message.get("reasoning_content")) or joined_text(message.get("reasoning"))
    return reasoning if _ENDS_WITH_OBJECT.search(reasoning) else ""


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _arguments(call: object) -> str:
    match call:
        case {"function": {"arguments": str(text)}} | {"arguments": str(text)}:
            return text
        case {"function": {"arguments": {**fields}}} | {"arguments": {**fields}} if fields:
            return json.dumps(fields)
    return ""
