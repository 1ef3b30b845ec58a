"""Where a training starts from."""

import pytest

from unco.errors import SetupError
from unco.training import start


def test_weights_that_are_not_installed_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match=r"\[train\]"):
        start.minilm_folder()
