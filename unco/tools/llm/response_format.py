"""The `response_format` an endpoint accepts: found out once for endpoint, model and schema, and remembered.

Servers differ: some take a JSON schema, some only "a JSON object", some refuse the field with 400 or 422, and some
ignore it in silence, which is why every answer is parsed tolerantly anyway.
"""

import json
import threading
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Literal, get_args

from unco.tools.llm.cache.store import Cache
from unco.tools.llm.request import Request

Format = Literal["json_schema", "json_object", "none"]
"""The strictest first; what an endpoint refuses is followed by the next."""

FORMATS: tuple[Format, ...] = get_args(Format)

_REFUSAL_STATUS = (400, 422)

_TYPE_KEYS = ("corrected_type", "type")
"""Keys of answers whose value is an entity's type. JSON Schema's own `type` is a text, never an object."""


class Formats:
    """Remembers which format each endpoint accepts. Safe for threads."""

    def __init__(self, cache: Cache | None = None) -> None:
        """Start with nothing known; a cache remembers beyond this process."""
        self._cache = cache
        self._lock = threading.Lock()
        self._known: dict[str, Format] = {}

    def to_try(self, base_url: str, request: Request) -> tuple[Format, ...]:
        """Return the formats to try, the strictest first; one alone where there is no schema or the format is known."""
        if not request.schema:
            return ("none",)
        known = self._find(_key(base_url, request))
        return (known,) if known else FORMATS

    def remember(self, base_url: str, request: Request, accepted: Format) -> None:
        """Remember the format that the endpoint replied to."""
        key = _key(base_url, request)
        with self._lock:
            self._known[key] = accepted
        if self._cache:
            self._cache.put(key, accepted)

    def _find(self, key: str) -> Format | None:
        with self._lock:
            known = self._known.get(key)
        if known is None and self._cache:
            kept = self._cache.get(key)
            known = next((name for name in FORMATS if name == kept), None)
            if known:
                with self._lock:
                    self._known[key] = known
        return known


def response_format(request: Request, answer_format: Format) -> dict[str, Any] | None:
    """Build the `response_format` field of a call; None = it is not sent."""
    if answer_format == "none":
        return None
    if answer_format == "json_object":
        return {"type": "json_object"}
    schema = with_types(json.loads(request.schema), request.types)
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def with_types(schema: Any, types: Sequence[str]) -> Any:
    """List the names that a type may have wherever a schema of an answer asks for one."""
    if not types or not isinstance(schema, dict):
        return schema
    return {
        key: value | {"enum": list(types)}
        if key in _TYPE_KEYS and isinstance(value, dict)
        else with_types(value, types)
        for key, value in schema.items()
    }


def may_reject_format(error: BaseException) -> bool:
    """Return whether an error can mean that the endpoint does not accept the format."""
    return getattr(error, "status_code", None) in _REFUSAL_STATUS


def _key(base_url: str, request: Request) -> str:
    """Return the cache key, by schema too: an endpoint may refuse another. Hashed, as an address can be secret."""
    parts = " ".join([base_url, request.model, request.schema])
    return f"response_format {sha256(parts.encode('utf-8', 'replace')).hexdigest()}"
