"""Bad requests are answered with a 4xx that says why, in one shape, with nothing of the server in it."""

import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.bad_posts import bad_posts
from tests.serving.made import TEXT, Made

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "multipart/form-data; boundary=b"}


def part(name: str, value: str, more: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}\r\n'


BODIES: dict[str, tuple[dict[str, str], bytes, int]] = {
    "nothing": (JSON, b"", 400),
    "no JSON": (JSON, b"text", 400),
    "half": (JSON, b'{"text": "a', 400),
    "a list": (JSON, b"[]", 400),
    "a word": (JSON, b'"text"', 400),
    "null": (JSON, b"null", 400),
    "two values": (JSON, b'{"text": "a"} {}', 400),
    "NaN": (JSON, b'{"text": "a", "regions": [[NaN, 1, 2, 3]]}', 400),
    "infinity": (JSON, b'{"text": "a", "regions": [[0, 1, 2, 1e999]]}', 400),
    "a huge number": (JSON, b'{"text": "a", "id": ' + b"9" * 5000 + b"}", 400),
    "half a character": (JSON, b'{"text": "\\ud800"}', 400),
    "half a character in a key": (JSON, b'{"text": "a", "\\udfff": 1}', 400),
    "not UTF-8": (JSON, b'{"text": "\xff\xfe"}', 400),
    "UTF-16": (JSON, '{"text": "a"}'.encode("utf-16"), 400),
    "nested": (JSON, b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
    "nested a little": (JSON, b'{"text": "a", "extraction": ' + b'{"a":' * 500 + b"1" + b"}" * 501, 400),
    "no kind": ({}, b'{"text": "a"}', 415),
    "another kind": ({"Content-Type": "text/plain"}, b'{"text": "a"}', 415),
    "XML": ({"Content-Type": "application/xml"}, b"<a/>", 415),
    "an address's form": ({"Content-Type": "application/x-www-form-urlencoded"}, b"text=a", 415),
    "a form without a boundary": ({"Content-Type": "multipart/form-data"}, b"--b\r\n", 400),
    "a form of nothing": (FORM, b"", 422),
    "a form of noise": (FORM, bytes(range(256)) * 10, 400),
    "a part twice": (FORM, (part("text", "a") + part("text", "b") + "--b--\r\n").encode(), 400),
    "a file as text": (FORM, (part("text", "a", '; filename="a"') + "--b--\r\n").encode(), 400),
    "two files": (FORM, (part("image", "a", '; filename="a"') * 2 + "--b--\r\n").encode(), 400),
    "many parts": (FORM, ("".join(part(f"a{n}", "1") for n in range(50)) + "--b--\r\n").encode(), 400),
    "bad JSON in a part": (FORM, (part("text", "a") + part("context", "{") + "--b--\r\n").encode(), 400),
    "a form without its end": (FORM, (part("text", "a") + part("image", "a", '; filename="a"')).encode(), 400),
    "a form with half of its end": (FORM, (part("text", "a") + "--b-").encode(), 400),
    "a part that is no field": (FORM, (part("text", "a") + part("txt", "1") + "--b--\r\n").encode(), 422),
}


def bad_fields() -> Iterator[tuple[str, Any]]:
    yield from {
        "no text": {},
        "a number": {"text": 7},
        "an object": {"text": {}},
        "null": {"text": None},
        "tokens of numbers": {"text": [1, 2]},
        "a field that is none": {"text": TEXT, "imgae": "a"},
        "an extraction that is none": {"text": TEXT, "extraction": {"tokens": 1}},
        "regions that are none": {"text": TEXT, "regions": [[1, 2]]},
        "an odd box": {"text": TEXT, "image": "data:,", "regions": [[5, 5, 1, 1]]},
        "a context in a post's field": {"text": TEXT, "type_threshold": 0.2},
        "a command": {"resume": 1},
    }.items()


def check_problem(answer: Any, status: int | None, secrets: tuple[str, ...]) -> str:
    """Return what is wrong with the answer to a bad request; empty = nothing."""
    told = answer.json()
    shape = {"type", "title", "status", "error", "detail", "request_id"}
    if answer.headers["content-type"] != "application/problem+json" or told.keys() != shape:
        return f"shape {answer.text[:200]}"
    if not 400 <= answer.status_code < 500 or status not in (None, answer.status_code):
        return f"status {answer.status_code}, {told['detail']}"
    return next((f"tells {secret}" for secret in secrets if secret in answer.text), "")


def test_each_body_that_is_none_is_refused_with_the_reason(made: Made) -> None:
    secrets = (str(made.folder), str(Path(__file__).parents[2]), "Traceback", "site-packages")
    faults = []
    with made.client() as client:
        for name, (headers, body, status) in BODIES.items():
            answer = client.post("/extract", content=body, headers=headers)
            faults += [f"{name}: {fault}" for fault in [check_problem(answer, status, secrets)] if fault]
        for name, fields in bad_fields():
            answer = client.post("/extract", json=fields)
            faults += [f"{name}: {fault}" for fault in [check_problem(answer, 422, secrets)] if fault]
        for method, path, status in (
            ("GET", "/extract", 405),
            ("DELETE", "/metrics", 405),
            ("POST", "/none", 404),
            ("GET", "/mcp", 405),
        ):
            answer = client.request(method, path)
            faults += [f"{method} {path}: {fault}" for fault in [check_problem(answer, status, secrets)] if fault]
        for fields in ({}, {"posts": []}, {"posts": {}}, {"posts": [1], "more": 1}, {"posts": [{}] * 300}):
            answer = client.post("/extract/many", json=fields)
            faults += [f"{str(fields)[:50]}: {fault}" for fault in [check_problem(answer, None, secrets)] if fault]
        assert client.post("/extract", json={"text": TEXT}).status_code == 200
    assert not faults, "\n".join(faults)


@pytest.mark.slow
def test_each_bad_post_is_refused_or_has_a_result(made: Made) -> None:
    secrets = (str(made.folder), str(Path(__file__).parents[2]), "Traceback", "site-packages")
    faults = []
    with made.client() as client:
        for name, post in bad_posts().items():
            try:
                body = json.dumps(post).encode()
            except (TypeError, ValueError):
                continue
            for path in ("/extract", "/extract/stream"):
                answer = client.post(path, content=body, headers=JSON)
                if answer.status_code != 200:
                    faults += [f"{name}: {fault}" for fault in [check_problem(answer, None, secrets)] if fault]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "deflate", "br"])
