"""Lists of models in the forms that servers have."""

import json
from typing import Any

import pytest

from unco.errors import Broken
from unco.tools.llm.models.listed import names_in


@pytest.mark.parametrize(
    "body",
    [
        {"object": "list", "data": [{"id": "a-vl"}, {"id": "b-vl"}]},
        [{"id": "a-vl", "object": "model"}, {"id": "b-vl"}],  # Together
        {"models": [{"name": "a-vl", "model": "a-vl"}, {"name": "b-vl"}]},  # Ollama's own
        {"data": ["a-vl", {"id": None}, 7, "b-vl"]},
    ],
)
def test_names_are_found(body: Any) -> None:
    assert names_in(json.dumps(body).encode()) == {"a-vl", "b-vl"}


@pytest.mark.parametrize("body", [{}, {"data": None}, {"object": "list", "data": []}, []])
def test_a_list_may_be_empty(body: Any) -> None:
    assert names_in(json.dumps(body).encode()) == frozenset()


@pytest.mark.parametrize("body", [b"", b"<html>", b"ok", b"7", b'{"data": 7}', b"[" * 100_000])
def test_what_is_no_list_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(Broken, match="no list of models"):
        names_in(body)
