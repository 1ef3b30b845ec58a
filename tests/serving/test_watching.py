"""What the service tells whoever runs it: health, counts, and a log without texts, keys and paths."""

import json
import logging
from typing import Any

import pytest

from tests.scripted import kind
from tests.serving.made import TEXT, WRONG, Made
from tests.tools.extraction.made_policy import policy_of
from unco.evals.watch.features import DOUBT
from unco.serving.logs import JsonLines
from unco.serving.metrics import count_result
from unco.tools.extraction.policy import REFERENCE_STEPS, write_policy

POST = {"text": TEXT}


def counted(text: str, name: str, **labels: str) -> float:
    """Add up the samples of a count that have these labels."""
    lines = [line for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))]
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    return sum(float(line.rpartition(" ")[2]) for line in lines if all(label in line for label in wanted))


def test_counts_say_what_became_of_posts_attributes_and_calls(made: Made) -> None:
    made.answers({("type", "Ann"): kind("ORG")})
    with made.client() as client:
        before = client.get("/metrics").text
        client.post("/extract", json=POST)
        client.post("/extract", json={})
        after = client.get("/metrics").text

    def grown(name: str, **labels: str) -> float:
        return counted(after, name, **labels) - counted(before, name, **labels)

    assert grown("unco_posts_total", outcome="result") == grown("unco_posts_total", outcome="refused") == 1
    assert grown("unco_routed_posts_total") == 1
    assert grown("unco_corrections_total", attribute="type", type="ORG", outcome="changed") == 1
    assert grown("unco_corrections_total", outcome="skipped") == 5
    assert grown("unco_calls_total", source="endpoint") == 1
    assert grown("unco_tokens_total", direction="input") == 11
    assert grown("unco_requests_total", route="/extract", status="200") == 1
    assert grown("unco_requests_total", route="/extract", status="422") == 1
    assert grown("unco_request_seconds_count", route="/extract") == 2


def test_no_count_has_a_label_of_a_clients_choice(made: Made) -> None:
    own = {"labels": [{"name": "MADE-UP", "description": "A name."}]}
    with made.client() as client:
        client.post("/extract", json=POST | {"context": own})
        client.request("GET", "/a/MADE-UP")
        text = client.get("/metrics").text
    assert "MADE-UP" not in text
    assert counted(text, "unco_requests_total", route="other", status="404") >= 1


def test_ready_tells_of_model_endpoint_database_and_disk(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    with made.client() as client:
        found = client.get("/health/ready")
        assert found.status_code == 200
        assert found.json()["model"] == "loaded"
        assert (found.json()["endpoint"], found.json()["database"], found.json()["disk"]["state"]) == ("ok", "ok", "ok")
        monkeypatch.setattr("unco.serving.machine.LEAST_FREE_BYTES", 2**62)
        assert client.get("/health/ready").status_code == 503


def test_the_log_has_a_line_for_each_request_and_nothing_of_its_post(
    made: Made, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "unco.serving")
    header = made.token("newsroom")
    made.answers(WRONG)
    with made.client() as client:
        client.post("/extract", json=POST, headers=header | {"X-Request-ID": "a b"})
        client.post("/extract", json=POST | {"image": "/etc/passwd"}, headers=header | {"X-Request-ID": "mine"})
        client.get("/secret-path?token=x", headers=header)
    lines: list[Any] = [json.loads(JsonLines().format(record)) for record in caplog.records]
    first, second, third = [line for line in lines if line["event"] == "request"]
    assert (first["status"], first["token"], first["posts"], first["entities"]) == (200, "newsroom", 1, 2)
    assert (first["routed"], first["calls"], len(first["request_id"])) == (1, 1, 32)
    assert (second["status"], second["request_id"], third["route"]) == (422, "mine", "other")
    text = json.dumps(lines)
    for secret in (TEXT, "Owls", "/etc/passwd", "secret-path", header["Authorization"].split()[1], str(made.folder)):
        assert secret not in text


def test_a_message_of_another_library_loses_its_paths_and_a_fault_its_words() -> None:
    record = logging.LogRecord("other", logging.ERROR, "", 1, "cannot open %s", ("/srv/a b/c.txt",), None)
    assert json.loads(JsonLines().format(record))["event"].startswith("cannot open <path>")
    try:
        count_result({})
    except KeyError as error:
        fault = logging.LogRecord("other", logging.ERROR, "", 1, "x", (), (KeyError, error, error.__traceback__))
    line = json.loads(JsonLines().format(fault))
    assert (line["fault"], line["at"].partition(":")[0]) == ("KeyError", "serving/metrics.py")


def watched_by(made: Made, monkeypatch: pytest.MonkeyPatch, capitals: int) -> None:
    """Give the service a policy whose posts had that share of capitals, in hundredths; those of these tests have 17."""
    counts = tuple(400 * (step == capitals) for step in range(REFERENCE_STEPS))
    policy = policy_of(reference={"posts": 400, "counts": {"capitals": counts}})
    write_policy(policy, made.folder / "policy.yaml")
    monkeypatch.setenv("UNCO_POLICY", str(made.folder / "policy.yaml"))


def test_a_gauge_says_whether_posts_look_like_the_policys(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "unco.serving")
    many = {"posts": [POST] * 60}
    watched_by(made, monkeypatch, capitals=17)
    with made.client() as client:
        client.post("/extract/many", json=many)
        alike = client.get("/metrics").text
    watched_by(made, monkeypatch, capitals=90)
    with made.client() as client:
        client.post("/extract/many", json=many | {"context": {"type_threshold": 0.9}})
        chosen = client.get("/metrics").text
        client.post("/extract/many", json=many)
        client.post("/extract/stream", json=POST)
        changed = client.get("/metrics").text
    assert counted(alike, "unco_watch_alarm", watched="capitals") == 0
    assert 0 < counted(alike, "unco_watch_evidence", watched="capitals") < 1
    assert counted(chosen, "unco_watch_alarm") == 0, "a client's own settings say nothing of the posts"
    assert counted(changed, "unco_watch_alarm", watched="capitals") == 1
    assert counted(changed, "unco_watch_evidence", watched="capitals") >= 1
    [alarm] = [record for record in caplog.records if record.getMessage() == "alarm"]
    assert json.loads(JsonLines().format(alarm))["watched"] == ["capitals"]


@pytest.mark.parametrize(("memory", "alarms"), [("", 1), ("memory.db", 0)])
def test_a_memory_raises_no_alarm_by_the_doubts_that_it_changes(
    made: Made, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, memory: str, alarms: int
) -> None:
    none_doubtful = tuple(400 * (step == 0) for step in range(REFERENCE_STEPS))
    policy = policy_of(reference={"posts": 400, "counts": {DOUBT: none_doubtful, "routed type": none_doubtful}})
    write_policy(policy, made.folder / "policy.yaml")
    monkeypatch.setenv("UNCO_POLICY", str(made.folder / "policy.yaml"))
    monkeypatch.setenv("UNCO_MEMORY", memory and str(made.folder / memory))
    with made.client() as client:
        client.post("/extract/many", json={"posts": [POST] * 60})
    assert [record.getMessage() for record in caplog.records].count("alarm") == alarms


def test_a_policy_that_does_not_know_its_posts_is_served_without_a_watch(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_policy(policy_of(), made.folder / "policy.yaml")
    monkeypatch.setenv("UNCO_POLICY", str(made.folder / "policy.yaml"))
    with made.client() as client:
        assert client.post("/extract", json=POST).status_code == 200
