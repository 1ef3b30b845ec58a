"""The shape of request that an endpoint accepts: found out one thing at a time, and remembered.

Servers differ: any optional field, form of message or answer format may be refused, with whatever status and in
whatever words, and some ignore a field in silence, which is why every answer is parsed tolerantly anyway.
"""

import json
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Literal, cast, get_args

from unco.fork_locks import ForkLock
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.models.families import LimitField, family_of
from unco.tools.llm.replies.meaning import (
    is_about_account,
    is_about_content,
    is_crowded,
    is_too_long,
    lasts,
    named_fields,
)
from unco.tools.llm.replies.reason import words_of
from unco.tools.llm.replies.refusals import InVain
from unco.tools.llm.request import Request

Format = Literal["json_schema", "json_object", "none"]

MAX_ROOM = 16
"""Largest factor on the token limit, for models that think before they write."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How a question is put; the defaults are tried first."""

    answer_format: Format = "json_schema"
    """`response_format` of the call."""
    temperature: bool = True
    """Whether the temperature is sent: some reasoning models take none but their own."""
    limit_field: LimitField = "max_completion_tokens"
    """Name of the field that limits the reply's tokens."""
    system: bool = True
    """Whether the instructions are a system message; else they stand at the head of the user's."""
    picture_last: bool = True
    """Whether the picture follows the text, as a part of the message."""
    token_probabilities: bool = True
    """Whether the probabilities of the answer's tokens are asked for, where the question wants them."""
    room: int = 1
    """Factor on the token limit: reasoning may use it up."""


CHOICES: dict[str, tuple[Any, ...]] = {
    "token_probabilities": (True, False),
    "answer_format": get_args(Format),
    "temperature": (True, False),
    "limit_field": get_args(LimitField),
    "system": (True, False),
    "picture_last": (True, False),
}
"""What each field may be, in the order in which it is tried. The fields are tried in this order, too."""

_PLAINEST = Shape(**{field: values[-1] for field, values in CHOICES.items()})

_NOT_IMPLEMENTED = 501

_NEVER_THE_SHAPE = frozenset(
    {*range(300, 400), 401, 402, 403, 405, 407, 408, *range(410, 415), 416, 417, 421, 423, 425, 426, 428, 429, 431, 451}
    | {*range(494, 500)}
)
"""Statuses that speak of other addresses, methods, protocols, keys, money, time, crowds, sizes and the law; nginx has
some of its own."""

_TYPE_KEYS = ("corrected_type", "type")
"""Keys of answers whose value is an entity's type. JSON Schema's own `type` is a text, never an object."""


class ShapeRefused(Exception):
    """The endpoint answered, and may not accept the shape of the request."""

    def __init__(self, status: int, reason: str, error: Exception) -> None:
        """Keep what the endpoint said, in all words that tell what it means, and the error that said it."""
        super().__init__(reason)
        self.status, self.reason, self.error = status, reason, error


def refusal_of(error: Exception, shape: Shape, known: bool) -> ShapeRefused | None:
    """Return the refusal that an error can be; None = it is about something else than the shape."""
    import openai

    if not isinstance(error, openai.APIStatusError):
        return None
    reason = words_of(error.body)
    found = _is_refused(error.status_code, reason, shape, known)
    return ShapeRefused(error.status_code, reason, error) if found else None


def _is_refused(status: int, reason: str, shape: Shape, known: bool) -> bool:
    """Tell whether an error can mean that the endpoint does not accept the shape, so that another may be tried."""
    if (may_pass(status, reason) and shape == _PLAINEST) or is_about_account(status, reason):
        return False
    return not (status in _NEVER_THE_SHAPE or is_crowded(status, reason)) and any(
        True for _ in _after(shape, status, reason, known)
    )


def may_pass(status: int, reason: str) -> bool:
    """Tell whether a refusal can be a failure of the server, which passes: it names no field, and has such a status."""
    return status >= 500 and status != _NOT_IMPLEMENTED and not (named_fields(reason) or lasts(reason))


def shapes_to_try(start: Shape, known: bool, decided: Collection[str] = ()) -> Generator[Shape, tuple[int, str], None]:
    """Yield shapes, each after the refusal of the one before it, which is sent in as (status, reason).

    A field that the refusal names is changed first. Without such words the fields are changed one at a time, and then
    all together. After a failure of the server (5xx) that names nothing the question is tried without an answer format,
    and plainly. Of a shape that the endpoint is known to accept only what the refusal names is changed.

    Args:
        start: the first.
        known: whether the endpoint has replied to that shape before.
        decided: fields that stay as they are, whatever is refused: the user has set them.
    """
    kept = {field: getattr(start, field) for field in decided}
    status, reason = yield start
    base, tried = start, {start}
    while True:
        changed = (replace(shape, **kept) for shape in _after(base, status, reason, known))
        shape = next((shape for shape in changed if shape not in tried), None)
        if shape is None:
            return
        tried.add(shape)
        before, named = (status, reason), named_fields(reason)
        status, reason = yield shape
        if named or (status, reason) != before:  # else the change made no difference, and is taken back
            base = shape


