"""Every form that an answer can be spoilt in, and every fault of a server, really comes."""

import json
import time
from http.client import RemoteDisconnected
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from rich.console import Console
from tenacity import wait_none

from tests.evals.simulation.ask_simulation import GOLD, HALF, TEXT, about, answer_text, question, send
from unco.errors import CallFailed, ReplyError, SettingsError
from unco.evals.simulation import Profile, read_profile, simulate
from unco.evals.simulation.profile import FAULTS, MALFORMED
from unco.evals.simulation.run import run_simulation
from unco.prompts import parse_answer
from unco.prompts.specs import RegionAnswer
from unco.tools.llm.client import Mllm
from unco.tools.llm.request import Request

REGION = question(about(TEXT, "Lee"), "corrected_bounding_box", size=HALF)
UNREADABLE = {"truncated", "empty", "wrong_key", "null_content"}


@pytest.mark.parametrize("family", ["qwen3-vl", "gemini"])
@pytest.mark.parametrize("kind", MALFORMED)
def test_each_form_comes_and_is_read_or_refused(kind: str, family: str) -> None:
    with simulate([GOLD], family, Profile(malformed={kind: 1})) as simulation:
        _, _, reply = send(simulation.url, REGION)
    assert simulation.counts[kind] == 1
    choice = reply["choices"][0]
    if kind in UNREADABLE:
        with pytest.raises(ReplyError):
            parse_answer(choice["message"]["content"] or "", choice["finish_reason"], "region")
        return
    answer = parse_answer(choice["message"]["content"], choice["finish_reason"], "region")
    assert isinstance(answer, RegionAnswer)
    box = (100, 100, 400, 900) if family == "qwen3-vl" or answer.named_corners else (100, 100, 900, 400)
    assert answer.corrected_bounding_box == box


def test_all_forms_come_in_their_shares() -> None:
    with simulate([GOLD], "qwen3-vl", Profile(malformed=dict.fromkeys(MALFORMED, 1 / 13))) as simulation:
        texts = {answer_text(simulation.url, REGION) for _ in range(150)}
    assert {kind for kind in MALFORMED if simulation.counts[kind]} == set(MALFORMED)
    assert sum(simulation.counts[kind] for kind in MALFORMED) == 150
    assert len(texts) == 13


def test_a_refusal() -> None:
    with simulate([GOLD], "qwen3-vl", Profile(refusal=1)) as simulation:
        text = answer_text(simulation.url, REGION)
    with pytest.raises(ReplyError, match="no JSON object"):
        parse_answer(text or "", "stop", "region")


def ask(url: str, timeout_s: float = 5) -> str:
    request = Request(model="any", system='{"corrected_entity": <words>}', user=about(TEXT, "Lee"))
    return Mllm(url, "any", attempts=1, timeout_s=timeout_s).ask(request, "live").text


@pytest.mark.parametrize(
    ("fault", "said_as"),
    [
        ("rate_limit", "status 429"),
        ("rate_limit_retry_after", "status 429"),
        ("server_error", "status 500: a simulated fault"),
        ("reset", "broke off"),
        ("hang", "too long"),
    ],
)
def test_each_fault_comes(fault: str, said_as: str) -> None:
    with simulate([GOLD], "gemini", Profile(faults={fault: 1})) as simulation:
        with pytest.raises(CallFailed, match=said_as):
            ask(simulation.url, 0.2 if fault == "hang" else 5)
    assert simulation.counts[fault] == 1


def test_faults_as_they_look_on_the_wire() -> None:
    def headers(fault: str) -> dict[str, str]:
        with simulate([GOLD], "gemini", Profile(faults={fault: 1})) as simulation:
            return send(simulation.url, REGION)[1]

    assert headers("rate_limit_retry_after")["Retry-After"] == "1"
    assert "Retry-After" not in headers("rate_limit")
    with pytest.raises(ConnectionResetError):
        headers("reset")
    with simulate([GOLD], "gemini", Profile(faults={"hang": 1}, hang_s=0.05)) as simulation:
        with pytest.raises(RemoteDisconnected):
            send(simulation.url, REGION)


