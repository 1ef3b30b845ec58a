"""Reads what an error's body says, in whatever form servers write it."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from unco.tools.llm.checks.whole_characters import replace_lone_surrogates

_FIELDS = (
    "message",
    "error",
    "detail",
    "details",
    "msg",
    "reason",
    "description",
    "title",
    "errors",
    "error_msg",
    "error_message",
    "base_resp",
    "status_msg",
    "fault",
    "faultstring",
)
"""Where servers put their reason, in small letters, in the order in which they are looked at."""

_NAMES = frozenset({"code", "type", "param", "status", "reason", "error_type", "errorcode", "__type", "error_code"})
"""Fields whose values name an error for programs."""

_PAGE = re.compile(r"\s*<(?:!doctype|html|head|body|\?xml|!--)", re.IGNORECASE)
_TITLE = re.compile(r"<title[^>]{0,200}>([^<]{1,200})</title>", re.IGNORECASE)

_DEPTH = 8


def reason_in(body: object, depth: int = _DEPTH) -> str:
    """Return what an error's body says, in whatever form servers write it; empty = nothing that can be read.

    Of a web page this is its title. A gateway that passes an error on says the provider's own reason behind its own.
    """
    if depth == 0:
        return ""
    match body:
        case str():
            return _of_text(body, depth)
        case [*items]:
            return "; ".join(filter(None, (reason_in(item, depth - 1) for item in items[:3])))
        case {"loc": [*places], "msg": str(said), **_rest}:  # pydantic's: which field it is about, and what
            return f"{'.'.join(map(str, places))}: {said}"
        case {**fields}:
            return _of_fields({str(name).lower(): value for name, value in fields.items()}, depth)
    return ""


def _of_text(text: str, depth: int) -> str:
    if is_page(text):
        title = _TITLE.search(text)
        return " ".join(title[1].split()) if title else ""
    if text.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            return reason_in(json.loads(text), depth - 1) or text
    return replace_lone_surrogates(text)


def _of_fields(fields: Mapping[str, Any], depth: int) -> str:
    found = (reason_in(fields[name], depth - 1) for name in _FIELDS if fields.get(name))
    said = next(filter(None, found), "")
    passed_on = fields.get("metadata")  # OpenRouter's
    raw = reason_in(passed_on.get("raw"), depth - 1) if isinstance(passed_on, dict) else ""
    return f"{said}: {raw}" if said and raw else said or raw


def is_page(text: str) -> bool:
    """Return whether a body is a web page, as of a proxy."""
    return bool(_PAGE.match(text))


def words_of(body: object) -> str:
    """Return all that tells what an error means: its reason, and the names that it has for programs."""
    return " ".join([reason_in(body), *_names(body, _DEPTH)])


def _names(body: object, depth: int) -> Iterator[str]:
    if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
        with suppress(ValueError, RecursionError):
            body = json.loads(body)
    inner = body.values() if isinstance(body, dict) else body if isinstance(body, list) else ()
    if isinstance(body, dict):
        yield from (value for name, value in body.items() if str(name).lower() in _NAMES and isinstance(value, str))
    for value in inner if depth else ():
        if isinstance(value, dict | list | str):
            yield from _names(value, depth - 1)


def error_in(body: Mapping[str, Any]) -> object:
    """Return the error object of a reply, or of its only choice, as gateways have it; None = there is none.

    An error beside an answer is none; beside a choice that says nothing it is one.
    """
    match body:
        case {"choices": [{"error": error}, *_]} if error:
            return error
        case {"error": error} if error and not _says_something(body.get("choices")):
            return error
    return None


def _says_something(choices: object) -> bool:
    """Return whether a choice holds words or a call."""
    for choice in choices if isinstance(choices, list) else ():
        said = choice.get("message") or choice.get("delta") if isinstance(choice, dict) else None
        if isinstance(said, dict) and any(said.get(name) for name in ("content", "tool_calls", "function_call")):
            return True
        if isinstance(choice, dict) and choice.get("text"):
            return True
    return False
