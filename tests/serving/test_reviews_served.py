"""Reviews over HTTP: a post waits for a person, through a restart, and nobody else's client sees it."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.serving.made import TEXT, WRONG, Made

REVIEWED = {"text": TEXT, "context": {"review": ["rejected"]}}
ORG = {"type": "edit", "args": {"args": {"value": "ORG"}}, "by": "Kim"}
ANIMAL = {"type": "edit", "args": {"args": {"value": "ANIMAL"}}, "by": "Kim"}


def notes(result: dict[str, Any]) -> list[tuple[str, str]]:
    return [(note["outcome"], note["by"]) for note in result["entities"][0]["corrections"]]


def test_a_review_is_there_after_a_restart_and_is_settled_once(made: Made) -> None:
    made.answers(WRONG)
    with made.client(reviews=True) as client:
        waits = client.post("/extract", json=REVIEWED)
    assert waits.status_code == 202
    review = waits.json()["review"]
    assert review["requests"][0]["action_request"]["action"] == "review type"
    with made.client(reviews=True) as client:
        assert client.get("/reviews").json() == {"reviews": [review]}
        again = client.post(f"/reviews/{review['id']}", json={"answers": [ANIMAL]})
        assert again.status_code == 202
        assert "'ANIMAL' is no type" in again.json()["review"]["requests"][0]["description"]
        done = client.post(f"/reviews/{review['id']}", json={"answers": [ORG]})
        assert done.status_code == 200
        assert (done.json()["entities"][0]["type"], notes(done.json())[1]) == ("ORG", ("reviewed", "Kim"))
        assert client.get("/reviews").json() == {"reviews": []}
        assert client.get(f"/reviews/{review['id']}").json()["result"] == done.json()
        assert client.post(f"/reviews/{review['id']}", json={"answers": [ORG]}).status_code == 409


def test_a_post_with_nothing_open_has_its_result_at_once_and_leaves_nothing(made: Made) -> None:
    with made.client(reviews=True) as client:
        assert client.post("/extract", json=REVIEWED).status_code == 200
        assert client.post("/extract", json=REVIEWED | {"txt": 1}).status_code == 422
        assert client.get("/reviews").json() == {"reviews": []}
    assert b"Owls" not in (made.folder / "state" / "reviews.sqlite").read_bytes()


def test_a_client_sees_and_settles_its_own_reviews_only(made: Made) -> None:
    made.answers(WRONG)
    mine, yours = made.token("mine"), made.token("yours")
    with made.client(reviews=True) as client:
        name = client.post("/extract", json=REVIEWED, headers=mine).json()["review"]["id"]
        assert client.get("/reviews", headers=yours).json() == {"reviews": []}
        for path in (f"/reviews/{name}", "/reviews/none", "/reviews/..%2f..%2fetc", f"/reviews/{name.upper()}"):
            assert client.get(path, headers=yours).status_code == 404
            assert client.post(path, headers=yours, json={"answers": [ORG]}).status_code == 404
        wrong: tuple[Any, ...] = ([], "accept", None)
        for answers in wrong:
            assert client.post(f"/reviews/{name}", headers=mine, json={"answers": answers}).status_code == 422
        assert client.post(f"/reviews/{name}", headers=mine, json={}).status_code == 422
        assert client.post(f"/reviews/{name}", headers=mine, json={"answers": [ORG]}).status_code == 200


def test_of_two_answers_at_once_one_counts(made: Made) -> None:
    made.answers(WRONG)
    with made.client(reviews=True) as client, ThreadPoolExecutor(4) as threads:
        name = client.post("/extract", json=REVIEWED).json()["review"]["id"]
        path = f"/reviews/{name}"
        body: dict[str, Any] = {"answers": [ORG]}
        statuses = [one.status_code for one in threads.map(lambda _: client.post(path, json=body), range(4))]
    assert sorted(statuses) == [200, 409, 409, 409]


def test_reviews_that_are_switched_off_say_so(made: Made) -> None:
    with made.client() as client:
        assert client.get("/reviews").status_code == 404
        assert client.post("/extract", json=REVIEWED).status_code == 422


def test_reviews_of_many_posts_come_with_the_results(made: Made) -> None:
    made.answers(WRONG)
    with made.client(reviews=True) as client:
        answer = client.post("/extract/many", json={"posts": [{"text": TEXT}, {}], "context": REVIEWED["context"]})
        first, second = answer.json()["results"]
        assert client.get("/reviews").json()["reviews"] == [first["review"]]
    assert "error" in second


def test_a_disk_that_fails_is_the_servers_fault_and_says_no_more(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> Any:
        raise sqlite3.OperationalError("database or disk is full: /srv/reviews.sqlite")

    with made.client(reviews=True) as client:
        monkeypatch.setattr("unco.serving.databases.sqlite.SqliteReviews.rows", full)
        answer = client.get("/reviews")
    assert (answer.status_code, "/srv" in answer.text) == (503, False)
