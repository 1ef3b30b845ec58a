"""Settings of one model that cannot be guessed: sampling, limits, fields and headers of the user's own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tenacity.wait import wait_base

from unco.tools.llm.checks.query import values_of
from unco.tools.llm.models.families import LimitField


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelOptions:
    """What a user has set for one model; what is set is sent as it is, and never negotiated."""

    temperature: float | None = None
    """None = each request's own, left out where the endpoint takes none."""
    max_tokens: int | None = None
    """Upper limit of a reply; None = each request's own, with room for a model that thinks."""
    limit_field: LimitField | None = None
    """Name of the field that limits a reply's tokens; None = found out."""
    system: bool | None = None
    """Whether instructions are a system message, else the head of the user's; None = found out."""
    extra_body: str = ""
    """Further fields of the request's body, as a JSON object with sorted keys; empty = none."""
    headers: tuple[tuple[str, str], ...] = ()
    """Further headers. They count in the key of a question, as they may choose what answers it."""
    secret_headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """Headers of an account: keys, organisation, project. In no key, no recording and no message."""
    secret_query: str = field(default="", repr=False)
    """Keys that go with the query of each call, as `code=abc`. In no key, no recording and no message either."""

    def all_headers(self) -> dict[str, str]:
        """Return the headers to send, by name."""
        return dict(self.headers + self.secret_headers)

    def secrets(self) -> tuple[str, ...]:
        """Return the texts that no message may repeat."""
        return (*(value for _, value in self.secret_headers), *values_of(self.secret_query))

    def decided_shape(self) -> dict[str, Any]:
        """Return the fields of a request's shape that the user has decided; see `request_shape.Shape`."""
        decided = {
            "temperature": None if self.temperature is None else True,
            "limit_field": self.limit_field,
            "system": self.system,
            "room": None if self.max_tokens is None else 1,
        }
        return {name: value for name, value in decided.items() if value is not None}


CONNECT_S = 30.0
"""To connect: so all attempts end before the usual deadline, by which a host that is not there would look late. A small
server that answers one call at a time takes up the next one after seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallLimits:
    """How long a call may take, and how often it is tried."""

    timeout_s: float = 60.0
    """Seconds that an attempt may take without a byte from the endpoint."""
    deadline_s: float = 120.0
    """Seconds that a call may take in all, waits and further attempts included."""
    attempts: int = 3
    """How often a question is asked at most, when asking again may help."""
    back_off: wait_base | None = None
    """Between attempts, where the endpoint names no time; None = half a second, doubling up to 8, with jitter."""


def body_text(extra_body: Mapping[str, object], reasoning_effort: str | None = None) -> str:
    """Return further fields of a body as JSON text, in one spelling for equal fields; empty = there are none.

    Raises:
        ValueError: a value is no JSON.
    """
    fields = dict(extra_body) | ({} if reasoning_effort is None else {"reasoning_effort": reasoning_effort})
    return json.dumps(fields, sort_keys=True, allow_nan=False) if fields else ""
