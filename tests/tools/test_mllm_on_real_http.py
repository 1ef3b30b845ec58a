"""How the MLLM client is set up: from the environment, and with which waits."""

from pathlib import Path

import pytest
from tenacity import RetryCallState, Retrying

from unco.errors import SettingsError
from unco.tools.llm.client import Mllm
from unco.tools.llm.retry import BACK_OFF
from unco.tools.llm_settings import mllm_from_env


def test_from_env(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("UNCO_LLM_BASE_URL", "UNCO_LLM_MODEL", "UNCO_LLM_FRAME", "OPENAI_API_KEY", "UNCO_RECORDING"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "cache"))
    assert not mllm_from_env().configured
    monkeypatch.setenv("UNCO_LLM_BASE_URL", "http://localhost:8000/v1")
    assert not mllm_from_env().configured
    monkeypatch.setenv("UNCO_LLM_MODEL", "small-vl")
    monkeypatch.setenv("UNCO_LLM_FRAME", "norm1000")
    monkeypatch.setenv("UNCO_RECORDING", str(tmp_path / "asked.jsonl"))
    mllm = mllm_from_env()
    assert mllm.configured
    assert mllm.frame == "norm1000"
    assert (mllm.model, mllm.recording and mllm.recording.path) == ("small-vl", tmp_path / "asked.jsonl")
    assert list(tmp_path.iterdir()) == [], "nothing is opened before it is needed"


def test_an_address_without_http_is_refused() -> None:
    with pytest.raises(SettingsError, match="http://"):
        Mllm("localhost:8000", "small-vl")


@pytest.mark.parametrize(("attempt", "least"), [(1, 0.5), (2, 1.0), (3, 2.0), (9, 8.0)])
def test_waits_double_up_to_a_limit(attempt: int, least: float) -> None:
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    assert least <= BACK_OFF(state) <= least + 1
