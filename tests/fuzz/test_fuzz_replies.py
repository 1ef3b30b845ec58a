"""Spoilt replies as whole HTTP messages: status, headers, body. Nothing is raised, nothing unverified gets in."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tenacity import wait_none

from tests.fuzz.mutations import changed, spoilt
from tests.scripted import ANN, FACE, MODEL, TOKENS, account, doubt, drawing, graph_of, says
from tests.tools.llm.openai_server import OpenAIServer, Step, completion, serve
from unco.state import read_result
from unco.tools.llm.client import Mllm
from unco.types import ATTRIBUTES, Entity, Span

pytestmark = pytest.mark.slow

STATUSES = [*(200,) * 12, 201, 202, 206, 302, 307, 400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503, 529, 599]
KINDS = ["application/json", "application/json; charset=latin-1", "text/html", "text/event-stream", "", "a/b; c"]
HEADERS: list[dict[str, str]] = [
    *({},) * 8,
    {"Content-Encoding": "gzip"},
    {"Content-Encoding": "br, gzip, identity"},
    {"Retry-After": "-1"},
    {"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"},
    {"retry-after-ms": "1e9", "Date": "yesterday"},
    {"Location": "http://127.0.0.1:1/"},
    {"X-Request-Id": "\xff" * 99},
]
ANSWERS: list[dict[str, Any]] = [
    {"corrected_entity": "Ann Lee", "corrected_type": "PER", "corrected_bounding_box": [10, 10, 60, 90]},
    {"corrected_entity": "Bob", "corrected_type": "ALIEN", "corrected_bounding_box": [1, 2, 3, 4]},
    {"corrected_entity": "", "corrected_type": None, "corrected_bounding_box": []},
]
ERRORS: list[dict[str, Any]] = [
    {"error": {"message": "no", "type": "invalid_request_error", "code": "429", "param": "temperature"}},
    {"error": "overloaded", "detail": [{"loc": ["body"], "msg": "no"}]},
]


@pytest.fixture(scope="module")
def server() -> Iterator[OpenAIServer]:
    with serve() as running:
        yield running


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> str:
    return drawing(Path(tmp_path_factory.mktemp("pictures")))


def bodies() -> st.SearchStrategy[bytes]:
    """Build chat completions and errors, changed as JSON or as bytes."""
    whole = [json.loads(completion(json.dumps({"reasoning_process": "x"} | answer))) for answer in ANSWERS] + ERRORS
    as_json = st.sampled_from(whole).flatmap(changed).map(lambda value: json.dumps(value, default=str).encode())
    as_bytes = st.sampled_from([json.dumps(value).encode() for value in whole]).flatmap(spoilt)
    answers = st.sampled_from(ANSWERS).flatmap(changed).map(lambda value: completion(json.dumps(value, default=str)))
    return as_json | as_bytes | answers.map(str.encode) | as_json.map(gzip.compress)


def steps() -> st.SearchStrategy[Step]:
    return st.builds(
        Step,
        body=bodies(),
        status=st.sampled_from(STATUSES),
        kind=st.sampled_from(KINDS),
        headers=st.sampled_from(HEADERS),
    )


def test_a_spoilt_reply_is_never_an_exception_and_never_an_unverified_value(server: OpenAIServer, picture: str) -> None:
    @settings()
    @given(step=steps())
    def holds(step: Step) -> None:
        server.answer = lambda: step
        llm = Mllm(server.url, MODEL, wait=wait_none(), deadline_s=5.0, attempts=2)
        graph = graph_of(says((ANN, "ORG", FACE, doubt("span type region"))), llm)
        result = graph.invoke({"text": " ".join(TOKENS), "image": picture})
        (entity,) = read_result(result).entities
        check(entity, result)

    holds()


def check(entity: Entity, result: dict[str, Any]) -> None:
    """What was changed can be true of the post; all else is as the small model had it."""
    notes = {attribute: account(result, attribute) for attribute in ATTRIBUTES}
    box = entity.region
    assert entity.span.stop <= len(TOKENS)
    assert entity.type in {"PER", "LOC", "ORG", "MISC", "OTHER"}
    assert box is None or (0 <= box.x1 < box.x2 <= 200 and 0 <= box.y1 < box.y2 <= 100)
    kept = {"span": entity.span == ANN, "type": entity.type == "ORG", "region": box == FACE}
    for attribute, note in notes.items():
        assert kept[attribute] or note["outcome"] == "changed", note
        assert note["outcome"] != "changed" or note["exchanges"], note
    assert isinstance(entity.span, Span)
