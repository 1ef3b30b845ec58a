"""Who may ask, how fast and how much; and what no client may choose."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.serving.made import SMALL, TEXT, Made
from unco.errors import SettingsError
from unco.serving.accounts.tokens import make_token, read_tokens
from unco.serving.run import serve
from unco.serving.settings import ServeSettings
from unco.tools.llm.budget import Caps
from unco.types import Extraction, Post

POST = {"text": TEXT}


def test_only_who_has_a_token_is_answered(made: Made) -> None:
    header = made.token()
    wrong: tuple[dict[str, str], ...] = (
        {},
        {"Authorization": "Bearer unco_wrong"},
        {"Authorization": header["Authorization"].removeprefix("Bearer ")},
        {"Authorization": header["Authorization"] + "x"},
        {"Authorization": "Basic YTpi"},
    )
    with made.client() as client:
        assert client.post("/extract", json=POST, headers=header).status_code == 200
        for headers in wrong:
            for method, path in (
                ("POST", "/extract"),
                ("GET", "/metrics"),
                ("POST", "/mcp"),
                ("GET", "/reviews"),
                ("POST", "/health/live"),
            ):
                answer = client.request(method, path, headers=headers)
                assert answer.status_code == 401
                assert answer.headers["www-authenticate"].startswith("Bearer")
        assert client.get("/health/live").status_code == client.get("/health/ready").status_code == 200


def test_the_file_of_tokens_holds_none(made: Made) -> None:
    secret = made.token()["Authorization"].split()[1]
    assert secret not in made.tokens.read_text("utf-8")
    assert made.tokens.stat().st_mode & 0o077 == 0


def test_a_token_that_is_taken_out_is_refused_from_then_on_and_a_broken_file_lets_nobody_in(made: Made) -> None:
    header = made.token("one")
    with made.client() as client:
        other = made.token("other")
        assert client.post("/extract", json=POST, headers=other).status_code == 200
        made.tokens.write_text("- name: [", "utf-8")
        answer = client.post("/extract", json=POST, headers=header)
        assert (answer.status_code, str(made.folder) in answer.text) == (503, False)
        made.tokens.write_text("[]", "utf-8")
        assert client.post("/extract", json=POST, headers=header).status_code == 401


def test_a_token_is_made_once_for_a_name(tmp_path: Path) -> None:
    path = tmp_path / "tokens.yaml"
    path.write_text("# ours", "utf-8")
    make_token(path, "one", 60.0, 10, 0.5)
    make_token(path, "two", None, None, None)
    assert [token.caps for token in read_tokens(path)] == [Caps(10, 0.5), Caps()]
    for name, limits in (("one", (None, None, None)), ("a b", (None, None, None)), ("three", (0.0, None, None))):
        with pytest.raises(SettingsError, match=f"token '{name}'"):
            make_token(path, name, *limits)
    with pytest.raises(SettingsError, match=r"^token 'one': each token has a name of its own, and one stands there"):
        make_token(path, "one", None, None, None)


def test_without_tokens_no_page_in_a_browser_is_answered(made: Made) -> None:
    with made.client() as client:
        assert client.post("/extract", json=POST, headers={"Origin": "http://localhost"}).status_code == 200
        for headers in (
            {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": "http://["}, {"Host": "evil.example"},
            {"Host": "["}, {"Host": "localhost.evil.example"}, {"Host": ""},
        ):  # fmt: skip
            assert client.post("/extract", json=POST, headers=headers).status_code == 403


@pytest.mark.parametrize("settings", [{}, {"at_once": 0, "tokens": None}, {"workers": 0}])
def test_a_service_that_others_reach_needs_tokens(settings: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        serve(ServeSettings(state=tmp_path, **settings), "0.0.0.0" if not settings else "127.0.0.1", 1, 1)


@pytest.mark.parametrize(
    "context",
    [
        {"mode": "replay"}, {"mode": "record"}, {"model": "another"}, {"review": ["failed"]}, {"base_url": "http://a"},
        {"api_key": "x"}, {"span_threshold": 2}, {"type_prompt": "../v1"}, [], "x", {"labels": "x"},
    ],
)  # fmt: skip
def test_what_is_not_a_clients_to_choose_is_refused(context: Any, made: Made) -> None:
    with made.client() as client:
        answer = client.post("/extract", json=POST | {"context": context})
    assert (answer.status_code, answer.json()["error"]) == (422, "SettingsError")


@pytest.mark.parametrize("image", ["unco/demo/pictures/astronaut.jpg", "/etc/passwd", "../a.png", "http://10.0.0.1/a"])
def test_no_path_and_no_address_is_opened_unless_the_server_allows_it(image: str, made: Made) -> None:
    with made.client() as client:
        answer = client.post("/extract", json=POST | {"image": image})
    assert (answer.status_code, answer.json()["error"]) == (422, "PictureError")


def test_a_token_is_kept_to_its_rate(made: Made) -> None:
    slow, quick = made.token("slow", posts_per_minute=3), made.token("quick")
    with made.client() as client:
        statuses = [client.post("/extract", json=POST, headers=slow) for _ in range(4)]
        assert [answer.status_code for answer in statuses] == [200, 200, 200, 429]
        assert 1 <= int(statuses[-1].headers["retry-after"]) <= 21
        assert client.post("/extract", json=POST, headers=quick).status_code == 200
        many = client.post("/extract/many", json={"posts": [POST] * 5}, headers=slow)
        assert many.status_code == 413


async def test_posts_beyond_those_that_may_be_under_way_are_told_to_come_again(made: Made) -> None:
    def slow(post: Post) -> Extraction:
        time.sleep(0.3)
        return SMALL(post)

    made.small = slow
    with made.client(at_once=2) as client:
        answers = await asyncio.gather(*(asyncio.to_thread(client.post, "/extract", json=POST) for _ in range(4)))
        assert client.post("/extract", json=POST).status_code == 200
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 2
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}


def test_many_posts_pass_where_few_may_be_under_way(made: Made) -> None:
    with made.client(at_once=2) as client:
        answer = client.post("/extract/many", json={"posts": [POST] * 5})
    assert [list(item) for item in answer.json()["results"]] == [["result"]] * 5
