"""Certificates of the environment: one that is not there is named before anything is asked."""

import os
from pathlib import Path

import pytest

from tests.tools.llm.openai_server import OpenAIServer
from tests.tools.llm.scripted_client import REQUEST, Ask, client
from unco.errors import SettingsError
from unco.tools.llm.checks.certificates import check_certificates, tls_context
from unco.tools.llm_settings import mllm_from_env

NAMES = ["SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_that_is_not_there_is_named(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(name, str(tmp_path / "none" / "certificates.pem"))
    with pytest.raises(SettingsError, match=f"^the environment variable {name} names"):
        check_certificates()
    assert mllm_from_env().base_url is None  # nobody is asked
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://localhost:1/v1")
    with pytest.raises(SettingsError, match=name):
        mllm_from_env()


@pytest.mark.parametrize("content", ["", "no certificate", "\x00\x01"])
def test_a_file_of_something_else_is_named(content: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file.pem").write_text(content)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "file.pem"))
    with pytest.raises(SettingsError, match="SSL_CERT_FILE names a file that holds no certificates"):
        check_certificates()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path))
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        check_certificates()


def test_a_client_that_is_built_by_hand_says_the_same(
    server: OpenAIServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        ask(client(server), REQUEST)


def test_certificates_that_are_there_are_fine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import certifi

    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere")  # of other programs
    monkeypatch.setenv("SSL_CERT_DIR", f"/nowhere:{tmp_path}")
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    check_certificates()


def test_clients_share_a_context_until_the_environment_or_the_file_changes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import certifi

    file = tmp_path / "own.pem"
    file.write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    first = tls_context()
    assert tls_context() is first
    os.utime(file, ns=(1, 1))
    assert (second := tls_context()) is not first
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert tls_context() is not second
    file.write_text("no certificate")
    with pytest.raises(SettingsError, match="SSL_CERT_FILE names a file that holds no certificates"):
        tls_context()
