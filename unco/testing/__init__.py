"""pytest plugin: tests that ask an MLLM record the answers once, and replay them without a socket or a key.

`@pytest.mark.unco_cassette` on a test replays its answers from `cassettes/<test>.yaml` beside the test's file; with
`--unco-record` the configured MLLM is asked, and the file is written anew. A question that is not in the file fails the
test and says where it differs from the nearest one. pytest loads this module at its start, so it imports little.
"""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from vcr.cassette import Cassette

MARKER = "unco_cassette"
RECORD = "--unco-record"

ANYWHERE = "http://mllm.test/v1"
"""Address of the MLLM while its answers are replayed; no name is looked up."""

_NO_FILE_NAME = re.compile(r"[^\w.-]+")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that records."""
    parser.getgroup("unco").addoption(
        RECORD, action="store_true", help=f"Ask the configured MLLM, and write the cassettes of {MARKER} tests anew."
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker."""
    config.addinivalue_line(
        "markers", f"{MARKER}(name): answers of the MLLM are replayed from cassettes/<name>.yaml; default: the test's"
    )


@pytest.fixture(autouse=True)
def unco_cassette(request: pytest.FixtureRequest) -> "Iterator[Cassette | None]":
    """Record or replay the answers of a marked test; yields vcrpy's cassette, None for a test without the marker."""
    marker = request.node.get_closest_marker(MARKER)
    if marker is None:
        yield None
        return
    path = _path(request.node, marker)
    with pytest.MonkeyPatch.context() as patch:
        # An answer from the developer's own cache would be missing in the cassette, and in everybody else's run.
        patch.setenv("UNCO_CACHE_DIR", str(request.getfixturevalue("tmp_path_factory").mktemp("unco-cache")))
        _forget_graphs()
        yield from _recorded(path) if request.config.getoption(RECORD) else _replayed(path, patch)
    _forget_graphs()


def _recorded(path: Path) -> "Iterator[Cassette]":
    """Record into a new file, which takes the old one's place once something is recorded."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with _cassettes().recording(new) as cassette:
        yield cassette
    if not new.exists():
        pytest.fail(f"nothing was recorded into {path}: the test asked no MLLM, or none is configured", pytrace=False)
    os.replace(new, path)


def _replayed(path: Path, patch: pytest.MonkeyPatch) -> "Iterator[Cassette]":
    """Replay a file; the model's name is the recorded one, unless a settings file names models."""
    if not path.exists():
        pytest.fail(f"there is no cassette {path}: record it with {RECORD}", pytrace=False)
    with _cassettes().replaying(path) as cassette:
        if "UNCO_SETTINGS" not in os.environ:
            patch.setenv("UNCO_LLM_BASE_URL", ANYWHERE)
            patch.setenv("UNCO_LLM_MODEL", _cassettes().model_in(cassette))
        yield cassette


def _path(node: Any, marker: pytest.Mark) -> Path:
    if marker.kwargs or len(marker.args) > 1:
        pytest.fail(f"{MARKER} takes the name of a cassette and nothing else", pytrace=False)
    own = f"{node.path.stem}/{_NO_FILE_NAME.sub('-', node.name)}"
    name = marker.args[0] if marker.args else own
    return Path(node.path).parent / "cassettes" / f"{str(name).removesuffix('.yaml')}.yaml"


def _cassettes() -> Any:
    """Import what needs vcrpy, for a test that is marked."""
    try:
        from unco.testing import cassettes
    except ImportError as error:
        pytest.fail(f"{MARKER} needs vcrpy ({error}): pip install 'unco[testing]'", pytrace=False)
    return cassettes


def _forget_graphs() -> None:
    """Let the default graph read the environment anew, where it was made before."""
    if "unco.graph" in sys.modules:
        sys.modules["unco.graph"].reset()
