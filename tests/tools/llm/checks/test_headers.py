"""Headers of the user's own: to the right host, fit to be sent, and no secret in a file."""

from pathlib import Path

import pytest

from unco.errors import SettingsError
from unco.tools.llm.checks.headers import account_headers, split_headers
from unco.tools.llm_settings import mllm_for_probe, mllm_from_env

CHAIN = """
models:
  - {model: a, base_url: "http://127.0.0.1:8001/v1", headers: {X-Route: eu, api-key: "${TEST_KEY}"}}
  - {model: b, base_url: "http://127.0.0.1:8001/other"}
  - {model: c, base_url: "http://127.0.0.1:8002/v1", headers: {X-Route: us}}
"""


def test_a_value_may_stand_in_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_KEY", " hidden\n")
    plain, secret = split_headers({"X-Team": " a ", "X-Api-Key": "${TEST_KEY}"}, "model 'm'")
    assert (plain, secret) == ((("X-Team", "a"),), (("X-Api-Key", "hidden"),))


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("Authorization", "Bearer sk-1", "may hold a secret: put it into an environment variable"),
        ("X-Api-Key", "sk-1", "may hold a secret"),
        ("Host", "evil.example", "belongs to the connection"),
        ("Content-Length", "0", "belongs to the connection"),
        ("X Team", "a", "no name of a header"),
        ("", "a", "no name of a header"),
        ("X-Team", "a\r\nX-Other: b", "cannot carry"),
        ("X-Team", "tea\u2019m", "cannot carry"),
        ("X-Api-Key", "${NOT_SET}", "needs the environment variable NOT_SET, which is not set"),
    ],
)
def test_what_cannot_be_sent_is_named(name: str, value: str, fault: str) -> None:
    with pytest.raises(SettingsError, match=fault) as caught:
        split_headers({name: value}, "model 'm' in the settings file")
    assert "sk-1" not in str(caught.value)


def test_the_account_goes_to_the_first_host_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "unco.yaml"
    path.write_text(CHAIN)
    account = {"OPENAI_ORG_ID": "org-1", "OPENAI_PROJECT_ID": "proj-1", "OPENAI_CUSTOM_HEADERS": "X-Team: red\nX-B: c"}
    for name, value in {"UNCO_SETTINGS": str(path), "TEST_KEY": "hidden", **account}.items():
        monkeypatch.setenv(name, value)
    first = mllm_from_env(cached=False)
    chain = {llm.model: llm.options.all_headers() for llm in (first, *first.fallbacks)}
    sent = {"OpenAI-Organization": "org-1", "OpenAI-Project": "proj-1", "X-Team": "red", "X-B": "c"}
    assert chain == {"a": {"X-Route": "eu", "api-key": "hidden", **sent}, "b": sent, "c": {"X-Route": "us"}}
    assert first.options.headers == (("X-Route", "eu"),)
    assert mllm_for_probe("a", "http://127.0.0.1:8002/v1").options.all_headers() == {}
    assert mllm_for_probe("a", "http://127.0.0.1:8001/v1").options.all_headers() == sent


def test_a_header_of_the_file_wins_over_the_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "unco.yaml"
    path.write_text('models: [{model: a, base_url: "http://127.0.0.1:1/v1", headers: {x-team: blue}}]')
    monkeypatch.setenv("UNCO_SETTINGS", str(path))
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Team: red")
    assert mllm_from_env(cached=False).options.all_headers() == {"x-team": "blue"}


@pytest.mark.parametrize(
    ("variable", "value", "fault"),
    [
        ("OPENAI_CUSTOM_HEADERS", "nonsense", "needs a line `Name: value`"),
        ("OPENAI_CUSTOM_HEADERS", "Host: a", "belongs to the connection"),
        ("OPENAI_ORG_ID", "org\u2019s", "cannot carry"),
    ],
)
def test_a_variable_that_cannot_be_sent_is_named(
    variable: str, value: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=f"^{variable}.*{fault}"):
        account_headers()
