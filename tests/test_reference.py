"""The API reference is built from the docstrings without a warning, and holds what a caller needs."""

import runpy
from pathlib import Path

import pytest

import unco

pytestmark = pytest.mark.slow

BUILD = Path(__file__).parents[1] / "docs" / "build_reference.py"


def test_the_reference_is_built_and_whole(tmp_path: Path) -> None:
    runpy.run_path(str(BUILD))["build"](tmp_path)
    page = (tmp_path / "unco.html").read_text("utf-8")
    assert all(f'id="{name}"' in page for name in unco.__all__)
    pages = {str(path.relative_to(tmp_path / "unco").with_suffix("")) for path in (tmp_path / "unco").rglob("*.html")}
    assert {
        "graph/post",
        "corpus/run",
        "corpus/batch/export",
        "nodes/questions/correction",
        "tools/llm",
        "types",
    } <= pages
    assert "PictureError" in (tmp_path / "unco" / "api.html").read_text("utf-8"), "what it raises"
