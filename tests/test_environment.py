"""Settings are read in one place, when they are used, and a broken one is named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import unco.graph
from unco.environment import FORWARDED, VARIABLES, environment
from unco.errors import SettingsError
from unco.tools.llm.cache.store import Cache

ROOT = Path(__file__).parents[1]
READ_ELSEWHERE = {
    *("RAY_ADDRESS", "RAY_USAGE_STATS_ENABLED", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO"),
    "ORT_DISABLE_TELEMETRY",
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"),
}
"""Ray's own, ONNX Runtime's and OpenSSL's."""


def test_a_variable_that_is_set_later_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment().llm_model == ""
    monkeypatch.setenv("UNCO_LLM_MODEL", "qwen2.5-vl")
    assert environment().llm_model == "qwen2.5-vl"
    monkeypatch.delenv("UNCO_LLM_MODEL")
    assert environment().llm_model == ""


def test_unset_and_empty_picture_roots_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    assert environment().picture_roots is None
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", "")
    assert environment().picture_roots == ""


def test_a_value_that_is_no_text_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNCO_LLM_MODEL", os.fsdecode(b"\xffqwen"))
    monkeypatch.setenv("OPENAI_API_KEY", os.fsdecode(b"\xffhidden"))
    with pytest.raises(SettingsError, match="OPENAI_API_KEY, UNCO_LLM_MODEL is not valid text") as raised:
        environment()
    assert "hidden" not in str(raised.value)


def test_the_key_stays_where_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "made-up")
    assert "made-up" not in repr(environment())
    assert "OPENAI_API_KEY" not in FORWARDED
    assert {name for name in VARIABLES.values() if name.startswith("UNCO_")} == set(FORWARDED)


def test_no_other_module_reads_the_environment() -> None:
    """Variables of ours are written once; what reads others says so above."""
    for path in sorted((ROOT / "unco").rglob("*.py")):
        source = path.read_text("utf-8")
        if path.name != "environment.py":
            assert not re.search(r"environ(\.get)?[\[(]\s*[\"']UNCO_", source), path
            read = set(re.findall(r"environ(?:\.get|\.setdefault)?[\[(]\s*[\"'](\w+)", source))
            assert read <= READ_ELSEWHERE, path


def test_a_path_may_begin_at_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("UNCO_CACHE_DIR", "~/cache")
    monkeypatch.setenv("UNCO_PICTURE_ROOTS", f"~{os.pathsep}/srv/~a")
    assert environment().cache_directory() == tmp_path / "cache"
    assert environment().picture_roots == f"{tmp_path}{os.pathsep}/srv/~a"
    monkeypatch.setenv("UNCO_CACHE_DIR", "~nobody-of-that-name/cache")
    assert environment().cache_directory() == Path("~nobody-of-that-name/cache")


def test_without_a_home_the_cache_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("UNCO_CACHE_DIR")
    monkeypatch.setattr(Path, "home", homeless)
    cache = Cache()  # nothing is looked up before it is used
    with pytest.raises(SettingsError, match="set UNCO_CACHE_DIR"):
        cache.get("key")


def run(code: str, **variables: str) -> str:
    """Run code in a new process with these variables alone, without a home; return what it prints."""
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env={"PYTHONPATH": str(ROOT), **variables}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_the_graph_reads_no_setting() -> None:
    code = """
import pathlib
def homeless(*_):
    raise RuntimeError("Could not determine home directory.")
pathlib.Path.home = classmethod(homeless)
pathlib.Path.expanduser = homeless
from unco.graph import build_graph
import os, unco, unco.graph
os.environ["UNCO_SETTINGS"] = ""
result = unco.extract("Grace Hopper joined the US Navy", context=unco.Context(mode="off"))
print([entity.text for entity in result.entities], "graph" in vars(unco.graph))
"""
    assert run(code, UNCO_SETTINGS="/nowhere/settings.yaml") == "['Grace Hopper', 'US Navy'] False\n"


def test_the_default_graph_takes_what_was_set_after_the_import(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    unco.graph.reset()
    first = unco.graph.graph
    assert unco.graph.graph is first
    monkeypatch.setenv("UNCO_SETTINGS", str(tmp_path / "none.yaml"))
    assert unco.graph.graph is first
    unco.graph.reset()
    with pytest.raises(SettingsError, match="none.yaml"):
        _ = unco.graph.graph
    monkeypatch.delenv("UNCO_SETTINGS")
    assert unco.graph.graph is not first
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = unco.graph.nonsense
