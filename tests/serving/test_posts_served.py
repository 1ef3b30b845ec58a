"""Posts over HTTP: what the graph says of them, as JSON, as a stream, and many at once."""

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from tests.scripted import ScriptedLlm, drawing, graph_of, kind
from tests.serving.made import SMALL, TEXT, Made
from tests.serving.test_bad_requests import FORM, part
from unco.context import Context

POST = {"text": TEXT}


def without_times(result: dict[str, Any]) -> str:
    """Compare results by what does not change from run to run."""
    return json.dumps(result, sort_keys=True)


def events_in(body: str) -> list[tuple[str, Any]]:
    parts = [part.split("\n", 1) for part in body.strip().split("\n\n") if part.startswith("event: ")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]


def test_a_post_has_the_result_of_the_graph(made: Made) -> None:
    script = {("type", "Ann"): kind("ORG")}
    made.answers(script)
    with made.client() as client:
        answer = client.post("/extract", json=POST | {"id": 7, "context": {"type_threshold": 0.2}})
    expected = graph_of(SMALL, ScriptedLlm(script)).invoke(POST | {"id": 7}, context=Context(type_threshold=0.2))
    assert answer.status_code == 200
    assert without_times(answer.json()) == without_times(expected)
    assert answer.json()["entities"][0]["type"] == "ORG"


@pytest.mark.parametrize("mode", ["off", "live"])
def test_a_form_with_a_picture_is_the_same_post(mode: str, made: Made, tmp_path: Path) -> None:
    picture = Path(drawing(tmp_path)).read_bytes()
    inline = f"data:image/png;base64,{b64encode(picture).decode()}"
    boxes = [[1, 2, 30, 40]]
    with made.client() as client:
        form = {"text": TEXT, "id": "7", "regions": json.dumps(boxes), "context": json.dumps({"mode": mode})}
        sent = client.post("/extract", data=form, files={"image": ("any name", picture, "image/png")})
        same = client.post(
            "/extract", json=POST | {"id": "7", "image": inline, "regions": boxes, "context": {"mode": mode}}
        )
    assert sent.status_code == 200, sent.text
    assert sent.json()["picture"]["ref"].startswith("data:sha256,")
    assert without_times(sent.json()) == without_times(same.json())


def test_a_form_of_a_page_in_which_no_file_was_chosen_has_no_picture(made: Made) -> None:
    with made.client() as client:
        same = client.post("/extract", json=POST)
        for named in ('; filename=""', ""):  # as browsers send it, and as programs that leave out an empty name
            form = part("text", TEXT) + part("image", "", named) + "--b--\r\n"
            sent = client.post("/extract", content=form.encode(), headers=FORM)
            assert without_times(sent.json()) == without_times(same.json())


def test_a_stream_tells_each_step_and_ends_with_the_result(made: Made) -> None:
    made.answers({("type", "Ann"): kind("ORG")})
    with made.client() as client:
        answer = client.post("/extract/stream", json=POST)
        whole = client.post("/extract", json=POST).json()
    assert answer.headers["content-type"].startswith("text/event-stream")
    (first, small), (second, step), (last, result) = events_in(answer.text)
    assert (first, second, last) == ("extraction", "correction", "result")
    assert [entity["type"] for entity in small["entities"]] == ["PER", "ORG"]
    assert step["correction"]["outcome"] == "changed"
    assert (step["entity"]["text"], step["entity"]["type"]) == ("Ann", "ORG")
    assert without_times(result) == without_times(whole)


def test_a_stream_of_a_post_that_cannot_be_run_is_refused_as_such(made: Made) -> None:
    with made.client() as client:
        answer = client.post("/extract/stream", json={"txt": TEXT})
    assert answer.status_code == 422
    assert answer.json()["error"] == "PostError"


def test_many_posts_come_back_in_order_each_with_its_own_error(made: Made) -> None:
    posts: list[Any] = [POST | {"id": str(number)} for number in range(40)]
    posts[7], posts[11] = {"txt": 1}, "no post"
    with made.client() as client:
        answer = client.post("/extract/many", json={"posts": posts})
    results = answer.json()["results"]
    assert answer.status_code == 200
    assert [number for number, item in enumerate(results) if "error" in item] == [7, 11]
    assert {item["error"]["error"] for item in results if "error" in item} == {"PostError"}
    assert all(item["result"]["id"] == str(number) for number, item in enumerate(results) if "result" in item)


def test_a_head_is_answered_as_a_get_and_a_last_slash_leads_nowhere_else(made: Made) -> None:
    """Probes send the one, and clients the other; a redirect would not know of a proxy's TLS."""
    with made.client() as client:
        for path in ("/health/live", "/health/ready", "/metrics"):
            assert client.head(path).status_code == 200
            assert client.head(path).headers["content-type"] == client.get(path).headers["content-type"]
        assert client.head("/extract").status_code == 405
        assert client.head("/none").status_code == 404
        for path in ("/extract/", "/extract/stream/"):
            assert client.post(path, json=POST, follow_redirects=False).status_code == 200
        assert client.get("/health/live/", follow_redirects=False).json() == {"state": "ok"}
        assert client.get("/", follow_redirects=False).status_code == 404


def test_the_description_names_every_address_and_its_references_lead_somewhere(made: Made) -> None:
    with made.client() as client:
        told = client.get("/openapi.json").json()
    assert {"/extract", "/extract/stream", "/extract/many", "/reviews/{review}", "/metrics"} <= told["paths"].keys()
    references = {part.split('"')[0] for part in json.dumps(told).split("#/components/schemas/")[1:]}
    assert references <= told["components"]["schemas"].keys()
    body = told["paths"]["/extract"]["post"]["requestBody"]["content"]
    assert body["application/json"]["example"]["text"]
    assert "multipart/form-data" in body
