"""Keys and names of models: blanks around are stripped, what cannot be sent is refused and never shown."""

import pytest
from pydantic import SecretStr

from tests.tools.llm.openai_server import OpenAIServer
from tests.tools.llm.scripted_client import REQUEST, Ask
from unco.errors import SettingsError
from unco.tools.llm.checks.sendable import clean_key, clean_model
from unco.tools.llm.client import Mllm

KEY = "sk-made-up-0123"


@pytest.mark.parametrize("around", [f"{KEY}\n", f"{KEY}\r\n", f" \t{KEY} ", f"\ufeff{KEY}\u200b", f"\u00a0{KEY}\u2028"])
def test_blanks_around_a_key_are_not_sent(server: OpenAIServer, ask: Ask, around: str) -> None:
    ask(Mllm(server.url, "small-vl", SecretStr(around)), REQUEST)
    assert server.keys == [f"Bearer {KEY}"]


@pytest.mark.parametrize("empty", ["", " ", "\n", None])
def test_a_key_of_blanks_is_none(empty: str | None) -> None:
    assert clean_key(empty) is None
    assert not Mllm("http://host/v1", "m", SecretStr(empty or "")).has_key


@pytest.mark.parametrize(
    "key", [f"“{KEY}”", f"{KEY}\nx", f"{KEY}\rx", f"{KEY}\x00x", f"{KEY}\x7fx", f"{KEY}é", f"{KEY}\ud800", f"{KEY}\tx"]
)
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(key: str) -> None:
    with pytest.raises(SettingsError, match="^MY_KEY holds") as caught:
        clean_key(SecretStr(key), "MY_KEY")
    assert KEY not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(SettingsError, match="^the API key holds"):
        Mllm("http://host/v1", "small-vl", SecretStr(key))


def test_names_of_models() -> None:
    assert clean_model(" qwen2.5vl:latest\r\n") == "qwen2.5vl:latest"
    assert clean_model("通义千问 VL") == "通义千问 VL"
    assert clean_model("") is clean_model(" ") is clean_model(None) is None


@pytest.mark.parametrize("model", ["a\nb", "a\x00b", "a\x7fb", "a\ud800b", "a\tb"])
def test_a_name_that_cannot_be_sent_is_refused(model: str) -> None:
    with pytest.raises(SettingsError, match="^MY_MODEL holds"):
        clean_model(model, "MY_MODEL")