def _after(shape: Shape, status: int, reason: str, known: bool) -> Iterator[Shape]:
    if shape.room > 1 and is_too_long(reason):
        yield replace(shape, room=1)
    for field in named_fields(reason):
        yield from _changed(shape, field)
    if known or status == 404 or is_about_content(reason):
        return
    if status < 500 or status == _NOT_IMPLEMENTED:
        for field in CHOICES:
            yield from _changed(shape, field)
    else:
        yield replace(shape, answer_format="none")
    yield replace(_PLAINEST, room=shape.room)


def _changed(shape: Shape, field: str) -> Iterator[Shape]:
    """Yield the shape with each later choice of a field."""
    values = CHOICES[field]
    for value in values[values.index(getattr(shape, field)) + 1 :]:
        yield replace(shape, **{field: value})


class Shapes:
    """Remembers which shape each endpoint and model accepts. Safe for threads."""

    def __init__(self, cache: Cache | None = None) -> None:
        """Start with nothing known; a cache remembers beyond this process."""
        self._cache = cache
        self._lock = ForkLock()
        self._known: dict[str, str] = {}
        self._unsure: set[tuple[str, str, Shape]] = set()
        self._in_vain = InVain()

    def find(self, base_url: str, request: Request, decided: Mapping[str, Any] | None = None) -> tuple[Shape, bool]:
        """Return the shape to begin with, and whether the endpoint is known to accept it.

        Args:
            base_url: of the endpoint.
            request: the question.
            decided: fields that the user has set; see `ModelOptions.decided_shape`.
        """
        shape, known = self._begin(base_url, request)
        own = replace(shape, **(decided or {}))
        return own, known and own == shape

    def _begin(self, base_url: str, request: Request) -> tuple[Shape, bool]:
        stored = _shape_of(self._read(_shape_key(base_url, request)))
        shape = stored or _family_shape(request.model)
        shape = replace(shape, token_probabilities=shape.token_probabilities and request.token_probabilities)
        if not request.schema:
            return replace(shape, answer_format="none"), stored is not None
        answer_format = self._read(_format_key(base_url, request))
        if answer_format not in CHOICES["answer_format"]:
            return shape, False
        return replace(shape, answer_format=cast(Format, answer_format)), True

    def remember(self, base_url: str, request: Request, shape: Shape, sure: bool = True) -> None:
        """Remember the shape that the endpoint replied to.

        Args:
            base_url: of the endpoint.
            request: the question.
            shape: how it was put.
            sure: False = another was refused by a failure of the server, which may pass: remembered the second time.
        """
        if not sure and not self._seen_before(base_url, request, shape):
            return
        if request.schema:
            self._write(_format_key(base_url, request), shape.answer_format)
        # The format is remembered by schema: an endpoint may take one and refuse another.
        plain = replace(shape, answer_format=CHOICES["answer_format"][0])
        self._write(_shape_key(base_url, request), json.dumps(asdict(plain)))

    def note_in_vain(self, base_url: str, request: Request, refusal: ShapeRefused) -> None:
        """Note that no shape helped against a refusal."""
        self._in_vain.note(base_url, request.model, request.schema, refusal.status, words=refusal.reason)

    def is_in_vain(self, base_url: str, request: Request, refusal: ShapeRefused) -> bool:
        """Return whether no shape helped against such refusals before."""
        return self._in_vain.is_known(base_url, request.model, request.schema, refusal.status, words=refusal.reason)

    def _seen_before(self, base_url: str, request: Request, shape: Shape) -> bool:
        key = (base_url, request.model, shape)
        with self._lock:
            before = key in self._unsure
            self._unsure.add(key)
        return before

    def _read(self, key: str) -> str | None:
        with self._lock:
            value = self._known.get(key)
        if value is None and self._cache and (value := self._cache.get(key)):
            with self._lock:
                self._known[key] = value
        return value

    def _write(self, key: str, value: str) -> None:
        with self._lock:
            if self._known.get(key) == value:
                return
            self._known[key] = value
        if self._cache:
            self._cache.put(key, value)


def _family_shape(model: str) -> Shape:
    family = family_of(model)
    return Shape(temperature=family.temperature, limit_field=family.limit_field, room=family.room)


def _shape_of(text: str | None) -> Shape | None:
    """Read a shape that was remembered; None = there is none, or another version wrote it."""
    try:
        shape = Shape(**json.loads(text or ""))
        sound = all(getattr(shape, field) in values for field, values in CHOICES.items())
        return shape if sound and type(shape.room) is int and 1 <= shape.room <= MAX_ROOM else None
    except (ValueError, TypeError):
        return None


def with_room(request: Request, shape: Shape) -> Request:
    """Give a question the token limit that its shape has room for."""
    return replace(request, max_tokens=shape.room * request.max_tokens)


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


def _shape_key(base_url: str, request: Request) -> str:
    """Return the key of a shape; questions that want probabilities have one of their own."""
    return _key("request_shape", base_url, request.model, *(["logprobs"] if request.token_probabilities else []))


def _format_key(base_url: str, request: Request) -> str:
    return _key("response_format", base_url, request.model, request.schema)


def _key(what: str, *parts: str) -> str:
    """Return a cache key; hashed, as an address can be secret."""
    return f"{what} {sha256(' '.join(parts).encode('utf-8', 'replace')).hexdigest()}"
