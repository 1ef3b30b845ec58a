"""A service with a small model and an MLLM that say what a test wrote down, and what tests know of it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.scripted import ANN, OWLS, TOKENS, Answer, ScriptedLlm, doubt, kind, says
from unco.serving.accounts.tokens import make_token
from unco.serving.app import create_app
from unco.serving.settings import ServeSettings
from unco.tools.extraction.extractor import Extractor
from unco.tools.llm.client import Mllm

TEXT = " ".join(TOKENS)
SMALL = says((ANN, "PER", None, doubt("type")), (OWLS, "ORG", None, doubt("")))
WRONG = {("type", "Ann"): kind("ANIMAL")}
"""An answer that is rejected, so that a review has something to ask."""

MakeClient = Callable[..., TestClient]


class Made:
    """Makes clients of services that share one state folder and one file of tokens."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._patch = folder, monkeypatch
        self.tokens = folder / "tokens.yaml"
        self.llm: Mllm = ScriptedLlm()
        self.small: Extractor = SMALL
        monkeypatch.setenv("UNCO_PICTURE_ROOTS", "")
        monkeypatch.setattr("unco.serving.machine.extractor_of", lambda choices, device: self.small)
        monkeypatch.setattr("unco.serving.machine.mllm_from_env", lambda: self.llm)

    def answers(self, script: Mapping[tuple[str, str], Answer]) -> None:
        """Write down what the MLLM answers."""
        self.llm = ScriptedLlm(script)

    def token(self, name: str = "one", **limits: Any) -> dict[str, str]:
        """Make a token, and return the header that shows it."""
        known = {"posts_per_minute": None, "calls": None, "usd": None} | limits
        return {"Authorization": f"Bearer {make_token(self.tokens, name, **known)}"}

    def client(self, **settings: Any) -> TestClient:
        """Make a client; as a context manager it starts and stops the service."""
        tokens = self.tokens if self.tokens.exists() else None
        gate = create_app(ServeSettings(tokens=tokens, state=self.folder / "state", **settings))
        return TestClient(gate, base_url="http://localhost", raise_server_exceptions=False)
