"""Fixtures for all tests: a clean environment, the data sets, tiny models."""

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: tiny models gain nothing from threads

import pytest
from hypothesis import settings

from tests.tiny import tiny_predictor
from unco.environment import VARIABLES
from unco.small_model.predictor import Predictor

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault of the code
settings.register_profile("long", deadline=None, max_examples=1500)  # `make fuzz`
settings.load_profile("untimed")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import no file without slow tests where these alone are asked for: importing all of them takes half a minute."""
    if config.option.markexpr != "slow" or not collection_path.match("test_*.py"):
        return None
    return "pytest.mark.slow" not in collection_path.read_text("utf-8") or None


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove the developer's settings and keys; empty the cache; forget the graphs of earlier tests."""
    for name in VARIABLES.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UNCO_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("LANGSMITH_TRACING", "false")
    if "unco.graph" in sys.modules:
        sys.modules["unco.graph"].reset()


@pytest.fixture
def shared() -> Path:
    """The folder with the real data sets, which may not be copied into the repository."""
    folder = Path(__file__).parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the real data sets are not here: put them into ../shared to run this test")
    return folder


@pytest.fixture(scope="session")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a good file of every kind that unco reads."""
    from tests.faults.good_files import write_good_files

    folder = tmp_path_factory.mktemp("good")
    write_good_files(folder)
    return folder


@pytest.fixture(scope="session")
def predictor() -> Predictor:
    """A tiny random small model."""
    return tiny_predictor()
