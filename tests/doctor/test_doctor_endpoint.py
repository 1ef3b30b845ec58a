"""`unco doctor` on endpoints: reachable, model listed, JSON output, vision, box frame."""

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


def test_a_model_that_is_not_listed_is_not_asked() -> None:
    with serve() as server:
        server.models = ["a-vl", "b-vl"]
        checks = checks_of(server)
        assert server.calls == 0
    assert states(checks) == {"endpoint": "fault", "box frame": "warning"}
    assert "a-vl, b-vl" in checks["endpoint"].found


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
