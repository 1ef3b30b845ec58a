"""Reads a request's body: JSON, or a form with a picture; its fields are those of a post, and `context`."""

import asyncio
from math import isfinite
from typing import Any

from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from unco.plain_json import read_json
from unco.serving.problems import RequestError
from unco.serving.settings import MAX_BODY_BYTES, MOST_POSTS
from unco.state import Json
from unco.tools.pictures.from_python import reference_of

MOST_DEEP = 32
"""Levels of a value; what a post can hold has ten."""

_LARGE = 64 * 2**10
"""Bytes from which a body is read in a thread, so that others need not wait for it."""

_WORDS = frozenset({"text", "id", "caption", "image"})
"""Parts of a form that are taken as they are; all others are JSON."""

HOW_MANY = 'send {"posts": [{"text": ...}, ...]} as application/json'
HOW_TO_ANSWER = 'send {"answers": [{"type": "accept", "by": ...}, ...]} as application/json'
_HOW = 'send {"text": ...} as application/json, or a form (multipart/form-data) with the parts text and image'


async def read_fields(request: Request) -> Json:
    """Read the body of a request about one post.

    Raises:
        RequestError: it is neither JSON nor a form, or cannot be read as one.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await _form(request)
    if kind != "application/json":
        raise RequestError(415, f"the body's Content-Type is {kind[:60] or 'missing'}: {_HOW}")
    return await read_object(request)


async def read_object(request: Request, how: str = _HOW) -> Json:
    """Read a body that is one JSON object.

    Args:
        request: its request.
        how: what to send, for the error.

    Raises:
        RequestError: it is none.
    """
    body = await request.body()
    return await asyncio.to_thread(_object, body, how) if len(body) > _LARGE else _object(body, how)


def posts_of(fields: Json) -> list[Any]:
    """Return the posts of a request about many.

    Raises:
        RequestError: they are no list, or too many.
    """
    posts = fields.get("posts")
    if not isinstance(posts, list) or not posts:
        raise RequestError(422, 'posts: a list of posts is wanted, {"posts": [{"text": ...}, ...]}')
    if unknown := sorted(fields.keys() - {"posts", "context"}):
        raise RequestError(422, f"unknown field {unknown[0][:60]!r}: there is posts, context")
    if len(posts) > MOST_POSTS:
        raise RequestError(413, f"posts: {len(posts)} came, and at most {MOST_POSTS} may: send them in parts")
    return posts


def _object(body: bytes, how: str) -> Json:
    value = _json(body, "the body")
    if not isinstance(value, dict):
        raise RequestError(400, f"the body is JSON, but no object: {how}")
    return value


def _json(text: bytes | str, what: str) -> Any:
    try:
        value = read_json(text.decode("utf-8-sig") if isinstance(text, bytes) else text)
        _check(value)
    except (ValueError, RecursionError) as error:  # json's and Unicode's are ValueErrors
        raise RequestError(400, f"{what} is no JSON that can be used: {_brief(error)}") from error
    return value


def _check(value: Any) -> None:
    """Refuse numbers that are none, and what is nested too deeply.

    Raises:
        ValueError: says so.
    """
    left = [(value, 0)]
    while left:
        inner, depth = left.pop()
        if depth > MOST_DEEP:
            raise ValueError(f"it is nested more than {MOST_DEEP} levels deep")
        if isinstance(inner, float) and not isfinite(inner):
            raise ValueError("it holds a number that is not finite")
        if isinstance(inner, dict | list):
            left += [(each, depth + 1) for each in (inner.values() if isinstance(inner, dict) else inner)]


def _brief(error: Exception) -> str:
    return "it is nested too deeply" if isinstance(error, RecursionError) else " ".join(str(error).split())[:200]


async def _form(request: Request) -> Json:
    _check_end(request.headers["content-type"], await request.body())
    fields: Json = {}
    try:
        async with request.form(max_files=1, max_fields=16, max_part_size=MAX_BODY_BYTES) as form:
            for name, value in form.multi_items():
                if name in fields:
                    raise RequestError(400, f"part {name[:60]!r} came twice: send it once")
                if name != "image" or not _is_unchosen(value):
                    fields[name] = await _part(name, value)
    except HTTPException as error:  # Starlette's, about the form
        raise RequestError(400, f"the form cannot be read: {error.detail}") from error
    return fields


def _check_end(kind: str, body: bytes) -> None:
    """Refuse a form without its end: its last part is lost, as Starlette reads it."""
    boundary = parse_options_header(kind)[1].get(b"boundary")
    if body and boundary and b"--" + boundary + b"--" not in body:
        raise RequestError(400, "the form breaks off: its last line is --, the boundary, and -- again")


def _is_unchosen(value: UploadFile | str) -> bool:
    """Return whether a part is what a page sends where no file was chosen: nothing, under no name."""
    return not (value.filename or value.size) if isinstance(value, UploadFile) else not value


async def _part(name: str, value: UploadFile | str) -> Any:
    if isinstance(value, UploadFile):
        if name != "image":
            raise RequestError(400, f"part {name[:60]!r} is a file: the picture's part is called image")
        return await asyncio.to_thread(reference_of, await value.read())
    return value if name in _WORDS else _json(value, f"part {name[:60]!r}")
