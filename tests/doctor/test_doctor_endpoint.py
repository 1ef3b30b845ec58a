"""`unco doctor` on endpoints: reachable, model listed, JSON output, vision, box frame."""

import json
from pathlib import Path

import pytest
from pydantic import SecretStr

from tests.tools.llm.openai_server import OpenAIServer, Step, completion, refusal, serve
from unco.doctor.check import Check, State
from unco.doctor.endpoint import check_endpoint, check_endpoints
from unco.evals.simulation import simulate
from unco.tools.box_frames.saved import save_frame
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.privacy import Privacy

KEY = "sk-made-up"
BOX = '{"reasoning_process": "There.", "corrected_bounding_box": [353, 47, 545, 167]}'
BLIND = '{"reasoning_process": "Nothing there.", "corrected_bounding_box": null}'


def checks_of(server: OpenAIServer, model: str = "authored-test", terms: Terms | None = None) -> dict[str, Check]:
    llm = Mllm(server.url, model, SecretStr(KEY), attempts=1, terms=terms)
    checks = list(check_endpoint(llm))
    assert not [check for check in checks if KEY in f"{check.found}{check.advice}"]
    return {check.name.split(" of ")[0].split(f" {model}")[0]: check for check in checks}


def states(checks: dict[str, Check]) -> dict[str, State]:
    return {name: check.state for name, check in checks.items()}


def test_a_working_endpoint_passes() -> None:
    with serve() as server:
        server.models, server.script = ["authored-test", "other"], [Step(completion(BOX))]
        checks = checks_of(server)
        assert server.calls == 1
    assert states(checks) == {"endpoint": "ok", "JSON": "ok", "vision": "ok", "box frame": "warning"}
    save_frame(server.url, "authored-test", "pixels")
    assert (
        next(check for check in check_endpoint(Mllm(server.url, "authored-test")) if "frame" in check.name).state
        == "ok"
    )


def test_an_endpoint_that_lists_no_models_is_still_asked() -> None:
    with serve() as server:
        server.script = [Step(completion(BOX))]
        assert states(checks_of(server))["endpoint"] == "warning"
        assert server.calls == 1


@pytest.mark.parametrize(
    ("script", "name", "state"),
    [
        ([Step(completion("I am sorry"))], "JSON", "fault"),
        ([Step(completion(BLIND))], "vision", "fault"),
        ([refusal(400, "no such field: response_format"), Step(completion(BOX))], "JSON", "warning"),
        ([refusal(401, f"wrong key {KEY}")], "JSON", "fault"),
    ],
)
def test_a_failing_check_is_named(script: list[Step], name: str, state: State) -> None:
    with serve() as server:
        server.models, server.script = ["authored-test"], script
        assert checks_of(server)[name].state == state


def test_an_unknown_family_needs_a_probe() -> None:
    with serve() as server:
        server.models, server.script = ["mystery-1"], [Step(completion(BOX))]
        checks = checks_of(server, "mystery-1")
    assert checks["box frame"].state == "fault"
    assert "probe-frame" in checks["box frame"].advice


def test_a_policy_that_forbids_the_question_is_no_fault() -> None:
    with serve() as server:
        server.models = ["authored-test"]
        checks = checks_of(server, terms=Terms(privacy=Privacy(region=("elsewhere.example",))))
        assert server.calls == 0
    assert checks["JSON"].state == "skipped"
    assert checks["JSON"].found.startswith("policy:")


def test_the_simulated_model_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    with simulate([], "gemini") as simulation:
        monkeypatch.setenv("UNCO_LLM_BASE_URL", simulation.url)
        monkeypatch.setenv("UNCO_LLM_MODEL", simulation.model)
        found = [check.state for check in check_endpoints()]
    assert found == ["warning", "ok", "ok", "warning"]  # it lists no models; its frame is known by its name


def test_broken_settings_are_one_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNCO_SETTINGS", str(tmp_path / "none.yaml"))
    [check] = check_endpoints()
    assert (check.name, check.state) == ("settings", "fault")


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("authored-vl", "authored-vl:latest"),
        ("authored-vl:latest", "authored-vl"),
        ("authored-vl", "openai/authored-vl"),
        ("openrouter/openai/authored-vl", "openai/authored-vl"),
        ("authored-vl", "library/authored-vl:latest"),
    ],
)
def test_names_that_differ_by_a_tag_or_a_provider_are_the_same(model: str, listed: str) -> None:
    with serve() as server:
        server.models, server.script = ["other", listed], [Step(completion(BOX))]
        checks = checks_of(server, model)
        assert server.calls == 1
        assert server.bodies[0]["model"] == model
    assert checks["endpoint"].state == "ok"
    assert listed in checks["endpoint"].found


