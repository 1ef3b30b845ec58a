"""Imports point one way: each part of unco knows only the parts before it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "unco"
ORDER = (
    {"types", "errors"},
    {"context", "state", "plain_yaml"},
    {"prompts", "small_model"},
    {"tools"},
    {"nodes"},
    {"graph"},
    {"api"},
    {"show"},
    {"demo", "corpus"},
    {"evals"},
    {"doctor"},
    {"cli"},
    {"__main__"},
)
RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, part) of each import of a part of unco, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: imports are absolute"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            package, _, rest = name.partition(".")
            if package == "unco":
                yield node.lineno, rest.partition(".")[0]


def faults(part: str, source: str) -> list[str]:
    """Imports that point back or sideways; `from unco import ...` may stand in what is above the api only."""
    return [
        f"line {line}: {part} imports {other or 'unco'}"
        for line, other in imported(ast.parse(source))
        if other != part and RANK.get(other, RANK["api"]) >= RANK[part]
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert part in RANK, f"{part} has no place in the order"
    assert faults(part, path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("types", "from unco.errors import InputError"),  # sideways
        ("prompts", "import unco.small_model.words"),
        ("tools", "from unco.nodes import verify"),
        ("tools", "def f():\n    from unco.graph import graph"),
        ("small_model", "if TYPE_CHECKING:\n    import unco.tools.llm.client as llm"),
        ("nodes", "from unco import graph"),
        ("tools", "from unco import extract"),
        ("graph", "import unco"),
        ("evals", "from unco.cli import app"),
    ],
)
def test_an_import_that_points_back_is_found(part: str, source: str) -> None:
    assert len(faults(part, source)) == 1


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("tools", "from unco.tools.llm.client import Mllm\nfrom unco.types import Box\nimport json"),
        ("cli", "from unco import extract"),
        ("nodes", "import unconscious, notunco.graph"),
    ],
)
def test_other_imports_are_fine(part: str, source: str) -> None:
    assert faults(part, source) == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("unco", {"torch", "transformers", "langgraph", "langchain_core", "numpy", "PIL"}),
        ("unco.cli", {"torch", "transformers", "langgraph", "langchain_core"}),
        ("unco.graph", {"torch", "transformers", "langchain_openai", "openai"}),
    ],
)
def test_importing_is_quick(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_what_a_newcomer_needs_is_there() -> None:
    import unco

    assert all(getattr(unco, name) is not None for name in unco.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = unco.nonsense
