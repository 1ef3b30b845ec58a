"""Services on many machines with one Postgres: a review goes on elsewhere, one answer counts, cut lines are mended."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.postgres import NEEDS_POSTGRES, database, postgres
from tests.serving.made import TEXT, WRONG, Made

__all__ = ["database", "postgres"]

pytestmark = NEEDS_POSTGRES

REVIEWED = {"text": TEXT, "context": {"review": ["rejected"]}}
ORG: dict[str, Any] = {"answers": [{"type": "edit", "args": {"args": {"value": "ORG"}}, "by": "Kim"}]}


@pytest.fixture
def services(made: Made, database: str) -> Iterator[list[TestClient]]:
    """Two services with nothing in common but the database."""
    made.answers(WRONG)
    made.token()
    with made.client(reviews=True, database=database) as one, made.client(reviews=True, database=database) as two:
        yield [one, two]


def end_all_connections(database: str) -> None:
    """Break each connection to the database, as a restart of the server does."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_review_that_one_began_is_settled_by_the_other_once(made: Made, services: list[TestClient]) -> None:
    header = made.token("mine")
    asked = services[0].post("/extract", json=REVIEWED, headers=header)
    assert asked.status_code == 202
    review = asked.json()["review"]
    assert services[1].get("/reviews", headers=header).json() == {"reviews": [review]}
    assert services[1].get("/reviews", headers=made.token("yours")).json() == {"reviews": []}
    path = f"/reviews/{review['id']}"
    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(lambda n: services[n % 2].post(path, json=ORG, headers=header), range(6)))
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 5
    assert services[0].get(path, headers=header).json()["result"]["entities"][0]["type"] == "ORG"
    assert services[0].get("/reviews/%00", headers=header).status_code == 404


def test_connections_that_broke_are_opened_again(made: Made, services: list[TestClient], database: str) -> None:
    header = made.token("capped", calls=10, posts_per_minute=60)
    path = f"/reviews/{services[0].post('/extract', json=REVIEWED, headers=header).json()['review']['id']}"
    end_all_connections(database)
    assert services[0].get("/health/ready").json()["database"] == "ok"
    assert services[0].post(path, json=ORG, headers=header).status_code == 200
    end_all_connections(database)
    assert services[0].post("/extract", json=REVIEWED, headers=header).status_code == 202


def test_a_character_that_postgres_does_not_keep_is_named(made: Made, services: list[TestClient]) -> None:
    header = made.token("odd")
    answer = services[0].post("/extract", json=REVIEWED | {"id": "a\0b"}, headers=header)
    assert (answer.status_code, answer.json()["error"]) == (422, "PostError")
    assert "U+0000" in answer.json()["detail"]
    assert services[0].get("/reviews", headers=header).json() == {"reviews": []}
