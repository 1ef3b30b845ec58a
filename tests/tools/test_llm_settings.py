"""The settings file: a chain of models with terms; faults are named, keys never stand in it."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.tools.llm.budget import Caps
from unco.tools.llm_settings import mllm_for_probe, mllm_from_env, mllm_from_settings
from unco.tools.settings_file import read_settings

FULL = """
models:
  - {model: qwen2.5-vl-7b, base_url: "http://localhost:8000/v1", requests_per_minute: 600}
  - {model: gpt-4o, base_url: "https://api.example.com/v1", key: TEST_KEY, frame: pixels, timeout_s: 5, deadline_s: 9}
privacy: {region: local, type: [API.example.com], longest_side: 1024, crop: [type]}
budget: {calls: 1000, usd: 5}
prices:
  - {pattern: qwen, input: 0, output: 0}
egress_log: egress.jsonl
"""


def settings_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "unco.yaml"
    path.write_text(text)
    return path


def test_a_chain_with_its_terms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    first = mllm_from_settings(read_settings(settings_file(tmp_path, FULL)), None, None)
    [second] = first.fallbacks
    assert (first.model, second.model, second.frame) == ("qwen2.5-vl-7b", "gpt-4o", "pixels")
    assert first.terms.budget is second.terms.budget
    assert first.terms.rate is not second.terms.rate
    assert first.terms.budget.caps == Caps(1000, 5.0)
    assert first.terms.privacy.type == ("api.example.com",)
    assert first.terms.privacy.longest_side == 1024
    assert first.terms.privacy.crop == {"type"}
    own, shipped = first.terms.prices.of("qwen2.5-vl-7b"), first.terms.prices.of("gpt-4o")
    assert own is not None
    assert shipped is not None
    assert (own.input, shipped.input) == (0, 2.5)
    assert first.terms.prices.version.endswith("+own")
    assert "sk-secret" not in repr(vars(second))


def test_the_environment_names_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_SETTINGS", str(settings_file(tmp_path, FULL)))
    with pytest.raises(SettingsError, match="'gpt-4o' needs the environment variable TEST_KEY"):
        mllm_from_env()
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    assert mllm_from_env().model == "qwen2.5-vl-7b"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("models: []", "models: List should have at least 1 item"),
        ("", "valid dictionary"),
        ("models: [{model: m}]", "models.0.base_url: Field required"),
        ("models: [{model: m, base_url: u, api_key: sk-1}]", "models.0.api_key: Extra inputs"),
        ("models: [{model: m, base_url: u}]\nprivacy: {span: remote}", "privacy.span: .*must be any, local, or a list"),
        ("models: [{model: m, base_url: u}]\nprivacy: {crop: [region]}", "privacy.crop.0"),
        ("models: [{model: m, base_url: u, attempts: 0}]", "models.0.attempts"),
        ("models: [{model: m, base_url: u}]\nbudget: {usd: -1}", "budget.usd"),
        ("models: [{model: m, base_url: u, key: sk-proj-1}]", "models.0.key: String should match"),
        ("models: [{model: m, base_url: u}]\nbudget: {usd: .inf}", "budget.usd"),
        ("models: [{model: m, base_url: u}]\nprices: [{pattern: '*q', input: 1, output: 1}]", "no regular expression"),
        ("models: [", "cannot be read"),
        ("!!python/object/apply:os.system [ls]", "cannot be read"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault):
        read_settings(settings_file(tmp_path, text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_settings(tmp_path / "none.yaml")


def test_a_probe_asks_on_the_settings_terms_and_without_a_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_SETTINGS", str(settings_file(tmp_path, FULL)))
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    found = mllm_for_probe("gpt-4o", None)
    assert (found.base_url, found.cache, found.terms.budget.caps) == (
        "https://api.example.com/v1",
        None,
        Caps(1000, 5.0),
    )
    assert mllm_for_probe(None, None).model == "qwen2.5-vl-7b"
    with pytest.raises(SettingsError, match="no model 'x': there is qwen2.5-vl-7b, gpt-4o"):
        mllm_for_probe("x", None)
    elsewhere = mllm_for_probe("x", "http://localhost:1/v1")
    assert (elsewhere.model, elsewhere.base_url) == ("x", "http://localhost:1/v1")


def test_blanks_around_a_setting_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "UNCO_LLM_BASE_URL": " http://localhost:8000/v1\r\n",
        "UNCO_LLM_MODEL": "my-model\n",
        "UNCO_LLM_FRAME": " 0-1000 ",
        "OPENAI_API_KEY": "sk-secret\n",  # pragma: allowlist secret
    }.items():
        monkeypatch.setenv(name, value)
    found = mllm_from_env()
    assert (found.base_url, found.model, found.frame) == ("http://localhost:8000/v1", "my-model", "0-1000")
    monkeypatch.setenv("OPENAI_API_KEY", " \n")
    assert not mllm_from_env().has_key


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UNCO_LLM_BASE_URL", "http://0177.0.0.1/v1"),
        ("UNCO_LLM_BASE_URL", "http://host\t/v1"),
        ("UNCO_LLM_BASE_URL", "http://me:secret@host/v1"),  # pragma: allowlist secret
        ("UNCO_LLM_MODEL", "my\nmodel-secret"),
        ("OPENAI_API_KEY", "“sk-secret”"),
        ("OPENAI_API_KEY", "sk-secret\nx"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named_and_not_shown(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://localhost:8000/v1")
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=f"^{name} ") as caught:
        mllm_from_env()
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_settings_file_says_which_model_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_SETTINGS", str(settings_file(tmp_path, FULL)))
    monkeypatch.setenv("TEST_KEY", "sk-secret\x00".replace("\x00", "\x07x"))
    with pytest.raises(SettingsError, match="^the environment variable TEST_KEY holds") as caught:
        mllm_from_env()
    assert "secret" not in str(caught.value)
    monkeypatch.setenv("TEST_KEY", " \n")
    with pytest.raises(SettingsError, match="TEST_KEY, which is not set"):
        mllm_from_env()
    monkeypatch.setenv("TEST_KEY", "sk-secret\n")
    assert mllm_from_env().fallbacks[0].has_key
    settings_file(tmp_path, FULL.replace("https://api.example.com/v1", "https://api..example/v1"))
    with pytest.raises(SettingsError, match="^base_url of model 'gpt-4o' in the settings file must be like"):
        mllm_from_env()


def test_the_frame_of_the_environment_is_the_first_models_where_the_file_names_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNCO_SETTINGS", str(settings_file(tmp_path, FULL.replace(", frame: pixels", ""))))
    monkeypatch.setenv("TEST_KEY", "sk-secret")
    monkeypatch.setenv("UNCO_LLM_FRAME", "0-1000")
    first = mllm_from_env()
    assert (first.frame, first.fallbacks[0].frame) == ("0-1000", None)
    assert mllm_for_probe(None, None).frame == "0-1000"
    settings_file(tmp_path, FULL.replace("requests_per_minute: 600", "frame: 0-1"))
    assert mllm_from_env().frame == "0-1"


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ("temperature: 3", "temperature: Input should be less than or equal to 2"),
        ("max_tokens: 0", "max_tokens"),
        ("limit_field: tokens", "limit_field"),
        ("extra_body: {messages: []}", "messages cannot stand here"),
        ("extra_body: {top_p: .nan}", "extra_body"),
        ("extra_body: {day: 2026-01-01}", "extra_body"),
        ("headers: {X-Team: [a]}", "headers.X-Team"),
    ],
)
def test_a_setting_of_a_model_that_cannot_be_is_named(tmp_path: Path, setting: str, fault: str) -> None:
    text = f'models: [{{model: a, base_url: "http://127.0.0.1:1/v1", {setting}}}]'
    with pytest.raises(SettingsError, match=fault):
        read_settings(settings_file(tmp_path, text))


def test_settings_of_a_model_reach_its_calls(tmp_path: Path) -> None:
    own = "temperature: 0.2, max_tokens: 900, limit_field: max_tokens, system: false, reasoning_effort: low"
    text = f'models: [{{model: a, base_url: "http://127.0.0.1:1/v1", {own}, extra_body: {{seed: 1}}}}]'
    options = mllm_from_settings(read_settings(settings_file(tmp_path, text)), None, None).options
    assert options.decided_shape() == {"temperature": True, "limit_field": "max_tokens", "system": False, "room": 1}
    assert (options.temperature, options.max_tokens) == (0.2, 900)
    assert options.extra_body == '{"reasoning_effort": "low", "seed": 1}'
