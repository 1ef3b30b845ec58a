"""Imports point one way: each part of unco imports only the parts below it."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Container, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "unco"
ORDER = (
    {"types", "moved"},
    {"errors"},
    {"context", "environment", "fork_locks", "processors", "state", "plain_json", "plain_yaml"},
    {"prompts", "small_model"},
    {"tools"},
    {"nodes"},
    {"graph"},
    {"api"},
    {"show"},
    {"demo", "corpus"},
    {"evals"},
    {"training"},
    {"doctor", "testing", "serving"},
    {"cli"},
    {"__main__"},
)
MAX_FILES, MAX_LINES = 16, 300
RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}
FILES = sorted(path for path in ROOT.rglob("*.py") if path != ROOT / "__init__.py")


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield (line, part) of each import of a part of unco, also inside functions and under TYPE_CHECKING."""
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


@cache
def parsed(path: Path) -> ast.AST:
    return ast.parse(path.read_text(encoding="utf-8"))


def faults(part: str, tree: ast.AST) -> list[str]:
    """List imports that point up or sideways; `from unco import ...` may stand in what is above the api only."""
    return [
        f"line {line}: {part} imports {other or 'unco'}"
        for line, other in imported(tree)
        if other != part and RANK.get(other, RANK["api"]) >= RANK[part]
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path: Path) -> None:
    part = path.relative_to(ROOT).parts[0].removesuffix(".py")
    assert part in RANK, f"{part} has no place in the order"
    assert faults(part, parsed(path)) == []


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
    assert len(faults(part, ast.parse(source))) == 1


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("tools", "from unco.tools.llm.client import Mllm\nfrom unco.types import Box\nimport json"),
        ("cli", "from unco import extract"),
        ("nodes", "import unconscious, notunco.graph"),
    ],
)
def test_other_imports_are_fine(part: str, source: str) -> None:
    assert faults(part, ast.parse(source)) == []


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("unco", {"torch", "transformers", "langgraph", "langchain_core", "numpy", "PIL"}),
        ("unco.cli", {"torch", "transformers", "langgraph", "langchain_core"}),
        ("unco.graph", {"torch", "transformers", "langchain_openai", "openai"}),
        ("unco.small_model.checkpoint", {"torch", "transformers", "safetensors.torch"}),
        ("unco.evals.tuning.gain", {"torch", "transformers"}),
    ],
)
def test_importing_is_quick(module: str, heavy: set[str]) -> None:
    code = f"import sys, {module}; print(*sorted({heavy!r} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def modules() -> dict[str, Path]:
    """Map every module's name to its file."""
    named = {".".join(path.relative_to(ROOT.parent).with_suffix("").parts): path for path in ROOT.rglob("*.py")}
    return {name.removesuffix(".__init__"): path for name, path in named.items()}


def room_of(module: str, path: Path) -> str:
    """Return the room that a module lies in; itself, where rooms lie beside it."""
    folder = path.parent
    has_rooms = any((inner / "__init__.py").is_file() for inner in folder.iterdir() if inner.is_dir())
    return module if has_rooms else ".".join(folder.relative_to(ROOT.parent).parts)


def imports_between(key: Callable[[str, Path], str]) -> dict[str, set[str]]:
    """Map each unit (`key`) to the units that it imports."""
    known = modules()
    found: dict[str, set[str]] = {key(name, path): set() for name, path in known.items()}
    for name, path in known.items():
        for target in imported_modules(parsed(path), known):
            if key(target, known[target]) != key(name, path):
                found[key(name, path)].add(key(target, known[target]))
    return found


def imported_modules(tree: ast.AST, known: Container[str]) -> Iterator[str]:
    """Yield the modules of unco that are imported, also inside functions and under TYPE_CHECKING."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module in known:
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (name if name in known else str(node.module) for name in inner)


def cycle(imports: dict[str, set[str]]) -> list[str]:
    """Find an import cycle: each imports the next, and the last the first; empty = there is none."""
    done: set[str] = set()

    def walk(name: str, path: tuple[str, ...]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        found = next(filter(None, (walk(target, (*path, name)) for target in sorted(imports[name]))), [])
        done.add(name)
        return found

    return next(filter(None, (walk(name, ()) for name in sorted(imports))), [])


def test_no_module_is_in_an_import_cycle() -> None:
    assert cycle(imports_between(lambda name, path: name)) == []


def test_no_room_is_in_an_import_cycle() -> None:
    assert cycle(imports_between(room_of)) == []


def test_a_cycle_is_found() -> None:
    assert cycle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]
    assert cycle({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_rooms_are_small_enough_to_see() -> None:
    rooms = [folder for folder in ROOT.rglob("*") if folder.is_dir()]
    assert {folder: count for folder in rooms if (count := len(list(folder.glob("*.py")))) > MAX_FILES} == {}


def test_files_are_short_enough_to_read() -> None:
    files = [*ROOT.rglob("*.py"), *(ROOT.parent / "benchmarks").rglob("*.py")]
    assert {path: lines for path in files if (lines := len(path.read_text("utf-8").splitlines())) > MAX_LINES} == {}


def test_the_drawn_floors_are_these() -> None:
    page = (ROOT.parent / "ARCHITECTURE.md").read_text("utf-8")
    drawn = page.split("<!-- floors -->")[1].split("<!-- end -->")[0]
    floors = [set(re.findall(r"`(\w+)`", line)) for line in drawn.splitlines() if line.startswith("|  ")]
    assert floors == [set(floor) for floor in reversed(ORDER)]


def test_what_a_newcomer_needs_is_there() -> None:
    import unco

    assert all(getattr(unco, name) is not None for name in unco.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = unco.nonsense


NO_WORDS = {"told", "Said", "heard", "Desk", "kills"}
"""Names that say nothing to a stranger; each has had a better one."""


def identifiers(tree: ast.AST) -> Iterator[str]:
    """Yield every name that a file gives to a variable, argument, attribute, function or class."""
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.ExceptHandler(name=str(name)):
                yield name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_plain_words(path: Path) -> None:
    assert NO_WORDS.isdisjoint(identifiers(parsed(path)))
