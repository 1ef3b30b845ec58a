"""A key changes with everything that can change the answer, and with nothing else."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest

from unco.tools.llm.request import (
    Purpose,
    Reply,
    Request,
    SentPicture,
    reply_from,
    reply_parts,
    request_key,
    request_parts,
)

PICTURE = SentPicture("image/jpeg", "ab" * 32, b"jpeg")
REQUEST = Request(model="small-vl", system="You correct.", user="Oslo", picture=PICTURE)
REPLY = Reply(text="{}", finish_reason="stop", model="served", input_tokens=3, output_tokens=1, seconds=1.5)

CHANGES: dict[str, Any] = {
    "model": "large-vl",
    "system": "You correct!",
    "user": "Bergen",
    "turns": (("what?", "JSON please"),),
    "picture": None,
    "temperature": 0.1,
    "max_tokens": 512,
    "extra_body": '{"top_p": 0.9}',
    "headers": (("X-Team", "a"),),
    "schema": '{"type": "object"}',
    "token_probabilities": True,
    "repeat": 1,
}
NOTES: dict[str, Any] = {
    "prompt": "span/v2",
    "prompt_hash": "cd" * 32,
    "purpose": Purpose(private=True),
    "types": ("PER", "LOC"),  # the messages list them
}


def test_every_field_is_either_in_the_key_or_a_note() -> None:
    assert {field.name for field in fields(Request)} == CHANGES.keys() | NOTES.keys()


@pytest.mark.parametrize("name", CHANGES)
def test_what_can_change_the_answer_changes_the_key(name: str) -> None:
    assert request_key(replace(REQUEST, **{name: CHANGES[name]})) != request_key(REQUEST)


@pytest.mark.parametrize("name", NOTES)
def test_a_note_does_not(name: str) -> None:
    assert request_key(replace(REQUEST, **{name: NOTES[name]})) == request_key(REQUEST)


def test_a_picture_counts_by_its_hash_and_kind() -> None:
    assert request_key(replace(REQUEST, picture=replace(PICTURE, data=b""))) == request_key(REQUEST)
    assert request_key(replace(REQUEST, picture=replace(PICTURE, sha256="cd" * 32))) != request_key(REQUEST)
    assert request_key(replace(REQUEST, picture=replace(PICTURE, mime="image/png"))) != request_key(REQUEST)


def test_the_bytes_of_a_picture_show_nowhere() -> None:
    assert "jpeg'" not in repr(PICTURE).replace("image/jpeg'", "")
    assert PICTURE == replace(PICTURE, data=b"")


def test_the_endpoint_belongs_to_the_caches_key_only() -> None:
    keys = {request_key(REQUEST), request_key(REQUEST, "http://a/v1"), request_key(REQUEST, "http://b/v1")}
    assert len(keys) == 3


def test_zero_is_zero() -> None:
    assert request_key(replace(REQUEST, temperature=0)) == request_key(REQUEST)


def test_a_key_is_the_same_tomorrow() -> None:
    assert request_key(Request(model="m", system="s", user="u")) == (
        "b4671ad692d38ad39c947fbe66d59005c038cc95c734baa45178e38d548e3cd3"
    )


def test_parts_are_plain_json() -> None:
    parts = request_parts(replace(REQUEST, turns=(("a", "b"),)))
    assert json.loads(json.dumps(parts)) == parts


def test_a_reply_comes_back_as_cached() -> None:
    assert reply_from(json.loads(json.dumps(reply_parts(REPLY)))) == replace(REPLY, cached=True)
    assert reply_from({"text": "", "finish_reason": None, "model": ""}).seconds == 0.0


@pytest.mark.parametrize(
    "parts",
    [
        None,
        [],
        {},
        {"text": "x"},
        reply_parts(REPLY) | {"text": None},
        reply_parts(REPLY) | {"input_tokens": True},
        reply_parts(REPLY) | {"seconds": "1"},
        reply_parts(REPLY) | {"cached": True},
    ],
)
def test_what_is_not_a_reply_is_refused(parts: object) -> None:
    with pytest.raises(ValueError, match="reply"):
        reply_from(parts)


@pytest.mark.parametrize(("model", "authored"), [("authored", True), ("authored/demo", True), ("small-vl", False)])
def test_authored_is_known_by_the_models_name(model: str, authored: bool) -> None:
    assert replace(REPLY, model=model).authored is authored