@pytest.mark.parametrize("listed", [["authored-test:7b"], ["xauthored-test"], ["a/b", "/models/file.gguf"], []])
def test_a_model_under_another_name_is_asked_all_the_same(listed: list[str]) -> None:
    with serve() as server:
        server.models, server.script = listed, [Step(completion(BOX))]
        checks = checks_of(server)
        assert server.calls == 1
    assert states(checks) == {"endpoint": "warning", "JSON": "ok", "vision": "ok", "box frame": "warning"}
    assert (", ".join(sorted(listed)) or "none") in checks["endpoint"].found


def test_a_refusal_of_a_model_that_is_not_listed_names_those_that_are() -> None:
    with serve() as server:
        server.models, server.script = ["a-vl", "b-vl"], [refusal(404, "model not found")]
        checks = checks_of(server)
    assert (checks["endpoint"].state, checks["JSON"].state) == ("warning", "fault")
    assert "a-vl, b-vl" in checks["JSON"].advice


@pytest.mark.parametrize("box", [[1, 2, 3, 4], [353, 47, 400, 167], [10, 300, 90, 400], [0, 0, 640, 480], [9e5] * 4])
def test_a_box_elsewhere_is_a_warning_that_says_what_came(box: list[float]) -> None:
    answer = json.dumps({"reasoning_process": "There.", "corrected_bounding_box": box})
    with serve() as server:
        server.models, server.script = ["authored-test"], [Step(completion(answer))]
        vision = checks_of(server)["vision"]
    assert vision.state == "warning"
    assert f"[{', '.join(f'{number:g}' for number in box)}] where pixels has [353, 47, 545, 167]" in vision.found


def test_a_box_in_another_frame_asks_for_a_probe() -> None:
    with serve() as server:
        server.models, server.script = ["gemini-2.5-pro"], [Step(completion(BOX))]
        vision = checks_of(server, "gemini-2.5-pro")["vision"]
    assert (vision.state, vision.advice) == ("warning", "run `unco probe-frame --model gemini-2.5-pro`")
    assert "fits in pixels" in vision.found


def variables(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("answer", [Step(), refusal(401, "no key"), refusal(404, "no model"), Step(completion(BLIND))])
@pytest.mark.parametrize("frame", ["", "0-1000", "inches"])
@pytest.mark.parametrize("listed", [["mystery-1"], ["other"], None])
def test_no_advice_names_what_is_set(
    answer: Step, frame: str, listed: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as server:
        server.models, server.script = listed, [answer]
        given = {"UNCO_LLM_BASE_URL": server.url, "UNCO_LLM_MODEL": "mystery-1", "OPENAI_API_KEY": KEY}
        given |= {"UNCO_LLM_FRAME": frame} if frame else {}
        variables(monkeypatch, **given)
        checks = check_endpoints()
    said = " ".join(f"{check.found} {check.advice}" for check in checks)
    assert not [name for name in given if name in said]


def test_an_endpoint_that_is_not_there_is_one_fault_that_names_no_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, UNCO_LLM_BASE_URL="http://127.0.0.1:1/v1", UNCO_LLM_MODEL="authored-test")
    reached = check_endpoints()[0]
    assert (reached.state, reached.found) == ("fault", "the endpoint cannot be reached")


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ({}, "set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL, or UNCO_SETTINGS"),
        ({"UNCO_LLM_BASE_URL": "http://host/v1"}, "set UNCO_LLM_MODEL"),
        ({"UNCO_LLM_MODEL": "m"}, "set UNCO_LLM_BASE_URL"),
    ],
)
def test_what_is_missing_is_named(given: dict[str, str], advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables(monkeypatch, **given)
    [check] = check_endpoints()
    assert (check.state, check.advice) == ("skipped", advice)


def test_a_key_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with serve() as server:
        server.models, server.script = ["authored-test"], [refusal(401, "no key")]
        variables(monkeypatch, UNCO_LLM_BASE_URL=server.url, UNCO_LLM_MODEL="authored-test")
        assert "set OPENAI_API_KEY" in check_endpoints()[1].advice
        (tmp_path / "s.yaml").write_text(f"models: [{{model: mystery-1, base_url: '{server.url}'}}]")
        variables(monkeypatch, UNCO_SETTINGS=str(tmp_path / "s.yaml"))
        checks = check_endpoints()
    assert "`key` in the settings file" in checks[1].advice
    assert "`frame` into the settings file" in checks[-1].advice
    assert "UNCO_" not in " ".join(check.advice for check in checks)
