"""Reads what an error's body says, in whatever form servers write it."""

from collections.abc import Mapping
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
    "base_resp",
    "status_msg",
)
"""Where servers put their reason, in the order in which they are looked at."""


def reason_in(body: object) -> str:
    """Return what an error's body says, in whatever form servers write it; empty = nothing that can be read."""
    match body:
        case str():
            text = replace_lone_surrogates(body)
            return "" if text.lstrip().startswith("<") else text  # a page of HTML says nothing in short
        case [*items]:
            return "; ".join(filter(None, map(reason_in, items[:3])))
        case {**fields}:
            found = (reason_in(fields[name]) for name in _FIELDS if fields.get(name))
            return next(filter(None, found), "")
    return ""


def error_in(body: Mapping[str, Any]) -> object:
    """Return the error object of a reply, or of its only choice, as gateways have it; None = there is none."""
    match body:
        case {"choices": [{"error": error}, *_]} if error:
            return error
        case {"error": error} if error and not body.get("choices"):
            return error
    return None
