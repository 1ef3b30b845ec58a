"""Cassettes of calls to an MLLM: readable, without keys, hosts and pictures.

JSON bodies stand in the file as YAML, so that a reviewer reads prompts and answers line by line. Of the headers only
the content type is kept. A picture is replaced by its SHA-256, in the stored and in the asked question alike.
"""

import base64
import json
import re
from contextlib import AbstractContextManager
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml
from vcr import VCR
from vcr.cassette import Cassette

from unco.testing import matching
from unco.tools.llm.checks.query import split_address, values_of

_DATA_URL = re.compile(r"data:([\w.+/-]+);base64,([A-Za-z0-9+/=\s]+)")

_ADDRESS = "http://mllm.test/v1/chat/completions"
"""Stands in place of every endpoint's address."""

_KEY_HEADERS = ("authorization", "api-key", "x-api-key")

_HIDDEN_KEY = "(key)"

_MIN_KEY = 12
"""Characters from which a key is one: local servers take any word for it, which may stand in a prompt."""

Json = dict[str, Any]


def recording(path: Path) -> AbstractContextManager[Cassette]:
    """Record what is asked into a new file, in a `with` statement."""
    return _use(path, "all")


def replaying(path: Path) -> AbstractContextManager[Cassette]:
    """Replay what a file holds, in a `with` statement; what is not in it raises."""
    return _use(path, "none")


def model_in(cassette: Cassette) -> str:
    """Return the name of the model that the first recorded question was for."""
    return next((str(json.loads(request.body).get("model")) for request in cassette.requests), "")


def _use(path: Path, record_mode: str) -> AbstractContextManager[Cassette]:
    vcr, scrubber = VCR(), _Scrubber()
    vcr.register_serializer("unco", _Serializer)
    for matcher in matching.MATCHERS:
        vcr.register_matcher(matcher.__name__, matcher)
    used: AbstractContextManager[Cassette] = vcr.use_cassette(
        str(path),
        serializer="unco",
        record_mode=record_mode,
        match_on=["method", *(matcher.__name__ for matcher in matching.MATCHERS)],
        before_record_request=scrubber.request,
        before_record_response=scrubber.response,
        decode_compressed_response=True,
    )
    return used


class _Scrubber:
    """Removes keys, addresses and pictures; a key that a body quotes is known from headers and address before it."""

    def __init__(self) -> None:
        self._keys: set[str] = set()

    def request(self, request: Any) -> Any:
        """Scrub a question; None = it is no question to an MLLM. vcrpy calls this more than once on one request."""
        if not request.path.endswith("/chat/completions"):
            return None
        self._keys |= {key for name in _KEY_HEADERS if (key := _key_in(request.headers, name))}
        self._keys |= {key for key in values_of(split_address(request.uri).keys) if len(key) >= _MIN_KEY}
        body = request.body.decode() if isinstance(request.body, bytes) else request.body or ""
        request.body = self._without_keys(_DATA_URL.sub(_hashed, body)).encode()
        request.headers = _content_type(request.headers)
        request.uri = _ADDRESS
        return request

    def response(self, response: Json) -> Json:
        """Scrub an answer."""
        body = response["body"]
        if isinstance(text := body.get("string"), bytes):
            body = body | {
                "string": self._without_keys(text.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
            }
        return response | {"headers": _content_type(response["headers"]), "body": body}

    def _without_keys(self, text: str) -> str:
        for key in self._keys:
            text = text.replace(key, _HIDDEN_KEY)
        return text


def _key_in(headers: Any, wanted: str) -> str:
    """Return the key in a header, without the word `Bearer` before it; empty = there is none."""
    value = next((value for name, value in headers.items() if name.lower() == wanted), "")
    key = (value.decode("latin-1") if isinstance(value, bytes) else str(value)).rpartition(" ")[2]
    return key if len(key) >= _MIN_KEY else ""


def _hashed(url: re.Match[str]) -> str:
    """Replace a picture by its hash, in a form that is not matched again."""
    return f"data:{url[1]};sha256,{sha256(base64.b64decode(url[2])).hexdigest()}"


def _content_type(headers: Any) -> Json:
    return {name.lower(): value for name, value in headers.items() if name.lower() == "content-type"}


class _Serializer:
    """Writes a cassette as YAML, its bodies as mappings, and reads it back."""

    @staticmethod
    def serialize(cassette: Json) -> str:
        """Write a cassette."""
        interactions = [
            {
                "request": interaction["request"] | {"body": json.loads(interaction["request"]["body"])},
                "response": interaction["response"] | {"body": _readable(interaction["response"]["body"])},
            }
            for interaction in cassette["interactions"]
        ]
        return yaml.dump(
            cassette | {"interactions": interactions}, Dumper=_Readable, allow_unicode=True, width=120, sort_keys=False
        )

    @staticmethod
    def deserialize(text: str) -> Json:
        """Read a cassette; the inverse of `serialize`, up to spaces in JSON."""
        cassette: Json = yaml.safe_load(text)
        for interaction in cassette["interactions"]:
            interaction["request"]["body"] = json.dumps(interaction["request"]["body"])
            body = interaction["response"]["body"]
            if "json" in body:
                interaction["response"]["body"] = {"string": json.dumps(body["json"])}
        return cassette


def _readable(body: Json) -> Json:
    """Return a body as JSON where it is some: a gateway's error page is none."""
    try:
        return {"json": json.loads(body["string"])}
    except ValueError:
        return body


class _Readable(yaml.SafeDumper):
    """Strings of several lines are written as such."""


def _string(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Readable.add_representer(str, _string)
