"""How calls to an MLLM are written into cassettes: readable, without keys and pictures, misses explained.

JSON bodies stand in the file as YAML, so that a reviewer reads prompts and answers line by line. Of the headers only
the content type is kept. A picture is replaced by its SHA-256, in the stored and in the asked question alike.
"""

import base64
import json
import os
import re
from hashlib import sha256
from typing import Any

import yaml

DATA_URL = re.compile(r"data:([\w.+/-]+);base64,([A-Za-z0-9+/=\s]+)")
EXCERPT = 60
"""Characters shown on either side of a difference."""


def scrub_request(request: Any) -> Any:
    """Remove key, address and picture from a question. vcrpy calls this more than once on one request."""
    body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
    request.body = DATA_URL.sub(_hashed, body).encode()
    request.headers = _content_type(request.headers)
    request.uri = re.sub(r"^https?://[^/]+", "http://mllm.test", request.uri)
    return request


def scrub_response(response: dict[str, Any]) -> dict[str, Any]:
    """Remove the server's headers from an answer."""
    return response | {"headers": _content_type(response["headers"])}


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


def serialize(cassette: dict[str, Any]) -> str:
    """Write a cassette as YAML, its bodies as mappings."""
    interactions = [
        {
            "request": interaction["request"] | {"body": json.loads(interaction["request"]["body"])},
            "response": interaction["response"]
            | {"body": {"json": json.loads(interaction["response"]["body"]["string"])}},
        }
        for interaction in cassette["interactions"]
    ]
    return yaml.dump(
        cassette | {"interactions": interactions}, Dumper=_Readable, allow_unicode=True, width=120, sort_keys=False
    )


def deserialize(text: str) -> dict[str, Any]:
    """Read a cassette from YAML; the inverse of `serialize`, up to spaces in JSON."""
    cassette: dict[str, Any] = yaml.safe_load(text)
    for interaction in cassette["interactions"]:
        interaction["request"]["body"] = json.dumps(interaction["request"]["body"])
        interaction["response"]["body"] = {"string": json.dumps(interaction["response"]["body"]["json"])}
    return cassette


class _Readable(yaml.SafeDumper):
    """Strings of several lines are written as such."""


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Readable.add_representer(str, _string)


def _hashed(url: re.Match[str]) -> str:
    """Replace a picture by its hash, in a form that is not matched again."""
    return f"data:{url[1]};sha256,{sha256(base64.b64decode(url[2])).hexdigest()}"


def _content_type(headers: Any) -> dict[str, Any]:
    return {name.lower(): value for name, value in headers.items() if name.lower() == "content-type"}


def _same(part: str, asked: Any, recorded: Any) -> None:
    one, other = _parts(asked)[part], _parts(recorded)[part]
    if one != other:
        start = max(len(os.path.commonprefix([one, other])) - EXCERPT, 0)
        asked_text, recorded_text = (text[start : start + 2 * EXCERPT] for text in (one, other))
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
