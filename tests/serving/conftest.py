"""A service whose small model and MLLM say what a test wrote down."""

from pathlib import Path

import pytest

from tests.serving.made import Made


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    return Made(tmp_path, monkeypatch)
