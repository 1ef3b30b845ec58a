"""How an endpoint is told to hold the model to JSON: found out once for endpoint, model and schema, and remembered.

Servers differ: some take a JSON schema, some only "a JSON object", some refuse the field with 400 or 422, and some
ignore it in silence, which is why every answer is parsed tolerantly anyway.
"""

import json
import threading
from hashlib import sha256
from typing import Any, Literal, get_args

from unco.tools.llm.cache.store import Cache
from unco.tools.llm.request import Request

Format = Literal["json_schema", "json_object", "none"]
"""From the strictest; what an endpoint refuses is followed by the next."""

FORMATS: tuple[Format, ...] = get_args(Format)

_REFUSALS = (400, 422)


class Formats:
    """What each endpoint takes. Safe for threads."""

    def __init__(self, cache: Cache | None = None) -> None:
        """Remember in the cache beyond this process, if there is one."""
        self._cache = cache
        self._lock = threading.Lock()
        self._known: dict[str, Format] = {}

    def to_try(self, base_url: str, request: Request) -> tuple[Format, ...]:
        """The formats to try, the strictest first; one alone when the question has no schema or the format is known."""
        if not request.schema:
            return ("none",)
        known = self._find(_key(base_url, request))
        return (known,) if known else FORMATS

    def remember(self, base_url: str, request: Request, took: Format) -> None:
        """The endpoint gave a reply to this, of several that were tried."""
        key = _key(base_url, request)
        with self._lock:
            self._known[key] = took
        if self._cache:
            self._cache.put(key, took)

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


def response_format(request: Request, wanted: Format) -> dict[str, Any] | None:
    """The field as it is sent; None = it is not."""
    if wanted == "none":
        return None
    if wanted == "json_object":
        return {"type": "json_object"}
    schema = {"name": "answer", "strict": True, "schema": json.loads(request.schema)}
    return {"type": "json_schema", "json_schema": schema}


def may_be_the_format(error: BaseException) -> bool:
    """Whether an error can mean that the endpoint does not take the format."""
    return getattr(error, "status_code", None) in _REFUSALS


def _key(base_url: str, request: Request) -> str:
    """By schema too: an endpoint may take one and refuse another. Hashed, for an address can be a secret."""
    parts = " ".join([base_url, request.model, request.schema])
    return f"response_format {sha256(parts.encode('utf-8', 'replace')).hexdigest()}"