def test_asking_again_helps() -> None:
    half = Profile(faults=dict.fromkeys(FAULTS[:4], 0.125))
    with simulate([GOLD], "gemini", half, seed=3) as simulation:
        request = Request(model="any", system='{"corrected_entity": <words>}', user=about(TEXT, "Lee"))
        llm = Mllm(simulation.url, "any", attempts=12, wait=wait_none())
        texts = [llm.ask(request, "live").text for _ in range(20)]
    assert all(json.loads(text) == {"corrected_entity": "Ann Lee"} for text in texts)
    assert sum(simulation.counts[fault] for fault in FAULTS) > 5


@pytest.mark.parametrize(
    ("understood", "wanted", "status"),
    [
        ("json_schema", "json_schema", 200),
        ("json_schema", "json_object", 200),
        ("json_object", "json_object", 200),
        ("json_object", "json_schema", 400),
        ("none", "json_object", 400),
        ("none", "text", 200),
    ],
)
def test_response_formats(understood: str, wanted: str, status: int) -> None:
    with simulate([GOLD], "gemini", Profile(response_format=understood)) as simulation:
        got, _, reply = send(simulation.url, REGION | {"response_format": {"type": wanted}})
        assert send(simulation.url, REGION)[0] == 200
    assert got == status
    assert status == 200 or wanted in reply["error"]["message"]


def test_latency() -> None:
    with simulate([GOLD], "gemini", Profile(latency_s=0.1)) as simulation:
        start = time.perf_counter()
        answer_text(simulation.url, REGION)
    assert time.perf_counter() - start >= 0.1


@pytest.mark.parametrize("body", [{}, {"messages": []}, {"messages": [{"role": "user", "content": 5}]}])
def test_what_is_no_request_is_refused(body: dict[str, Any]) -> None:
    with simulate([GOLD], "gemini") as simulation:
        status, _, reply = send(simulation.url, body)
    assert status == 400
    assert "not a chat completion request" in reply["error"]["message"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rigth: {}", "rigth: Extra inputs"),
        ("right: {span: 2, type: 1, region: 1}", "right.span"),
        ("malformed: {crumpled: 0.1}", "malformed.crumpled"),
        ("malformed: {fenced: 0.6, empty: 0.6}", "together above 1"),
        ("faults: {reset: 0.6, hang: 0.6}", "faults are together above 1"),
        ("response_format: xml", "response_format"),
        ("a: [", "cannot be read"),
    ],
)
def test_profiles_that_are_none(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text(text)
    with pytest.raises(SettingsError, match=says):
        read_profile(tmp_path / "profile.yaml")


def test_a_profile(tmp_path: Path) -> None:
    (tmp_path / "profile.yaml").write_text("right: {span: 0.9, type: 0.8, region: 0.7}\nmalformed: {fenced: 0.2}\n")
    profile = read_profile(tmp_path / "profile.yaml")
    assert (profile.right.region, profile.malformed, profile.refusal) == (0.7, {"fenced": 0.2}, 0)
    assert read_profile(None) == Profile()


def test_the_command_serves_and_tells_in_the_end_what_happened(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text(json.dumps({"text": TEXT, "entities": [{"start": 0, "stop": 2, "type": "PER"}]}) + "\n")
    until, console = Event(), Console(record=True, width=200)
    arguments = (gold, "gemini", None, 0, 0, None, console, until)
    server = Thread(target=run_simulation, args=arguments)
    server.start()
    while "export" not in (shown := console.export_text(clear=False)):
        time.sleep(0.01)
    url = shown.split("UNCO_LLM_BASE_URL=")[1].split()[0]
    assert json.loads(ask(url)) == {"corrected_entity": "Ann Lee"}
    until.set()
    server.join()
    shown = console.export_text()
    assert "This is no model" in shown
    assert "answers: 1, questions: 1" in shown


def test_a_taken_port_and_an_unknown_family_are_refused(tmp_path: Path) -> None:
    gold = tmp_path / "gold.jsonl"
    gold.write_text("")
    with simulate([], "gemini") as simulation:
        port = int(simulation.url.split(":")[2].split("/")[0])
        with pytest.raises(SettingsError, match=f"port {port} cannot be used"):
            run_simulation(gold, "gemini", None, port, 0, None, Console(), Event())
    with pytest.raises(SettingsError, match="choose one of qwen2-vl"):
        run_simulation(gold, "llava", None, 0, 0, None, Console(), Event())
