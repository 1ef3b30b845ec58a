"""Which recorded question is the asked one: settings, system message, user messages and pictures have to be equal."""

import json
import os
from typing import Any

_EXCERPT = 60
"""Characters shown on either side of a difference."""


def same_settings(asked: Any, recorded: Any) -> None:
    """Match model, temperature and the like."""
    _same("settings", asked, recorded)


def same_system(asked: Any, recorded: Any) -> None:
    """Match the system messages."""
    _same("system", asked, recorded)


def same_user(asked: Any, recorded: Any) -> None:
    """Match the messages after the system message, pictures aside."""
    _same("user", asked, recorded)


def same_pictures(asked: Any, recorded: Any) -> None:
    """Match the pictures by their hashes."""
    _same("pictures", asked, recorded)


MATCHERS = (same_settings, same_system, same_user, same_pictures)
"""Several, because vcrpy counts as nearest what most of them agree with."""


def _same(part: str, asked: Any, recorded: Any) -> None:
    one, other = _parts(asked)[part], _parts(recorded)[part]
    if one != other:
        start = max(len(os.path.commonprefix([one, other])) - _EXCERPT, 0)
        asked_text, recorded_text = (text[start : start + 2 * _EXCERPT] for text in (one, other))
        raise AssertionError(f"asked {asked_text!r}, recorded {recorded_text!r}")


def _parts(request: Any) -> dict[str, str]:
    """Split a question's body into settings, system message, user messages and pictures."""
    body = json.loads(request.body)
    messages = body.pop("messages")
    items = [item for message in messages for item in _items(message)]
    return {
        "settings": json.dumps(_without_types(body), sort_keys=True),
        "system": "".join(text for role, kind, text in items if role == "system"),
        "user": "\n".join(f"{role}: {text}" for role, kind, text in items if role != "system" and kind == "text"),
        "pictures": "\n".join(text for role, kind, text in items if kind == "image_url"),
    }


def _without_types(value: Any) -> Any:
    """Leave out the list of types in a schema, as a request's key does: the system message has it already."""
    if isinstance(value, list):
        return [_without_types(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: _without_types(inner) for name, inner in value.items() if name != "enum"}


def _items(message: dict[str, Any]) -> list[tuple[str, str, str]]:
    """List (role, kind, text or address) of each item of a message."""
    content = message["content"]
    if isinstance(content, str):
        return [(message["role"], "text", content)]
    return [
        (message["role"], item["type"], item["text"] if item["type"] == "text" else item["image_url"]["url"])
        for item in content
    ]