def test_a_compressed_body_is_refused_as_such(encoding: str, made: Made) -> None:
    """Its bytes are no JSON, and decompressing them would be a way around the limit of bytes."""
    squeeze: dict[str, Any] = {"gzip": gzip.compress, "deflate": zlib.compress}
    body = squeeze.get(encoding.lower(), bytes)(b"{}")
    with made.client() as client:
        for path in ("/extract", "/extract/many", "/reviews/1", "/mcp"):
            answer = client.post(path, content=body, headers=JSON | {"Content-Encoding": encoding})
            assert check_problem(answer, 415, ()) == ""
            assert encoding.lower() in answer.json()["detail"]
        plain = client.post("/extract", json={"text": TEXT}, headers={"Content-Encoding": "identity"})
    assert plain.status_code == 200


def test_a_title_is_that_of_the_standard_on_each_python(made: Made) -> None:
    with made.client() as client:
        assert client.post("/extract", json={"txt": TEXT}).json()["title"] == "Unprocessable Content"
        many = client.post("/extract/many", json={"posts": [{}] * 300})
    assert many.json()["title"] == "Content Too Large"


def test_each_method_of_an_address_is_told(made: Made) -> None:
    with made.client(reviews=True) as client:
        assert client.delete("/reviews/1").headers["allow"] == "GET, POST"
        assert client.get("/extract").headers["allow"] == "POST"
        assert client.put("/mcp").headers["allow"] == "POST"
        assert client.post("/metrics").headers["allow"] == "GET"


def test_what_to_send_is_told_as_the_address_takes_it(made: Made) -> None:
    with made.client(reviews=True) as client:
        for path, key in (("/extract", "text"), ("/extract/many", "posts"), ("/reviews/1", "answers")):
            assert f'send {{"{key}": ' in client.post(path, json=[]).json()["detail"]


def test_an_error_names_the_services_own_addresses(made: Made) -> None:
    """They look like paths, and paths of the server are left out."""
    with made.client(reviews=True) as client:
        assert "GET /reviews lists" in client.get("/reviews/1").json()["detail"]
        context = {"review": ["rejected"]}
        told = client.post("/extract/stream", json={"text": TEXT, "context": context}).json()["detail"]
    assert "<path>" not in told


@pytest.mark.parametrize("declared", [True, False])
def test_a_body_that_is_too_large_is_not_read(declared: bool, made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unco.serving.gate.MAX_BODY_BYTES", 1000)
    body = b'{"text": "' + b"a" * 2000 + b'"}'

    def pieces() -> Iterator[bytes]:
        yield body

    with made.client() as client:
        answer = client.post("/extract", content=body if declared else pieces(), headers=JSON)
        assert (answer.status_code, check_problem(answer, 413, ())) == (413, "")
        monkeypatch.setattr("unco.serving.gate.MAX_BODIES_BYTES", 500)
        answer = client.post("/extract", content=b'{"text": "' + b"a" * 600 + b'"}', headers=JSON)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "1")
        assert client.post("/extract", json={"text": "a"}).status_code == 200


def test_a_bug_of_ours_tells_the_client_nothing_and_the_log_where(made: Made, caplog: pytest.LogCaptureFixture) -> None:
    def broken(post: Any) -> Any:
        if post.text == "Ready":
            return None
        raise KeyError("a secret of the server")

    made.small = broken
    with made.client() as client:
        answer = client.post("/extract", json={"text": TEXT}, headers={"X-Request-ID": "mine-1"})
        many = client.post("/extract/many", json={"posts": [{"text": TEXT}]}, headers={"X-Request-ID": "mine-2"})
        streamed = client.post("/extract/stream", json={"text": TEXT}, headers={"X-Request-ID": "mine-3"})
    assert many.json()["results"][0]["error"]["status"] == streamed.status_code == 500
    assert (answer.status_code, answer.json()["request_id"]) == (500, "mine-1")
    assert "secret" not in answer.text + many.text + streamed.text + caplog.text
    faults = [record.__dict__["fields"] for record in caplog.records if record.msg == "fault"]
    assert [(fault["fault"], fault["request_id"]) for fault in faults] == [
        ("KeyError", "mine-1"), ("KeyError", "mine-2"), ("KeyError", "mine-3"),
    ]  # fmt: skip


def test_a_service_that_is_not_set_up_right_says_only_that(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with made.client() as client:
        monkeypatch.setenv("UNCO_CACHE_DIR", "/proc/none")
        answer = client.post("/extract", json={"text": TEXT, "image": "data:image/png;base64,iVBORw0KGgo="})
    assert answer.status_code in (200, 503)
    assert "/proc/none" not in answer.text
